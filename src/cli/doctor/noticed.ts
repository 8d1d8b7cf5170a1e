import type { Look } from '../../alerts/detector.ts';
import { type Subject, subjectText } from '../../alerts/finding.ts';
import type { Readings } from '../../collection/store.ts';
import type { ShardFlags } from '../../neon/placement.ts';
import { counted } from './lines.ts';

/**
 * What is not as it is in a quiet cluster, and is no finding: it may be passing, or meant. A finding waits until it has
 * lasted; who looks once wants to hear of it at once.
 */
export interface Noticed {
  /** One sentence. */
  readonly text: string;
  /** Something is under way now, by which other things are as they are. */
  readonly isMotion: boolean;
}

interface Notice extends Noticed {
  /** A finding about one of these says it better. */
  readonly about: readonly Subject[];
}

const namedMost = 4;

const nodeStates: Readonly<Record<string, string>> = {
  WarmingUp: 'it has started and has not taken its shards back yet',
  Offline: 'it has missed its heartbeats',
  Filling: 'shards are brought to it, and every other fill, drain and removal waits',
  Draining: 'shards are taken from it, and every other fill, drain and removal waits',
  Deleting: 'it is being removed, and every other fill and drain waits',
  Pause: 'it keeps its shards and gets no others',
  PauseForRestart: 'it was drained, and gets no shards until it is Active again',
};

/** States that end by themselves. */
const motions = ['WarmingUp', 'Filling', 'Draining', 'Deleting'];

function* ofNodes(readings: Readings): Generator<Notice> {
  for (const { nodeId, az, availability, scheduling } of readings.one('nodes')?.reading.nodes ?? []) {
    for (const state of [availability, scheduling].filter((one) => one !== 'Active')) {
      const meaning = nodeStates[state];
      yield {
        text: `Pageserver ${nodeId} in ${az} is ${state}${meaning === undefined ? '' : `: ${meaning}`}.`,
        isMotion: motions.includes(state),
        about: [{ kind: 'node', name: String(nodeId) }],
      };
    }
  }
}

const leastSlowMs = 150;
/** So many times longer than the others: one machine may be farther away than the next. */
const slowFactor = 5;

function median(values: readonly number[]): number | undefined {
  return [...values].sort((left, right) => left - right)[Math.floor((values.length - 1) / 2)];
}

/** A pageserver whose cheapest answer takes far longer than that of the others. */
function* ofSlowness(looks: readonly Look[]): Generator<Notice> {
  const answers = looks.flatMap(({ collector, target, up, durationMs }) =>
    collector === 'pageserver_status' && up === true && durationMs !== undefined
      ? [{ target, durationMs }]
      : [],
  );
  for (const { target, durationMs } of answers) {
    const others = median(answers.filter((one) => one.target !== target).map((one) => one.durationMs));
    if (others === undefined || durationMs < leastSlowMs || durationMs < slowFactor * others) continue;
    const nodeId = String(target.nodeId ?? target.name);
    yield {
      text: `Pageserver ${nodeId} at ${target.name} answers slowly: ${Math.round(durationMs)} ms for its status, the others ${Math.max(1, Math.round(others))} ms.`,
      isMotion: false,
      about: [{ kind: 'node', name: nodeId }],
    };
  }
}

const shardStates = [
  ['reconciling', 'isReconciling', 'being reconciled: moved, or set up anew'],
  [
    'pending_compute_notification',
    'isPendingComputeNotification',
    'waiting for the compute hook to take the news',
  ],
  ['splitting', 'isSplitting', 'being split'],
  ['importing', 'isImporting', 'being imported'],
] as const;

/** The first tenants with such a shard; one more than are named tells that there are more. */
function tenantsWith(readings: Readings, isMeant: (flags: ShardFlags) => boolean): string[] {
  const found: string[] = [];
  for (const { tenantId, shards } of readings.one('tenants')?.reading.tenants ?? []) {
    if (found.length > namedMost) break;
    if (shards.some(({ flags }) => flags !== undefined && isMeant(flags))) found.push(tenantId);
  }
  return found;
}

function ofTenants(tenantIds: readonly string[]): string {
  const named = tenantIds.slice(0, namedMost).join(', ');
  return `tenant ${named}${tenantIds.length > namedMost ? ' and others' : ''}`;
}

function tenantSubjects(tenantIds: readonly string[]): readonly Subject[] {
  return tenantIds.map((name): Subject => ({ kind: 'tenant', name }));
}

function are(count: number): string {
  return `${counted(count, 'shard')} ${count === 1 ? 'is' : 'are'}`;
}

function* ofShards(readings: Readings): Generator<Notice> {
  const totals = readings.one('tenants')?.reading.totals;
  if (totals === undefined) return;
  for (const [state, flag, meaning] of shardStates) {
    const count = totals.shardsByState.get(state) ?? 0;
    if (count === 0) continue;
    const tenantIds = tenantsWith(readings, (flags) => flags[flag]);
    const text = `${are(count)} ${meaning} (${ofTenants(tenantIds)}).`;
    yield { text, isMotion: true, about: tenantSubjects(tenantIds) };
  }
  for (const policy of ['Pause', 'Stop']) {
    const count = totals.shardsBySchedulingPolicy.get(policy) ?? 0;
    if (count === 0) continue;
    const tenantIds = tenantsWith(readings, ({ schedulingPolicy }) => schedulingPolicy === policy);
    const text = `${are(count)} left alone by the controller: scheduling policy ${policy} (${ofTenants(tenantIds)}).`;
    yield { text, isMotion: false, about: tenantSubjects(tenantIds) };
  }
}

function* ofSafekeepers(readings: Readings): Generator<Notice> {
  for (const { safekeeperId, schedulingPolicy } of readings.one('safekeepers')?.reading.safekeepers ?? []) {
    if (schedulingPolicy === 'Active') continue;
    yield {
      text: `Safekeeper ${safekeeperId} has the scheduling policy ${schedulingPolicy}: it takes no new timelines.`,
      isMotion: false,
      about: [{ kind: 'safekeeper', name: String(safekeeperId) }],
    };
  }
}

function* ofComputes(readings: Readings): Generator<Notice> {
  for (const { target, reading } of readings.all('compute_settings')) {
    const { connstring } = reading.live ?? {};
    if (connstring === undefined || !('flaw' in connstring)) continue;
    yield {
      text: `The connection string of compute ${target.name} cannot be taken apart (${connstring.flaw.replaceAll('_', ' ')} for shard ${connstring.entry}): which pageservers the compute asks is not known.`,
      isMotion: false,
      about: [{ kind: 'compute', name: target.name }],
    };
  }
  for (const { target, reading } of readings.all('relations')) {
    for (const [database, { invalidIndexes }] of reading.databases) {
      if (invalidIndexes === 0) continue;
      yield {
        text: `Database ${database} of compute ${target.name} has ${counted(invalidIndexes, 'invalid index', 'invalid indexes')}: no query uses ${invalidIndexes === 1 ? 'it' : 'them'}, which a build that failed leaves behind.`,
        isMotion: false,
        about: [{ kind: 'database', name: `${target.name}/${database}` }],
      };
    }
  }
}

/**
 * What is noticed, in the order in which the parts depend on each other, without what a finding already speaks of.
 *
 * @param found subjects of findings
 */
export function noticedOf(
  readings: Readings,
  looks: readonly Look[],
  found: readonly Subject[],
): readonly Noticed[] {
  const known = new Set(found.map(subjectText));
  return [
    ...ofNodes(readings),
    ...ofSlowness(looks),
    ...ofShards(readings),
    ...ofSafekeepers(readings),
    ...ofComputes(readings),
  ]
    .filter(({ about }) => !about.some((subject) => known.has(subjectText(subject))))
    .map(({ text, isMotion }) => ({ text, isMotion }));
}
