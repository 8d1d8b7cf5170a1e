import { computeFaults } from './compute-faults.ts';
import { controllerFaults } from './controller-faults.ts';
import type { Fault } from './fault-kinds.ts';
import { pageserverFaults } from './pageserver-faults.ts';
import { safekeeperFaults } from './safekeeper-faults.ts';
import { shardFaults } from './shard-faults.ts';

/** Everything that can be broken. */
export const faultTable: readonly Fault[] = [
  ...pageserverFaults,
  ...shardFaults,
  ...controllerFaults,
  ...safekeeperFaults,
  ...computeFaults,
];
