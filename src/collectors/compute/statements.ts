import { SourceError } from '../../errors.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import type { SkippedPart } from '../collector.ts';
import type { SqlCollector, SqlContext } from '../sql-collector.ts';
import { type StatementIdentity, type StatementsReading, statementFamilies } from './statements-families.ts';
import {
  findStatements,
  readStatements,
  type StatementRow,
  type StatementSource,
} from './statements-source.ts';
import { readClasses, readTexts, type StatementClass } from './statements-text.ts';
import { nextTop, type TopRow } from './top.ts';

/** Texts are read again only after this many times as long as the last reading of them took: at most 1 % of a core. */
const textPause = 100;

/** `pg_stat_statements must be loaded via shared_preload_libraries`. */
const notLoaded = '55000';
/** `query_canceled`, by `statement_timeout`. */
const statementTimeout = '57014';

/**
 * Every entry of pg_stat_statements counts, our own statements too, or the sums would not be true. Entries whose
 * queryid the role may not see are counted in `other`, with class `unknown`.
 */
export const statements = {
  name: 'statements',
  summary:
    'Calls, times, rows, blocks and WAL by statement, from pg_stat_statements: the longest by name, the rest as other.',
  kind: 'compute',
  families: statementFamilies,
  collect(context) {
    return context.sql.session({}, context.signal, (session) => readAll(session, context));
  },
} as const satisfies SqlCollector<StatementsReading>;

async function readAll(
  session: SqlSession,
  context: SqlContext<StatementsReading>,
): Promise<StatementsReading> {
  try {
    const source = await findStatements(session);
    if (source === undefined) return without('no_extension');
    return await readFrom(session, source, context);
  } catch (thrown) {
    if (thrown instanceof SourceError && thrown.sqlState === notLoaded) return without('disabled');
    throw thrown;
  }
}

function without(reason: SkippedPart['reason']): StatementsReading {
  return { skippedParts: [{ part: 'statements', reason }] };
}

async function readFrom(
  session: SqlSession,
  source: StatementSource,
  { previous, settings, clock }: SqlContext<StatementsReading>,
): Promise<StatementsReading> {
  const { columns, rows } = await readStatements(session, source);
  const startMs = clock.monotonicMs();
  const mayReadText = previous?.texts === undefined || startMs >= previous.texts.nextMs;
  const known = previous?.texts;
  const classes = await classesOf(session, source, rows, known?.classes, mayReadText);
  const look = {
    columns,
    rows: topRows(rows, classes),
    resetMark: source.info === undefined ? undefined : String(source.info.resetMs),
    atMs: startMs,
    wallMs: clock.wallMs(),
  };
  const top = nextTop(previous?.top, look, {
    seats: settings.top,
    rank: { by: 'pace', column: 'exec_time' },
  });
  const members = top.members.map(({ identity }) => identity.queryid);
  const labels = settings.statementText
    ? await labelsOf(session, source, members, known?.labels, mayReadText)
    : new Map<string, string>();
  const endMs = clock.monotonicMs();
  const texts = {
    classes,
    labels,
    nextMs: mayReadText ? endMs + (endMs - startMs) * textPause : (known?.nextMs ?? 0),
  };
  return { source, entries: rows.length, top, texts, skippedParts: skippedOf(source, rows) };
}

/** Classes of the statements that are there; those of new ones only when texts may be read. */
async function classesOf(
  session: SqlSession,
  source: StatementSource,
  rows: readonly StatementRow[],
  known: ReadonlyMap<string, StatementClass> | undefined,
  mayReadText: boolean,
): Promise<ReadonlyMap<string, StatementClass>> {
  const classes = new Map<string, StatementClass>();
  const unjudged = new Set<string>();
  for (const { queryid } of rows) {
    if (queryid === null) continue;
    const one = known?.get(queryid);
    if (one === undefined) unjudged.add(queryid);
    else classes.set(queryid, one);
  }
  if (unjudged.size === 0 || !mayReadText) return classes;
  for (const [queryid, one] of await inTime(readClasses(session, source.schema, [...unjudged]))) {
    if (unjudged.has(queryid)) classes.set(queryid, one);
  }
  return classes;
}

async function labelsOf(
  session: SqlSession,
  source: StatementSource,
  members: readonly string[],
  known: ReadonlyMap<string, string> | undefined,
  mayReadText: boolean,
): Promise<ReadonlyMap<string, string>> {
  const labels = new Map([...(known ?? [])].filter(([queryid]) => members.includes(queryid)));
  const missing = members.filter((queryid) => !labels.has(queryid));
  if (missing.length === 0 || !mayReadText) return labels;
  for (const [queryid, label] of await inTime(readTexts(session, source.schema, missing)))
    labels.set(queryid, label);
  return labels;
}

/** Nothing when the texts are more than `statement_timeout` allows for: counts do not wait for classes. */
async function inTime<Value>(
  reading: Promise<ReadonlyMap<string, Value>>,
): Promise<ReadonlyMap<string, Value>> {
  try {
    return await reading;
  } catch (thrown) {
    if (thrown instanceof SourceError && thrown.sqlState === statementTimeout) return new Map();
    throw thrown;
  }
}

function topRows(
  rows: readonly StatementRow[],
  classes: ReadonlyMap<string, StatementClass>,
): readonly TopRow<StatementIdentity>[] {
  const named: TopRow<StatementIdentity>[] = [];
  const unnamed = new Map<string, bigint[]>();
  for (const { part, userAndDatabase, queryid, datname, counters } of rows) {
    if (queryid === null) {
      const sum = unnamed.get(userAndDatabase);
      if (sum === undefined) unnamed.set(userAndDatabase, [...counters]);
      else for (const [index, value] of counters.entries()) sum[index] = (sum[index] ?? 0n) + value;
      continue;
    }
    const group = classes.get(queryid) ?? 'unknown';
    const identity: StatementIdentity = { queryid, datname, class: group };
    named.push({ key: JSON.stringify([queryid, datname]), part, identity, group, counters });
  }
  const sums = [...unnamed].map(([owner, counters]): TopRow<StatementIdentity> => {
    const identity: StatementIdentity = { queryid: '', datname: '', class: 'unknown' };
    return { key: `of ${owner}`, part: `of ${owner}`, identity, group: 'unknown', counters, isSum: true };
  });
  return [...named, ...sums];
}

function skippedOf(source: StatementSource, rows: readonly StatementRow[]): readonly SkippedPart[] {
  const parts: SkippedPart[] = [];
  if (rows.some(({ queryid }) => queryid === null)) {
    parts.push({ part: 'statements_of_others', reason: 'no_privilege' });
  }
  if (source.info === undefined) parts.push({ part: 'statements_info', reason: 'unsupported_version' });
  if (!source.tracksPlanning) parts.push({ part: 'statement_planning', reason: 'disabled' });
  if (!source.timesBlocks) parts.push({ part: 'statement_block_times', reason: 'disabled' });
  return parts;
}
