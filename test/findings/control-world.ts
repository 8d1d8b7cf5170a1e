import type { ControllerMetricsReading } from '../../src/collectors/storage-controller/controller-metrics.ts';
import type { Target } from '../../src/collectors/target.ts';
import type { FailureReason } from '../../src/errors.ts';
import type { NodeFact } from '../../src/neon/node.ts';
import { parseShardId, type ShardId } from '../../src/neon/shard-id.ts';
import { controller, node, nodes } from './controller-world.ts';
import { type CaseStep, tickMs } from './finding-case.ts';
import { caseStartMs, failure, reading, type World } from './world.ts';

/** Another process of the controller. */
export const peer = 'peer:1235';
/** When every controller of a case started, unless it says otherwise. */
export const startedAtMs = caseStartMs - 3_600_000;

export type HowFailed = Extract<FailureReason, 'refused' | 'timeout' | 'dns' | 'tls' | 'unexpected'>;

export function health(isReady: boolean, isLive: boolean, name = controller) {
  return reading('controller_health', name, { isReady, isLive });
}

export function healthFails(reason: HowFailed, name = controller) {
  return failure('controller_health', name, reason);
}

const calm: ControllerMetricsReading = {
  startedAtMs,
  leadership: 'leader',
  reconcileComplete: new Map([
    ['ok', 10],
    ['ok_no_notify', 0],
    ['error', 0],
    ['cancel', 0],
  ]),
  reconcileSpawned: 10,
  longRunning: [],
  pendingReconciles: 0,
  stuckReconciles: 0,
  azViolations: 0,
  databaseQueryErrors: new Map(),
  pageserverRequestErrors: new Map(),
  safekeeperRequestErrors: new Map(),
};

/** What a controller counts when it is well, with what the case says changed. */
export function metrics(changed: Partial<ControllerMetricsReading> = {}, name = controller) {
  return reading('controller_metrics', name, { ...calm, ...changed });
}

export function leaderRow(address: string | undefined, since = startedAtMs) {
  return reading('leader', controller, {
    leader: address === undefined ? undefined : { address, startedAtMs: since },
  });
}

export const hookName = 'hook:3000';
export const databaseName = 'storcon_db:5432';

export function hook(isResponding: boolean) {
  const how = isResponding ? { status: 404 } : { reason: 'refused' as const };
  return reading('compute_hook', hookName, { isResponding, ...how });
}

export function access(isOpen: boolean) {
  return reading('controller_access', controller, { isOpen });
}

function safekeeperTarget(safekeeperId: number): Target {
  const name = `safekeeper${safekeeperId}:7676`;
  return { kind: 'safekeeper', name, url: `http://${name}`, safekeeperId };
}

/** One safekeeper that answers, or why it does not. */
export function safekeeper(safekeeperId: number, reason?: HowFailed): World[number] {
  const target = safekeeperTarget(safekeeperId);
  const one = reading('safekeeper_status', target.name, { safekeeperId, isResponding: true });
  return reason === undefined
    ? { ...one, target }
    : { ...failure('safekeeper_status', target.name, reason), target };
}

/** The controller's list, by policy. */
export function safekeeperList(policies: readonly string[]) {
  return reading('safekeepers', controller, {
    safekeepers: policies.map((schedulingPolicy, at) => ({
      safekeeperId: at + 1,
      regionId: 'lab',
      address: `safekeeper${at + 1}:5454`,
      httpAddress: `safekeeper${at + 1}:7676`,
      httpsAddress: undefined,
      az: `az-${'abc'[at % 3]}`,
      schedulingPolicy,
    })),
  });
}

/** A look at a pageserver that succeeds, or why it does not. */
export function pageserver(nodeId: number, reason?: HowFailed): World[number] {
  const name = `pageserver${nodeId}:9898`;
  return reason === undefined
    ? reading('pageserver_status', name, { nodeId })
    : failure('pageserver_status', name, reason);
}

/** Three pageservers, the second with what the case says changed. */
export function threeNodes(changed: Partial<NodeFact> = {}) {
  return nodes([node(1), node(2, changed), node(3)]);
}

/** One look for each world. */
function eachLook(worlds: readonly World[]): CaseStep[] {
  return worlds.map((world) => ({ forMs: tickMs, world }));
}

/** `count` looks, the world of each made from its place. */
export function looksOfEach(count: number, worldAt: (at: number) => World): CaseStep[] {
  return eachLook(Array.from({ length: count }, (_, at) => worldAt(at)));
}

/** The controller's database as we read it: the nodes with their policies in its spelling, and its shards. */
export function database(
  policies: readonly string[] = ['active', 'active', 'active'],
  shards: readonly string[] = [],
) {
  return reading('controller_database', databaseName, {
    isInRecovery: false,
    postmasterStartedAtMs: startedAtMs,
    maxConnections: 100,
    connections: [],
    sizeBytes: undefined,
    tableRows: new Map(),
    shardStates: undefined,
    shards: shards.map((text) => ({
      id: parsed(text),
      generation: 1,
      generationPageserver: 1,
      isSplitting: false,
      isDetached: false,
    })),
    nodes: policies.map((schedulingPolicy, at) => ({
      nodeId: at + 1,
      schedulingPolicy,
      lifecycle: 'active',
    })),
    deletedNodes: 0,
    timelines: undefined,
    pendingOps: undefined,
    safekeepers: undefined,
    unhealthyShards: undefined,
    oldestScrubAtMs: undefined,
    leaders: undefined,
    skippedParts: [],
  });
}

function parsed(text: string): ShardId {
  const id = parseShardId(text);
  if (id === undefined) throw new Error(`the case's own shard id ${text} is none`);
  return id;
}
