import { clusterFaults } from './cluster-faults.ts';
import { computeFaults } from './compute-faults.ts';
import type { DemoFault } from './fault.ts';
import { hookFaults } from './hook-faults.ts';

/** THE list of faults, in the order in which the demo plays them: from all over the system, in turn. */
export const demoFaults: readonly DemoFault[] = interleave([hookFaults, clusterFaults, computeFaults]);

/** One of each, as long as there are any. */
function interleave<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat();
}
