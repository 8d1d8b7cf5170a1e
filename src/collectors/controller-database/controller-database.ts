import { SourceError } from '../../errors.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import { countSetAside, type SetAsideCount } from '../set-aside.ts';
import type { SqlCollector } from '../sql-collector.ts';
import { type Parts, trackParts } from '../sql-part.ts';
import { controllerDatabaseFamilies } from './families.ts';
import type { ControllerDatabaseReading, Group, NodeRecord, ShardState } from './reading.ts';
import { controllerQueries as ask } from './rows.ts';
import { type ControllerTable, controllerTables, readSchema, type TableFacts } from './schema.ts';
import { readShards } from './shard-pages.ts';

type Rows<Name extends keyof typeof ask> = Awaited<ReturnType<(typeof ask)[Name]>>;

/** Reads one table, if it is there and ours to read. */
type FromTable = <Result>(
  table: ControllerTable,
  read: (facts: TableFacts) => Promise<Result>,
) => Promise<Result | undefined>;

async function tableReader(session: SqlSession, parts: Parts): Promise<FromTable> {
  const schema = await readSchema(session);
  for (const table of controllerTables) {
    const facts = schema.get(table);
    if (facts === undefined) parts.skip(table, 'no_object');
    else if (!facts.isReadable) parts.skip(table, 'no_privilege');
  }
  return async (table, read) => {
    const facts = schema.get(table);
    return facts?.isReadable ? parts.attempt(table, () => read(facts)) : undefined;
  };
}

async function readAll(
  session: SqlSession,
  parts: Parts,
  setAside: SetAsideCount,
): Promise<Omit<ControllerDatabaseReading, 'skippedParts' | 'setAside'>> {
  const server = await ask.server(session);
  if (server === undefined) throw new SourceError('malformed', 'the server gave no row about itself');
  const connections = await ask.connections(session);
  if (connections.some(({ hidden }) => hidden > 0)) parts.skip('activity', 'no_privilege');
  const from = await tableReader(session, parts);
  const states = await from('tenant_shards', (table) => ask.shardStates(session, table));
  const shards = states && (await from('tenant_shards', (table) => readShards(session, table, setAside)));
  if (states !== undefined && shards === undefined) parts.skip('tenant_shards', 'too_large');
  for (const { bad_ids } of states ?? []) {
    for (let bad = 0; bad < bad_ids; bad += 1) setAside.add('bad_id');
  }
  const nodes = await from('nodes', (table) => ask.nodes(session, table));
  const timelines = await from('timelines', (table) => ask.timelines(session, table));
  const health = await from('metadata_health', (table) => ask.metadataHealth(session, table));
  const leaders = await from('controllers', (table) => ask.controllers(session, table));
  const pendingOps = await from('safekeeper_timeline_pending_ops', (table) => ask.pendingOps(session, table));
  const safekeepers = await from('safekeepers', (table) => ask.safekeepers(session, table));
  const imports = await from('timeline_imports', (table) => ask.imports(session, table));
  // Last: it looks at files, not at tables, and may take long.
  const sizeBytes = await parts.attempt('database_size', () => ask.size(session));
  return {
    isInRecovery: server.in_recovery,
    postmasterStartedAtMs: server.started,
    maxConnections: server.max_connections,
    connections: connections.map((row) => ({ name: row.state ?? 'unknown', rows: row.connections })),
    sizeBytes,
    tableRows: knownRows({
      nodes: nodes?.length,
      tenant_shards: total(states),
      controllers: leaders?.length,
      metadata_health: health?.rows,
      safekeepers: total(safekeepers),
      timelines: timelines?.rows,
      safekeeper_timeline_pending_ops: total(pendingOps),
      timeline_imports: imports,
    }),
    shardStates: states?.map(shardState),
    shards,
    ...nodeFacts(nodes),
    timelines: timelines && {
      deleted: timelines.deleted,
      unnotified: timelines.unnotified,
      migrating: timelines.migrating,
      skSetUnnotified: timelines.sk_set_unnotified ?? undefined,
    },
    pendingOps: pendingOps?.map(group),
    safekeepers: safekeepers?.map(group),
    unhealthyShards: health?.unhealthy,
    oldestScrubAtMs: health?.oldest_scrub ?? undefined,
    leaders: leaders?.map((row) => ({ address: row.address, startedAtMs: row.started_at })),
  };
}

function total(rows: readonly { readonly rows: number }[] | undefined): number | undefined {
  return rows?.reduce((sum, row) => sum + row.rows, 0);
}

function knownRows(
  rows: Readonly<Record<ControllerTable, number | undefined>>,
): ReadonlyMap<ControllerTable, number> {
  const known = new Map<ControllerTable, number>();
  for (const table of controllerTables) {
    const count = rows[table];
    if (count !== undefined) known.set(table, count);
  }
  return known;
}

function group({ name, rows }: { readonly name: string | null; readonly rows: number }): Group {
  return { name: name ?? 'unknown', rows };
}

function nodeFacts(
  rows: Rows<'nodes'> | undefined,
): Pick<ControllerDatabaseReading, 'nodes' | 'deletedNodes'> {
  if (rows === undefined) return { nodes: undefined, deletedNodes: undefined };
  const nodes = rows
    .filter(({ lifecycle }) => lifecycle !== 'deleted')
    .map(
      (row): NodeRecord => ({
        nodeId: Number(row.node_id),
        schedulingPolicy: row.scheduling_policy,
        lifecycle: row.lifecycle,
      }),
    );
  return { nodes, deletedNodes: rows.length - nodes.length };
}

function shardState(row: Rows<'shardStates'>[number]): ShardState {
  return {
    isSplitting: row.splitting !== 0,
    schedulingPolicy: policyText(row.scheduling_policy),
    placementPolicy: policyText(row.placement_policy),
    rows: row.rows,
  };
}

/** Policies are JSON texts: `"Active"` with its quotes, `{"Attached":1}`, which the API's families call `Attached(1)`. */
export function policyText(json: string): string {
  const name = /^"(\w{1,32})"$/.exec(json)?.[1];
  const counted = /^\{\s*"(\w{1,32})"\s*:\s*(\d{1,6})\s*\}$/.exec(json);
  return name ?? (counted === null ? 'unknown' : `${counted[1]}(${counted[2]})`);
}

/** The rows behind the controller's API: what it will know after its next start. */
export const controllerDatabase = {
  name: 'controller_database',
  summary: "The storage controller's own database: size, connections, rows, pending and unhealthy ones.",
  kind: 'controller_database',
  families: controllerDatabaseFamilies,
  async collect({ sql, signal }) {
    const parts = trackParts(signal);
    const setAside = countSetAside();
    const reading = await sql.session({}, signal, (session) => readAll(session, parts, setAside));
    return { ...reading, setAside: setAside.total(), skippedParts: parts.skipped() };
  },
} as const satisfies SqlCollector<ControllerDatabaseReading>;
