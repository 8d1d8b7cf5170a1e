import { type Breathe, eachBreathing } from '../../../breathe.ts';
import type { ReadingOf } from '../../../collectors/registry.ts';
import type { DetectInput, Detector, Json } from '../../detector.ts';
import type { Finding, Step, Unknown } from '../../finding.ts';
import { sqlText } from '../compute/compute-facts.ts';
import {
  type ComputeMemory,
  causes,
  computeOf,
  databaseOf,
  databaseText,
  evidenceOf,
  perCompute,
  psql,
  type Remembered,
  relationOf,
  step,
} from './neurondb-facts.ts';
import { quotedTable, type VectorObservation } from './vector-facts.ts';

type VectorTable =
  ReadingOf<'vector_indexes'>['tables'] extends ReadonlyMap<string, readonly (infer Table)[]> ? Table : never;
type DatabaseRelations =
  ReadingOf<'relations'>['databases'] extends ReadonlyMap<string, infer Relations> ? Relations : never;

/** A counter's rise is looked at over this time. */
const scanWindowMs = 900_000;
/** Samples nearer to each other than this tell nothing new. */
const sampleEveryMs = 50_000;

/** `[ms, sequential scans, rows read by them]`, oldest first. */
type Samples = readonly (readonly [number, number, number])[];
/** Database → table → its samples. */
type Scans = { readonly [database: string]: { readonly [table: string]: Samples } };

function keyOf({ schemaname, relname }: Pick<VectorTable, 'schemaname' | 'relname'>): string {
  return `${schemaname}.${relname}`;
}

interface Limits {
  readonly sequentialScans: number;
  readonly sequentialRows: number;
}

/** Sequential scans and the rows that they read, by `schema.table`. */
type Counters = ReadonlyMap<string, readonly [scans: number, rows: number]>;

/** Counters of the tables that hold vectors. A database may have a hundred thousand others. */
async function countersOf(
  { tables }: DatabaseRelations,
  wanted: ReadonlySet<string>,
  breathe: Breathe,
): Promise<Counters> {
  const scansAt = tables.top.columns.indexOf('seq_scan');
  const rowsAt = tables.top.columns.indexOf('seq_tup_read');
  const found = new Map<string, readonly [number, number]>();
  for (const list of [tables.members.values(), tables.others]) {
    await eachBreathing(list, breathe, ({ schemaname, relname, counters }) => {
      const key = keyOf({ schemaname, relname });
      if (wanted.has(key)) found.set(key, [Number(counters[scansAt] ?? 0n), Number(counters[rowsAt] ?? 0n)]);
    });
  }
  return found;
}

/** What the tables of each compute and database have counted, and when it was read. */
interface Counted {
  readonly atMs: number;
  readonly databases: ReadonlyMap<string, Counters>;
}

async function countAll({
  readings,
  breathe,
}: Pick<DetectInput<Json>, 'readings' | 'breathe'>): Promise<ReadonlyMap<string, Counted>> {
  const counted = new Map<string, Counted>();
  const holding = new Map(readings.all('vector_indexes').map((one) => [one.target.name, one.reading.tables]));
  for (const { target, reading, lastReadAtMs } of readings.all('relations')) {
    const databases = new Map<string, Counters>();
    for (const [database, tables] of holding.get(target.name) ?? []) {
      const relations = reading.databases.get(database);
      if (relations === undefined || tables.length === 0) continue;
      databases.set(database, await countersOf(relations, new Set(tables.map(keyOf)), breathe));
    }
    counted.set(target.name, { atMs: lastReadAtMs, databases });
  }
  return counted;
}

/** Adds a sample; counters that went down were reset, and all begins anew. */
function sampled(former: Samples, atMs: number, [scans, rows]: readonly [number, number]): Samples {
  const last = former.at(-1);
  if (last === undefined || scans < last[1] || rows < last[2] || atMs < last[0]) return [[atMs, scans, rows]];
  const recent = former.filter(([ms]) => atMs - ms <= scanWindowMs);
  // Between two that are near each other the later one is put in place of the former, but the oldest stays.
  const [before] = recent.slice(-2, -1);
  const kept = before !== undefined && atMs - before[0] < sampleEveryMs ? recent.slice(0, -1) : recent;
  return atMs === last[0] ? former : [...kept, [atMs, scans, rows]];
}

function remedyFor({ target }: VectorObservation, database: string, table: VectorTable): readonly Step[] {
  const quoted = quotedTable(table);
  const indexes = `SELECT indexrelid::regclass, indisvalid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = ${sqlText(quoted)}::regclass`;
  return [
    step('See the indexes of the table, and whether they are valid.', psql(target, database, indexes)),
    table.isIndexed
      ? step(
          'EXPLAIN one of the searches. An index serves only the distance operator of its operator class (<-> L2, <=> cosine, <#> inner product), in ORDER BY with a LIMIT.',
        )
      : step(
          'Create an index for the distance operator that the searches use: hnsw, or ivf where memory is short.',
        ),
    step('Refresh the statistics of the table.', psql(target, database, `ANALYZE ${quoted}`)),
  ];
}

function scanned(
  observation: VectorObservation,
  { database, table }: { readonly database: string; readonly table: VectorTable },
  { scans, rows, spanMs }: { readonly scans: number; readonly rows: number; readonly spanMs: number },
  atMs: number,
): Finding {
  const { name } = observation.target;
  const { schemaname, relname, isIndexed } = table;
  const minutes = Math.max(1, Math.round(spanMs / 60_000));
  const each = Math.round(rows / scans);
  const why = isIndexed ? 'although it has a vector index' : 'and it has no vector index';
  return {
    subject: relationOf(name, database, schemaname, relname),
    severity: 'warning',
    className: isIndexed ? 'index_not_used' : 'no_index',
    summary:
      `Table ${schemaname}.${relname} in ${databaseText(name, database)} holds vectors and was read from end to ` +
      `end ${scans} times in ${minutes} min, ${each} rows each time, ${why}: such searches are slow.`,
    evidence: evidenceOf('pg_stat_user_tables', atMs, [
      ['sequential scans', scans, 'scans'],
      ['rows read by them', rows, 'rows'],
      ['within', Math.round(spanMs / 1000), 'seconds'],
    ]),
    remedy: remedyFor(observation, database, table),
    avoid: [
      {
        what: 'SET enable_seqscan = off for the application',
        why: 'with it NeuronDB may answer other queries, count(*) among them, from a vector index, and wrongly',
      },
      {
        what: 'CREATE INDEX without CONCURRENTLY at a busy hour',
        why: 'writes to the table wait until it is built, and building hnsw over many rows takes long',
      },
    ],
    related: [computeOf(name)],
  };
}

function judgeDatabase(
  observation: VectorObservation,
  database: string,
  counters: Counters,
  atMs: number,
  former: { readonly [table: string]: Samples },
  limits: Limits,
) {
  const findings: Finding[] = [];
  const kept: Record<string, Samples> = {};
  for (const table of observation.reading.tables.get(database) ?? []) {
    const key = keyOf(table);
    const present = counters.get(key);
    if (present === undefined) continue;
    const samples = sampled(former[key] ?? [], atMs, present);
    kept[key] = samples;
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined) continue;
    const rise = { scans: last[1] - first[1], rows: last[2] - first[2], spanMs: last[0] - first[0] };
    if (rise.scans < limits.sequentialScans || rise.rows / rise.scans < limits.sequentialRows) continue;
    findings.push(scanned(observation, { database, table }, rise, atMs));
  }
  return { findings, kept };
}

function judge(
  observation: VectorObservation,
  counted: Counted | undefined,
  kept: Scans | undefined,
  limits: Limits,
): Remembered<Scans> {
  const { name } = observation.target;
  const { tables } = observation.reading;
  const findings: Finding[] = [];
  const unknown: Unknown[] = observation.reading.skippedParts
    .filter(({ part }) => part === 'database')
    .map(({ reason }) => ({ subject: computeOf(name), missing: [`a database of ${name}: ${reason}`] }));
  const scans: Record<string, { readonly [table: string]: Samples }> = {};
  if (unknown.length > 0) Object.assign(scans, kept);
  for (const [database, own] of tables) {
    if (own.length === 0) continue;
    const counters = counted?.databases.get(database);
    if (counted === undefined || counters === undefined) {
      const missing = [`relations of ${name}/${database}: not read`];
      unknown.push({ subject: databaseOf(name, database), missing });
      if (kept?.[database] !== undefined) scans[database] = kept[database];
      continue;
    }
    const former = kept?.[database] ?? {};
    const judged = judgeDatabase(observation, database, counters, counted.atMs, former, limits);
    findings.push(...judged.findings);
    scans[database] = judged.kept;
  }
  return { findings, unknown, kept: scans };
}

/** A large table with vectors that is read from end to end again and again. */
export const vectorSequentialScans: Detector<ComputeMemory<Scans>> = {
  id: 'vector_sequential_scans',
  alert: 'NeuronDBVectorSequentialScans',
  layer: 'neurondb',
  severity: 'warning',
  summary: 'A large table with vectors is read from end to end many times within 15 minutes.',
  classes: ['no_index', 'index_not_used'],
  needs: ['vector_indexes', 'relations'],
  hold: { forMs: 300_000, samples: 2, keepFiringMs: 300_000 },
  explainedBy: causes,
  async detect(input) {
    const counted = await countAll(input);
    return perCompute(input, 'vector_indexes', 1, (observation, kept) =>
      judge(observation, counted.get(observation.target.name), kept, input.thresholds.neurondb),
    );
  },
};
