import { cases as archiveCommandOverwrites } from './cases/archive-command-overwrites.ts';
import { cases as archivingFailing } from './cases/archiving-failing.ts';
import { cases as attachedZero } from './cases/attached-zero.ts';
import { cases as azViolation } from './cases/az-violation.ts';
import { cases as backpressure } from './cases/backpressure.ts';
import { cases as brokerAway } from './cases/broker-away.ts';
import { cases as coldSecondary } from './cases/cold-secondary.ts';
import { cases as computeAway } from './cases/compute-away.ts';
import { cases as computeProbeBlocked } from './cases/compute-probe-blocked.ts';
import { cases as connectionsNearLimit } from './cases/connections-near-limit.ts';
import { cases as connstringDrift } from './cases/connstring-drift.ts';
import { cases as connstringNotPersisted } from './cases/connstring-not-persisted.ts';
import { cases as controllerAway } from './cases/controller-away.ts';
import { cases as controllerDatabaseAway } from './cases/controller-database-away.ts';
import { cases as controllerDatabaseDisagrees } from './cases/controller-database-disagrees.ts';
import { cases as controllerNotReady } from './cases/controller-not-ready.ts';
import { cases as controllerOpen } from './cases/controller-open.ts';
import { cases as gpuMissing } from './cases/gpu-missing.ts';
import { cases as hookAway } from './cases/hook-away.ts';
import { cases as intentContradicted } from './cases/intent-contradicted.ts';
import { cases as jobQueueStuck } from './cases/job-queue-stuck.ts';
import { cases as lastNodeStanding } from './cases/last-node-standing.ts';
import { cases as llmConfigPublic } from './cases/llm-config-public.ts';
import { cases as logStatementAll } from './cases/log-statement-all.ts';
import { cases as longTransaction } from './cases/long-transaction.ts';
import { cases as lyingHook } from './cases/lying-hook.ts';
import { cases as misroutedRequests } from './cases/misrouted-requests.ts';
import { cases as missingSecondaries } from './cases/missing-secondaries.ts';
import { cases as neurondbUpdatePending } from './cases/neurondb-update-pending.ts';
import { cases as neurondbVersionSkew } from './cases/neurondb-version-skew.ts';
import { cases as noLeader } from './cases/no-leader.ts';
import { cases as nodeFlapping } from './cases/node-flapping.ts';
import { cases as nodeOffline } from './cases/node-offline.ts';
import { cases as nodeStuck } from './cases/node-stuck.ts';
import { cases as nothingSchedulable } from './cases/nothing-schedulable.ts';
import { cases as notificationPending } from './cases/notification-pending.ts';
import { cases as notificationsFailing } from './cases/notifications-failing.ts';
import { cases as oddStripeSize } from './cases/odd-stripe-size.ts';
import { cases as orphanLocation } from './cases/orphan-location.ts';
import { cases as pageserverAway } from './cases/pageserver-away.ts';
import { cases as pairInOneAz } from './cases/pair-in-one-az.ts';
import { cases as pauseForRestartForgotten } from './cases/pause-for-restart-forgotten.ts';
import { cases as reconcileStuck } from './cases/reconcile-stuck.ts';
import { cases as safekeeperAway } from './cases/safekeeper-away.ts';
import { cases as safekeepersInOneAz } from './cases/safekeepers-in-one-az.ts';
import { cases as shardImbalance } from './cases/shard-imbalance.ts';
import { cases as slotRetainsWal } from './cases/slot-retains-wal.ts';
import { cases as slowVectorStatement } from './cases/slow-vector-statement.ts';
import { cases as splitBrain } from './cases/split-brain.ts';
import { cases as staleGeneration } from './cases/stale-generation.ts';
import { cases as stripeOrderHazard } from './cases/stripe-order-hazard.ts';
import { cases as stuckGetpages } from './cases/stuck-getpages.ts';
import { cases as twoLeaders } from './cases/two-leaders.ts';
import { cases as unkillableBackend } from './cases/unkillable-backend.ts';
import { cases as unscheduledShard } from './cases/unscheduled-shard.ts';
import { cases as vectorIndexInvalid } from './cases/vector-index-invalid.ts';
import { cases as vectorIndexMemory } from './cases/vector-index-memory.ts';
import { cases as vectorIndexSuspect } from './cases/vector-index-suspect.ts';
import { cases as vectorIndexUnused } from './cases/vector-index-unused.ts';
import { cases as vectorSequentialScans } from './cases/vector-sequential-scans.ts';
import { cases as workerRestarting } from './cases/worker-restarting.ts';
import { cases as wraparound } from './cases/wraparound.ts';
import type { FindingCases } from './finding-case.ts';

/** THE list of case tables; a test holds it against the list of detectors. */
export const caseTables: readonly FindingCases[] = [
  nothingSchedulable,
  lastNodeStanding,
  pageserverAway,
  nodeStuck,
  nodeFlapping,
  pauseForRestartForgotten,
  controllerDatabaseAway,
  controllerDatabaseDisagrees,
  brokerAway,
  controllerAway,
  controllerNotReady,
  noLeader,
  twoLeaders,
  reconcileStuck,
  controllerOpen,
  safekeeperAway,
  hookAway,
  notificationsFailing,
  notificationPending,
  nodeOffline,
  lyingHook,
  connstringDrift,
  stripeOrderHazard,
  connstringNotPersisted,
  computeAway,
  computeProbeBlocked,
  stuckGetpages,
  misroutedRequests,
  backpressure,
  connectionsNearLimit,
  longTransaction,
  wraparound,
  slotRetainsWal,
  archivingFailing,
  oddStripeSize,
  attachedZero,
  logStatementAll,
  archiveCommandOverwrites,
  azViolation,
  coldSecondary,
  intentContradicted,
  missingSecondaries,
  orphanLocation,
  pairInOneAz,
  safekeepersInOneAz,
  shardImbalance,
  splitBrain,
  staleGeneration,
  unscheduledShard,
  neurondbVersionSkew,
  neurondbUpdatePending,
  gpuMissing,
  workerRestarting,
  jobQueueStuck,
  unkillableBackend,
  vectorIndexInvalid,
  vectorIndexSuspect,
  vectorIndexMemory,
  vectorIndexUnused,
  vectorSequentialScans,
  slowVectorStatement,
  llmConfigPublic,
];
