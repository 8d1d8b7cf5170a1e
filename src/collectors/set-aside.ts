import type { SetAside, SetAsideReason } from './collector.ts';

/** Counts rows that are left out, by reason. */
export interface SetAsideCount {
  readonly add: (reason: SetAsideReason) => void;
  readonly total: () => SetAside;
}

export function countSetAside(): SetAsideCount {
  const counts: Partial<Record<SetAsideReason, number>> = {};
  return {
    add: (reason) => {
      counts[reason] = (counts[reason] ?? 0) + 1;
    },
    total: () => ({ ...counts }),
  };
}
