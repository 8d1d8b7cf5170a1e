import type { ReadingOf } from '../../src/collectors/registry.ts';
import { parseConnstring } from '../../src/neon/connstring.ts';
import { node, nodes } from './controller-world.ts';
import { type CaseStep, tickMs } from './finding-case.ts';
import { caseStartMs, reading, type World } from './world.ts';

/** Name of the compute in every case. */
export const compute = 'main';
export const tenant = '20000000000000000000000000000002';
export const hourMs = 3_600_000;

/** Something that changes with every look: one step of a look each; `atMs` counts from the first of them. */
export function eachLook(forMs: number, worldAt: (atMs: number) => World): CaseStep[] {
  return Array.from({ length: forMs / tickMs }, (_, at) => ({ forMs: tickMs, world: worldAt(at * tickMs) }));
}

type Health = ReadingOf<'compute_health'>;
type Neon = NonNullable<Health['neon']>;

/** A Neon compute that is well. */
export function health(changed: Partial<Health> = {}, name = compute) {
  return reading('compute_health', name, {
    isInRecovery: false,
    postmasterStartedAtMs: caseStartMs - 24 * hourMs,
    maxConnections: 100,
    superuserReservedConnections: 3,
    reservedConnections: 0,
    blockBytes: 8192,
    activity: activity({}),
    waits: undefined,
    databases: undefined,
    risks: new Map([
      ['log_statement', false],
      ['archive_command', false],
    ]),
    top: 50,
    neon: neon({}),
    skippedParts: [],
    ...changed,
  });
}

export function neon(changed: Partial<Neon>): Neon {
  return {
    version: '1.6',
    lfc: undefined,
    perf: undefined,
    throttledMicroseconds: 0n,
    lag: undefined,
    workingSet: undefined,
    prewarm: undefined,
    clusterBytes: undefined,
    ...changed,
  };
}

/** Counters of the library by Neon's names for them. */
export function perf(values: Readonly<Record<string, number>>): Neon {
  return neon({ perf: { values: new Map(Object.entries(values)), histograms: new Map(), malformed: 0 } });
}

export function activity(changed: Partial<Health['activity']>): Health['activity'] {
  return {
    connections: connections(10),
    hidden: 0,
    oldestTransactionAtMs: undefined,
    oldestIdleInTransactionAtMs: undefined,
    ...changed,
  };
}

export function connections(count: number, state = 'idle'): Health['activity']['connections'] {
  return count === 0 ? [] : [{ state, usename: 'app', datname: 'shop', connections: count }];
}

type Live = NonNullable<ReadingOf<'compute_settings'>['live']>;

/** Settings of a compute that reads its two shards from nodes 1 and 2. */
export function settings(changed: Partial<Live> = {}, name = compute) {
  return reading('compute_settings', name, {
    live: {
      readVia: 'pg_settings',
      connstring: parseConnstring('host=pageserver1 port=6400,host=pageserver2 port=6400'),
      stripeSizeBlocks: 2048,
      tenantId: tenant,
      timelineId: '30000000000000000000000000000003',
      computeMode: 'Primary',
      safekeepers: undefined,
      sources: [],
      files: undefined,
      blockBytes: 8192,
      confLoadedAtMs: caseStartMs - 24 * hourMs,
      postmasterStartedAtMs: caseStartMs - 24 * hourMs,
      isInRecovery: false,
      nextStart: undefined,
      ...changed,
    },
    skippedParts: [],
  });
}

export function computeCtl(changed: Partial<ReadingOf<'compute_ctl'>>, name = compute) {
  return reading('compute_ctl', name, {
    status: 'running',
    startedAtMs: caseStartMs - 24 * hourMs,
    ...changed,
  });
}

type Postgres = ReadingOf<'postgres'>;
type Row = NonNullable<ReturnType<Postgres['rows']['get']>>[number];

/** A server with rows in some parts, by the names of `src/collectors/postgres`. */
export function server(rows: Readonly<Record<string, readonly Row[]>>, changed: Partial<Postgres> = {}) {
  return reading('postgres', compute, {
    server: {
      version: 'PostgreSQL 17.5',
      shortVersion: '17.5.0',
      isInRecovery: false,
      replicationLagSeconds: 0,
      lastReplaySeconds: undefined,
    },
    settings: new Map([
      ['pg_settings_autovacuum_freeze_max_age', { value: 200_000_000, unit: undefined }],
      ['pg_settings_autovacuum_multixact_freeze_max_age', { value: 400_000_000, unit: undefined }],
    ]),
    databases: ['postgres'],
    databaseConnectionLimits: undefined,
    roleConnectionLimits: undefined,
    sizes: undefined,
    sizesReadMs: undefined,
    activity: undefined,
    locks: undefined,
    rows: new Map(Object.entries(rows)),
    skippedParts: [],
    ...changed,
  });
}

export function misrouted(nodeId: number, misroutedRequests: number | undefined) {
  return reading('pageserver_metrics', `pageserver${nodeId}:9898`, { nodeId, misroutedRequests });
}

/** The two pageservers that the compute reads from. */
export const pageservers = nodes([node(1), node(2)]);
