import { breatheBy } from '../../breathe.ts';
import type { Clock } from '../../clock.ts';
import type { SqlCollector } from '../sql-collector.ts';
import { inEachDatabase } from './relations-databases.ts';
import { indexFamilies } from './relations-indexes.ts';
import type { DatabaseRelations, RelationSet, RelationsReading } from './relations-reading.ts';
import {
  type IndexRow,
  indexColumns,
  readDatabase,
  readIndexes,
  readTables,
  type TableRow,
  tableColumns,
} from './relations-rows.ts';
import { tableFamilies } from './relations-tables.ts';
import { nextTop, type TopRow } from './top.ts';

/** Statistics views and `pg_class` only: nothing here waits for a lock on a table, whatever is being done to it. */
export const relations = {
  name: 'relations',
  summary:
    'Tables and indexes of each database: scans, rows, dead rows, vacuums, estimated sizes; the largest by name, the rest as other.',
  kind: 'compute',
  families: [...tableFamilies, ...indexFamilies],
  async collect(context) {
    const { previous, settings, clock } = context;
    const { databases, skippedParts } = await inEachDatabase(context, async (session) => {
      const former = previous?.databases.get(session.database);
      const resetMark = (await readDatabase(session))?.reset;
      const tables = await readTables(session);
      const indexes = await readIndexes(session);
      const at = { resetMark, clock, seats: settings.top };
      return {
        tables: await setOf(
          former?.tables,
          tables,
          ({ schemaname, relname }) => [schemaname, relname],
          tableColumns,
          at,
        ),
        indexes: await setOf(
          former?.indexes,
          indexes,
          ({ schemaname, relname, indexrelname }) => [schemaname, relname, indexrelname],
          indexColumns,
          at,
        ),
        invalidIndexes: indexes.filter(({ valid }) => !valid).length,
      } satisfies DatabaseRelations;
    });
    return { databases, skippedParts };
  },
} as const satisfies SqlCollector<RelationsReading>;

interface Moment {
  readonly resetMark: string | undefined;
  readonly clock: Clock;
  readonly seats: number;
}

async function setOf<Row extends TableRow | IndexRow>(
  former: RelationSet<Row> | undefined,
  rows: readonly Row[],
  nameOf: (row: Row) => readonly string[],
  columns: readonly string[],
  { resetMark, clock, seats }: Moment,
): Promise<RelationSet<Row>> {
  const byKey = new Map(rows.map((row) => [JSON.stringify(nameOf(row)), row]));
  const topRows = [...byKey].map(
    ([key, row]): TopRow<readonly string[]> => ({
      key,
      part: key,
      identity: nameOf(row),
      group: '',
      counters: row.counters,
      level: Number(row.bytes ?? 0n),
    }),
  );
  const look = { rows: topRows, columns, resetMark, atMs: clock.monotonicMs(), wallMs: clock.wallMs() };
  const top = await nextTop(former?.top, look, { seats, rank: { by: 'level' } }, breatheBy(clock));
  const members = new Map<string, Row>();
  for (const { key } of top.members) {
    const row = byKey.get(key);
    if (row !== undefined) members.set(key, row);
    byKey.delete(key);
  }
  return { top, members, others: [...byKey.values()], count: rows.length };
}
