import { type Breathe, breatheBy, eachBreathing } from '../../breathe.ts';
import { SourceError } from '../../errors.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import type { SkippedPart } from '../collector.ts';
import type { SqlCollector, SqlContext } from '../sql-collector.ts';
import { trackParts } from '../sql-part.ts';
import { type StatementIdentity, type StatementsReading, statementFamilies } from './statements-families.ts';
import {
  findStatements,
  readStatements,
  type StatementRow,
  type StatementSource,
} from './statements-source.ts';
import { readClasses, readLabels, type StatementClass } from './statements-text.ts';
import { nextTop, type TopRow } from './top.ts';
import { add } from './top-counters.ts';

/** Texts are read again only after this many times as long as the last reading of them took: at most 1 % of a core. */
const textPause = 100;

/** `pg_stat_statements must be loaded via shared_preload_libraries`. */
const notLoaded = '55000';

/** Part that is skipped while texts cannot be read; counts do not wait for them. */
const textPart = 'statement_texts';

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
  { previous, settings, clock, signal }: SqlContext<StatementsReading>,
): Promise<StatementsReading> {
  const { columns, rows } = await readStatements(session, source);
  const startMs = clock.monotonicMs();
  const mayReadText = previous?.texts === undefined || startMs >= previous.texts.nextMs;
  const known = previous?.texts;
  const parts = trackParts(signal);
  // Not tried this time, so what was said of it the last time still holds.
  const untried = previous?.skippedParts.find(({ part }) => !mayReadText && part === textPart);
  if (untried !== undefined) parts.skip(textPart, untried.reason);
  const readTexts: TextReader = async (read) =>
    (mayReadText ? await parts.attempt(textPart, read) : undefined) ?? new Map();
  const breathe = breatheBy(clock);
  const classes = await classesOf(rows, known?.classes, breathe, (queryids) =>
    readTexts(() => readClasses(session, source.schema, queryids)),
  );
  const look = {
    columns,
    rows: await topRows(rows, classes, breathe),
    resetMark: source.info === undefined ? undefined : String(source.info.resetMs),
    atMs: startMs,
    wallMs: clock.wallMs(),
  };
  const rank = { by: 'pace', column: 'exec_time' } as const;
  const top = await nextTop(previous?.top, look, { seats: settings.top, rank }, breathe);
  const members = top.members.map(({ identity }) => identity.queryid);
  const labels = settings.statementText
    ? await labelsOf(members, known?.labels, (queryids) =>
        readTexts(() => readLabels(session, source.schema, queryids)),
      )
    : new Map<string, string>();
  const endMs = clock.monotonicMs();
  const texts = {
    classes,
    labels,
    nextMs: mayReadText ? endMs + (endMs - startMs) * textPause : (known?.nextMs ?? 0),
  };
  const skippedParts = [...skippedOf(source, rows), ...parts.skipped()];
  return { source, entries: rows.length, top, texts, skippedParts };
}

/** Reads texts, or gives nothing when they may not, or cannot, be read. */
type TextReader = <Value>(
  read: () => Promise<ReadonlyMap<string, Value>>,
) => Promise<ReadonlyMap<string, Value>>;
type OfQueryids<Value> = (queryids: readonly string[]) => Promise<ReadonlyMap<string, Value>>;

/** Classes of the statements that are there. */
async function classesOf(
  rows: readonly StatementRow[],
  known: ReadonlyMap<string, StatementClass> | undefined,
  breathe: Breathe,
  read: OfQueryids<StatementClass>,
): Promise<ReadonlyMap<string, StatementClass>> {
  const classes = new Map<string, StatementClass>();
  const unjudged = new Set<string>();
  await eachBreathing(rows, breathe, ({ queryid }) => {
    if (queryid === null) return;
    const one = known?.get(queryid);
    if (one === undefined) unjudged.add(queryid);
    else classes.set(queryid, one);
  });
  if (unjudged.size === 0) return classes;
  for (const [queryid, one] of await read([...unjudged])) {
    if (unjudged.has(queryid)) classes.set(queryid, one);
  }
  return classes;
}

async function labelsOf(
  members: readonly string[],
  known: ReadonlyMap<string, string> | undefined,
  read: OfQueryids<string>,
): Promise<ReadonlyMap<string, string>> {
  const labels = new Map([...(known ?? [])].filter(([queryid]) => members.includes(queryid)));
  const missing = members.filter((queryid) => !labels.has(queryid));
  if (missing.length === 0) return labels;
  for (const [queryid, label] of await read(missing)) labels.set(queryid, label);
  return labels;
}

async function topRows(
  rows: readonly StatementRow[],
  classes: ReadonlyMap<string, StatementClass>,
  breathe: Breathe,
): Promise<readonly TopRow<StatementIdentity>[]> {
  const named: TopRow<StatementIdentity>[] = [];
  const unnamed = new Map<string, bigint[]>();
  await eachBreathing(rows, breathe, ({ part, userAndDatabase, queryid, datname, counters }) => {
    if (queryid === null) {
      const sum = unnamed.get(userAndDatabase);
      if (sum === undefined) unnamed.set(userAndDatabase, [...counters]);
      else add(sum, counters);
      return;
    }
    const group = classes.get(queryid) ?? 'unknown';
    const identity: StatementIdentity = { queryid, datname, class: group };
    named.push({ key: JSON.stringify([queryid, datname]), part, identity, group, counters });
  });
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
