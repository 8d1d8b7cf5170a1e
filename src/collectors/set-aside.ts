import type { SetAside, SetAsideReason } from './collector.ts';

/** Counts rows that are left out, by reason. */
export interface SetAsideCount {
  readonly add: (reason: SetAsideReason, rows?: number) => void;
  readonly total: () => SetAside;
}

export function countSetAside(): SetAsideCount {
  const counts: Partial<Record<SetAsideReason, number>> = {};
  return {
    add: (reason, rows = 1) => {
      if (rows > 0) counts[reason] = (counts[reason] ?? 0) + rows;
    },
    total: () => ({ ...counts }),
  };
}
