import type { Detector } from './detector.ts';
import { archivingFailing } from './detectors/compute/archiving-failing.ts';
import { backpressure } from './detectors/compute/backpressure.ts';
import { computeAway } from './detectors/compute/compute-away.ts';
import { computeProbeBlocked } from './detectors/compute/compute-probe-blocked.ts';
import { connectionsNearLimit } from './detectors/compute/connections-near-limit.ts';
import { longTransaction } from './detectors/compute/long-transaction.ts';
import { misroutedRequests } from './detectors/compute/misrouted-requests.ts';
import { slotRetainsWal } from './detectors/compute/slot-retains-wal.ts';
import { stuckGetpages } from './detectors/compute/stuck-getpages.ts';
import { wraparound } from './detectors/compute/wraparound.ts';
import { brokerAway } from './detectors/controller/broker-away.ts';
import { controllerAway } from './detectors/controller/controller-away.ts';
import { controllerDatabaseAway } from './detectors/controller/controller-database-away.ts';
import { controllerDatabaseDisagrees } from './detectors/controller/controller-database-disagrees.ts';
import { controllerNotReady } from './detectors/controller/controller-not-ready.ts';
import { controllerOpen } from './detectors/controller/controller-open.ts';
import { hookAway } from './detectors/controller/hook-away.ts';
import { noLeader } from './detectors/controller/no-leader.ts';
import { notificationPending } from './detectors/controller/notification-pending.ts';
import { notificationsFailing } from './detectors/controller/notifications-failing.ts';
import { reconcileStuck } from './detectors/controller/reconcile-stuck.ts';
import { safekeeperAway } from './detectors/controller/safekeeper-away.ts';
import { twoLeaders } from './detectors/controller/two-leaders.ts';
import { connstringDrift } from './detectors/drift/connstring-drift.ts';
import { connstringNotPersisted } from './detectors/drift/connstring-not-persisted.ts';
import { lyingHook } from './detectors/drift/lying-hook.ts';
import { stripeOrderHazard } from './detectors/drift/stripe-order-hazard.ts';
import { archiveCommandOverwrites } from './detectors/lints/archive-command-overwrites.ts';
import { attachedZero } from './detectors/lints/attached-zero.ts';
import { logStatementAll } from './detectors/lints/log-statement-all.ts';
import { oddStripeSize } from './detectors/lints/odd-stripe-size.ts';
import { gpuMissing } from './detectors/neurondb/gpu-missing.ts';
import { jobQueueStuck } from './detectors/neurondb/job-queue-stuck.ts';
import { llmConfigPublic } from './detectors/neurondb/llm-config-public.ts';
import { neurondbUpdatePending } from './detectors/neurondb/neurondb-update-pending.ts';
import { neurondbVersionSkew } from './detectors/neurondb/neurondb-version-skew.ts';
import { slowVectorStatement } from './detectors/neurondb/slow-vector-statement.ts';
import { unkillableBackend } from './detectors/neurondb/unkillable-backend.ts';
import { vectorIndexInvalid } from './detectors/neurondb/vector-index-invalid.ts';
import { vectorIndexMemory } from './detectors/neurondb/vector-index-memory.ts';
import { vectorIndexSuspect } from './detectors/neurondb/vector-index-suspect.ts';
import { vectorIndexUnused } from './detectors/neurondb/vector-index-unused.ts';
import { vectorSequentialScans } from './detectors/neurondb/vector-sequential-scans.ts';
import { workerRestarting } from './detectors/neurondb/worker-restarting.ts';
import { nodeOffline } from './detectors/node-offline.ts';
import { lastNodeStanding } from './detectors/nodes/last-node-standing.ts';
import { nodeFlapping } from './detectors/nodes/node-flapping.ts';
import { nodeStuck } from './detectors/nodes/node-stuck.ts';
import { nothingSchedulable } from './detectors/nodes/nothing-schedulable.ts';
import { pageserverAway } from './detectors/nodes/pageserver-away.ts';
import { pauseForRestartForgotten } from './detectors/nodes/pause-for-restart-forgotten.ts';
import { azViolation } from './detectors/placement/az-violation.ts';
import { coldSecondary } from './detectors/placement/cold-secondary.ts';
import { intentContradicted } from './detectors/placement/intent-contradicted.ts';
import { missingSecondaries } from './detectors/placement/missing-secondaries.ts';
import { orphanLocation } from './detectors/placement/orphan-location.ts';
import { pairInOneAz } from './detectors/placement/pair-in-one-az.ts';
import { safekeepersInOneAz } from './detectors/placement/safekeepers-in-one-az.ts';
import { shardImbalance } from './detectors/placement/shard-imbalance.ts';
import { splitBrain } from './detectors/placement/split-brain.ts';
import { staleGeneration } from './detectors/placement/stale-generation.ts';
import { unscheduledShard } from './detectors/placement/unscheduled-shard.ts';

/** THE list of detectors, in the order in which findings of one layer are shown. */
export const detectors: readonly Detector[] = [
  nodeOffline,
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
  splitBrain,
  intentContradicted,
  staleGeneration,
  orphanLocation,
  unscheduledShard,
  missingSecondaries,
  shardImbalance,
  azViolation,
  coldSecondary,
  pairInOneAz,
  safekeepersInOneAz,
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
