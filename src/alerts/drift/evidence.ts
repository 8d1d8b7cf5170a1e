import type { Readings } from '../../collection/store.ts';
import type { DriftJudgement, DriftRow } from '../../views/drift/judgement.ts';
import type { DetectInput } from '../detector.ts';
import { hookSubject } from '../detectors/controller/instances.ts';
import type { Evidence, Subject } from '../finding.ts';
import type { Gated } from './gate.ts';

/** Shards that are spelled out; a tenant may have 128. */
const maxRows = 8;

const routes = {
  intent: 'GET /control/v1/tenant',
  locations: 'GET /v1/location_config',
  live: 'pg_settings',
  nextStart: 'config.json',
} as const;

export function computeSubject(name: string): Subject {
  return { kind: 'compute', name };
}

/** What a finding is written from: what was read, and what was looked at. */
export type Sight = Pick<DetectInput<never>, 'readings' | 'looks'>;

function at(atMs: number | undefined): { atMs?: number } {
  return atMs === undefined ? {} : { atMs };
}

function rowEvidence(
  row: DriftRow,
  intentAtMs: number | undefined,
  liveAtMs: number | undefined,
): Evidence[] {
  const shard = `shard ${row.shardNumber}`;
  const holder = row.heldBy === undefined ? 'no pageserver' : `node ${row.heldBy}`;
  return [
    {
      what: `${shard} is meant to be at`,
      value:
        row.intended === undefined
          ? 'no shard of this number'
          : `${row.intended} (node ${row.intendedNodeId})`,
      source: routes.intent,
      ...at(intentAtMs),
    },
    ...(row.shardId === undefined
      ? []
      : [{ what: `${shard} is attached on`, value: holder, source: routes.locations }]),
    {
      what: `${shard} is asked for at`,
      value: row.live === undefined ? 'no entry' : `${row.live} (${nodesText(row.liveNodeIds)})`,
      source: routes.live,
      ...at(liveAtMs),
    },
  ];
}

function nodesText(nodeIds: readonly number[]): string {
  return nodeIds.length === 0 ? 'no node' : nodeIds.map((nodeId) => `node ${nodeId}`).join(', ');
}

/** The rows that are not right. */
export function wrongRows({ rows }: DriftJudgement): readonly DriftRow[] {
  return rows.filter(({ agreement, shardId, live }) => {
    return shardId === undefined || live === undefined || agreement !== 'right';
  });
}

/** What a drift rests on: what differs, shard by shard, and how the whole is. */
export function driftEvidence(
  readings: Readings,
  { judgement, liveReadAtMs: liveAtMs }: Gated,
): readonly Evidence[] {
  const { stripe, shardCount = 0, rows } = judgement;
  const intentAtMs = readings.one('tenants')?.lastReadAtMs;
  const entries = rows.filter(({ live }) => live !== undefined).length;
  const shared = { source: routes.intent, ...at(intentAtMs) };
  const live = { source: routes.live, ...at(liveAtMs) };
  const isStripeTold =
    shardCount > 1 && stripe.intendedBlocks !== undefined && stripe.liveBlocks !== undefined;
  return [
    { what: 'shards of the tenant', value: shardCount, unit: 'shards', ...shared },
    { what: 'entries of the connection string', value: entries, unit: 'shards', ...live },
    ...(isStripeTold
      ? [
          {
            what: 'stripe size of the tenant',
            value: stripe.intendedBlocks ?? '',
            unit: 'blocks',
            ...shared,
          },
          { what: 'stripe size of the compute', value: stripe.liveBlocks ?? '', unit: 'blocks', ...live },
        ]
      : []),
    ...wrongRows(judgement)
      .slice(0, maxRows)
      .flatMap((row) => rowEvidence(row, intentAtMs, liveAtMs)),
  ];
}

/** What a drift depends on: its tenant, the shards that are wrong, every node that is named, and the hook. */
export function driftRelated({ looks }: Sight, judgement: DriftJudgement): readonly Subject[] {
  const wrong = wrongRows(judgement);
  const nodeIds = new Set(wrong.flatMap((row) => [row.intendedNodeId, ...row.liveNodeIds]));
  return [
    ...(judgement.tenantId === undefined ? [] : [{ kind: 'tenant', name: judgement.tenantId } as const]),
    ...wrong.flatMap(({ shardId }) =>
      shardId === undefined ? [] : [{ kind: 'shard', name: shardId } as const],
    ),
    ...[...nodeIds].flatMap((nodeId) =>
      nodeId === undefined ? [] : [{ kind: 'node', name: String(nodeId) } as const],
    ),
    hookSubject(looks),
  ];
}

/** Milliseconds since the epoch as people read them. */
export function instant(ms: number): string {
  return new Date(ms).toISOString();
}
