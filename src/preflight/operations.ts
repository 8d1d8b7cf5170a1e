import { ddl } from './ddl.ts';
import { migrate } from './migrate.ts';
import { drain, remove } from './node-operations.ts';
import type { Operation } from './preflight.ts';
import { restart } from './restart.ts';

/** THE list of operations that `neonwatch preflight` knows. */
export const operations: readonly Operation[] = [drain, remove, restart, ddl, migrate];
