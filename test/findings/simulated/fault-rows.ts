import { controllerRows } from './rows/controller-rows.ts';
import type { FaultRow } from './rows/fault-row.ts';
import { hookRows } from './rows/hook-rows.ts';
import { otherRows } from './rows/other-rows.ts';
import { pageserverRows } from './rows/pageserver-rows.ts';
import { placementRows } from './rows/placement-rows.ts';

/** Every fault of the simulator, and what is promised of it. */
export const faultRows: readonly FaultRow[] = [
  ...pageserverRows,
  ...hookRows,
  ...controllerRows,
  ...placementRows,
  ...otherRows,
];
