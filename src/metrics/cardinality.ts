import type { Cardinality } from './family.ts';

/** Which opt-in series are wanted. */
export interface OptIn {
  readonly perTenant: boolean;
  readonly perShard: boolean;
}

/** Whether a family of this cardinality is exported at all: series by tenant and by shard are opt-in. */
export function isExported(cardinality: Cardinality, optIn: OptIn): boolean {
  if (cardinality === 'tenant') return optIn.perTenant;
  if (cardinality === 'shard') return optIn.perShard;
  return true;
}
