import { z } from 'zod';
import { SourceError } from '../../errors.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import { countSetAside } from '../set-aside.ts';
import type { SqlCollector, SqlContext } from '../sql-collector.ts';
import * as activity from './activity.ts';
import { databaseConflicts, databaseStatistics, databaseWraparound } from './database-tables.ts';
import * as databases from './databases.ts';
import { createPartReader, type PartReader } from './part-reader.ts';
import type { PostgresReading, StatRow } from './postgres-reading.ts';
import { replication, replicationSlots } from './replication-tables.ts';
import { serverFacts, serverFamilies, serverRow, serverSql } from './server-facts.ts';
import { archiver, backgroundWriter, checkpointer, wal } from './server-tables.ts';
import { SettingRow, settingFacts, settingFamilies, settingsSql } from './settings.ts';
import { familiesOf, queryOf, type StatQuery, type StatTable, selectable, statRow } from './stat-table.ts';
import { vacuum, vacuumPhase } from './vacuum-table.ts';

/** Asking for sizes makes the server look at every file, so it is done less often than the rest. */
const sizesEveryMs = 60_000;

/** Views of one row, which are read together. */
const singleRowTables = [archiver, backgroundWriter, checkpointer, wal];
const rowTables = [
  databaseStatistics,
  databaseConflicts,
  databaseWraparound,
  replication,
  replicationSlots,
  vacuum,
];
const tables = [...singleRowTables, ...rowTables];

const settingsNeeds = [selectable('pg_settings')];

/** Every condition that decides whether something is read, once. */
function conditionsFor(serverVersion: number): readonly string[] {
  return [
    ...new Set([
      ...settingsNeeds,
      ...databases.databasesNeeds,
      ...databases.rolesNeeds,
      ...activity.activityNeeds,
      ...activity.locksNeeds,
      ...tables
        .filter((table) => table.from(serverVersion) !== undefined)
        .flatMap((table) => table.needs(serverVersion)),
    ]),
  ];
}

async function readServer(session: SqlSession) {
  const conditions = conditionsFor(session.serverVersion);
  const [row] = await session.rows(serverSql(conditions), serverRow(conditions));
  if (row === undefined) throw new SourceError('malformed', 'the server gave no row for its own version');
  return { server: serverFacts(row, session.serverVersion), holding: row.holding };
}

interface TableQuery extends StatQuery {
  readonly table: StatTable;
}

/** The statements of those tables that this server has and lets us read. */
function queriesOf(wanted: readonly StatTable[], serverVersion: number, reader: PartReader): TableQuery[] {
  return wanted.flatMap((table) => {
    const query = queryOf(table, serverVersion);
    if (query === undefined || !reader.mayRead(table.part, table.needs(serverVersion))) return [];
    return [{ table, ...query }];
  });
}

async function readTables(session: SqlSession, reader: PartReader, onDuplicate: () => void) {
  const rows = new Map<string, readonly StatRow[]>();
  const singles = queriesOf(singleRowTables, session.serverVersion, reader);
  const joined = singles.map(({ sql }, index) => `(${sql}) t${index}`).join(' CROSS JOIN ');
  const shape = z.object(Object.assign({}, ...singles.map((single) => single.shape)) as StatQuery['shape']);
  const parts = singles.map(({ table }) => table.part);
  const [single] = (await reader.rows(parts, `SELECT * FROM ${joined}`, shape)) ?? [];
  if (single !== undefined) {
    for (const { table } of singles) rows.set(table.part, [statRow(table, single)]);
  }
  for (const query of queriesOf(rowTables, session.serverVersion, reader)) {
    const { table } = query;
    const answers = await reader.rows([table.part], query.sql, z.object(query.shape));
    if (answers === undefined) continue;
    rows.set(
      table.part,
      distinct(
        answers.map((answer) => statRow(table, answer)),
        onDuplicate,
      ),
    );
  }
  return rows;
}

/** The first row of each label set: a second one would spoil the exposition of its families. */
function distinct(rows: readonly StatRow[], onDuplicate: () => void): readonly StatRow[] {
  const seen = new Set<string>();
  return rows.filter(({ texts }) => {
    const key = JSON.stringify(Object.values(texts));
    if (seen.has(key)) onDuplicate();
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst;
  });
}

async function readSettings(reader: PartReader, isInRecovery: boolean, onDuplicate: () => void) {
  if (!reader.mayRead('settings', settingsNeeds)) return undefined;
  const rows = await reader.rows(['settings'], settingsSql, SettingRow);
  if (rows === undefined) return undefined;
  const { facts, duplicates, notUnderstood } = settingFacts(rows, isInRecovery);
  for (let found = 0; found < duplicates; found += 1) onDuplicate();
  if (notUnderstood > 0) reader.skip('setting', 'unsupported_version');
  return facts;
}

/** Reads several kinds of rows with one statement, of those that are allowed. */
async function readTogether<Row>(
  reader: PartReader,
  kinds: readonly { readonly part: string; readonly needs: readonly string[]; readonly sql: string }[],
  row: z.ZodType<Row>,
): Promise<{ readonly rows: readonly Row[]; readonly has: (part: string) => boolean }> {
  const allowed = kinds.filter(({ part, needs }) => reader.mayRead(part, needs));
  const parts = allowed.map(({ part }) => part);
  const rows = await reader.rows(parts, allowed.map(({ sql }) => sql).join(' UNION ALL '), row);
  return { rows: rows ?? [], has: (part) => rows !== undefined && parts.includes(part) };
}

async function readLimits(reader: PartReader) {
  const { databasesSql, databasesNeeds, rolesSql, rolesNeeds, LimitRow } = databases;
  const kinds = [
    { part: 'databases', needs: databasesNeeds, sql: databasesSql },
    { part: 'roles', needs: rolesNeeds, sql: rolesSql },
  ];
  const { rows, has } = await readTogether(reader, kinds, LimitRow);
  const limitsOf = (part: string, isDatabase: boolean) =>
    has(part)
      ? new Map(
          rows
            .filter((row) => row.is_database === isDatabase)
            .map((row) => [row.name, row.connection_limit] as const),
        )
      : undefined;
  const databaseConnectionLimits = limitsOf('databases', true);
  return {
    databases: databaseConnectionLimits && [...databaseConnectionLimits.keys()],
    databaseConnectionLimits,
    roleConnectionLimits: limitsOf('roles', false),
  };
}

async function readOccurrences(reader: PartReader) {
  const kinds = [
    { part: 'activity', needs: activity.activityNeeds, sql: activity.activitySql },
    { part: 'locks', needs: activity.locksNeeds, sql: activity.locksSql },
  ];
  const { rows, has } = await readTogether(reader, kinds, activity.OccurrenceRow);
  return {
    activity: has('activity') ? activity.activityFacts(rows) : undefined,
    locks: has('locks') ? activity.lockFacts(rows) : undefined,
  };
}

async function readSizes(reader: PartReader, { previous, clock }: SqlContext<PostgresReading>) {
  const nowMs = clock.monotonicMs();
  const readMs = previous?.sizesReadMs;
  const isDue = readMs === undefined || nowMs - readMs >= sizesEveryMs;
  if (previous !== undefined && !isDue) {
    for (const skipped of previous.skippedParts) {
      if (skipped.part === 'database_size') reader.skip(skipped.part, skipped.reason);
    }
    return { sizes: previous.sizes, sizesReadMs: previous.sizesReadMs };
  }
  if (!reader.mayRead('database_size', databases.databasesNeeds))
    return { sizes: undefined, sizesReadMs: nowMs };
  const rows = await reader.rows(['database_size'], databases.sizesSql, databases.SizeRow);
  if (rows === undefined) return { sizes: undefined, sizesReadMs: nowMs };
  const { sizes, areSomeDenied } = databases.readableSizes(rows);
  if (areSomeDenied) reader.skip('database_size', 'no_privilege');
  return { sizes, sizesReadMs: nowMs };
}

/** The views that every Postgres has, under the names and labels of postgres_exporter; docs/postgres-exporter.md. */
export const postgres = {
  name: 'postgres',
  summary: 'Statistics views and settings of a Postgres server, named as postgres_exporter names them.',
  kind: 'compute',
  alsoFor: 'controller_database',
  families: [
    ...serverFamilies,
    ...databases.databaseFamilies,
    ...activity.activityFamilies,
    ...tables.flatMap(familiesOf),
    vacuumPhase,
  ],
  dynamicFamilies: settingFamilies,
  collect(context: SqlContext<PostgresReading>) {
    return context.sql.session({}, context.signal, async (session) => {
      const setAside = countSetAside();
      const onDuplicate = () => setAside.add('duplicate');
      const { server, holding } = await readServer(session);
      const reader = createPartReader(session, holding, context.signal);
      const settings = await readSettings(reader, server.isInRecovery, onDuplicate);
      const limits = await readLimits(reader);
      const occurrences = await readOccurrences(reader);
      const rows = await readTables(session, reader, onDuplicate);
      const sizes = await readSizes(reader, context);
      return {
        server,
        settings,
        ...limits,
        ...occurrences,
        rows,
        ...sizes,
        setAside: setAside.total(),
        skippedParts: reader.skipped(),
      };
    });
  },
} as const satisfies SqlCollector<PostgresReading>;
