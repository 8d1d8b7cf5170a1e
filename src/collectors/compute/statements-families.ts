import { family, type Sample } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import type { TargetReading } from '../collector.ts';
import type { SqlReadingBase } from '../sql-collector.ts';
import type { StatementSource } from './statements-source.ts';
import { type StatementClass, statementClasses } from './statements-text.ts';
import type { TopState } from './top.ts';

export interface StatementIdentity {
  readonly queryid: string;
  readonly datname: string;
  readonly class: StatementClass | 'unknown';
}

/** Nothing but `skippedParts` when there is no pg_stat_statements. */
export interface StatementsReading extends SqlReadingBase {
  readonly source?: StatementSource;
  readonly entries?: number;
  readonly top?: TopState<StatementIdentity>;
  /** What was found out by reading texts: kept, because reading them is dear. */
  readonly texts?: {
    readonly classes: ReadonlyMap<string, StatementClass>;
    /** Of members only. */
    readonly labels: ReadonlyMap<string, string>;
    /** Monotonic instant before which no text is read again. */
    readonly nextMs: number;
  };
}

type Input = TargetReading<StatementsReading>;

const rowLabels = ['compute', 'queryid', 'datname', 'class', 'since'] as const;
const classLabels = ['compute', 'class'] as const;

const nanosecondsPerSecond = 1e9;

/** The counters of members, then those of `other`; nothing when the server does not count that column. */
function* byStatement(
  { target, reading: { top } }: Input,
  column: string,
  divisor?: number,
): Iterable<Sample<(typeof rowLabels)[number]>> {
  const index = top?.columns.indexOf(column) ?? -1;
  if (top === undefined || index < 0) return;
  const scaled = (counters: readonly bigint[]) => scale(counters[index] ?? 0n, divisor);
  for (const { identity, counters } of top.members) {
    const { queryid, datname, class: kind } = identity;
    yield sample({ compute: target.name, queryid, datname, class: kind, since: '' }, scaled(counters));
  }
  const since = new Date(top.other.sinceMs).toISOString();
  const labels = { compute: target.name, queryid: 'other', datname: '', class: '', since };
  yield sample(labels, scaled(top.other.counters));
}

/** Totals over every statement, member or not. */
function* byClass(
  { target, reading: { top } }: Input,
  column: string,
  divisor?: number,
): Iterable<Sample<(typeof classLabels)[number]>> {
  const index = top?.columns.indexOf(column) ?? -1;
  if (top === undefined || index < 0) return;
  // Zero is known only when every text could be judged.
  const certain = top.groups.has('unknown') ? [] : statementClasses;
  for (const name of new Set<string>([...certain, ...top.groups.keys()])) {
    yield sample({ compute: target.name, class: name }, scale(top.groups.get(name)?.[index] ?? 0n, divisor));
  }
}

function scale(value: bigint, divisor: number | undefined): number | bigint {
  return divisor === undefined ? value : Number(value) / divisor;
}

const rowShape = { type: 'counter', labels: rowLabels, cardinality: 'node' } as const;
const classShape = { type: 'counter', labels: classLabels, cardinality: 'node' } as const;
const computeShape = { labels: ['compute'], cardinality: 'node' } as const;

const calls = family({
  ...rowShape,
  name: 'neon_compute_statement_calls_total',
  help: 'Executions of a statement; queryid "other" adds up those without a name of their own, since the instant their set last changed.',
  samples: (input: Input) => byStatement(input, 'calls'),
});

const execSeconds = family({
  ...rowShape,
  name: 'neon_compute_statement_exec_seconds_total',
  unit: 'seconds',
  help: 'Time spent executing a statement.',
  samples: (input: Input) => byStatement(input, 'exec_time', nanosecondsPerSecond),
});

const planSeconds = family({
  ...rowShape,
  name: 'neon_compute_statement_plan_seconds_total',
  unit: 'seconds',
  help: 'Time spent planning a statement; absent while pg_stat_statements.track_planning is off.',
  samples: (input: Input) => byStatement(input, 'plan_time', nanosecondsPerSecond),
});

const rows = family({
  ...rowShape,
  name: 'neon_compute_statement_rows_total',
  help: 'Rows that a statement returned or changed.',
  samples: (input: Input) => byStatement(input, 'rows'),
});

const sharedBlocksHit = family({
  ...rowShape,
  name: 'neon_compute_statement_shared_blocks_hit_total',
  help: 'Shared blocks that a statement found in the buffer cache.',
  samples: (input: Input) => byStatement(input, 'shared_blocks_hit'),
});

const sharedBlocksRead = family({
  ...rowShape,
  name: 'neon_compute_statement_shared_blocks_read_total',
  help: 'Shared blocks that a statement had to read; on Neon from the local file cache or a pageserver.',
  samples: (input: Input) => byStatement(input, 'shared_blocks_read'),
});

const sharedBlocksDirtied = family({
  ...rowShape,
  name: 'neon_compute_statement_shared_blocks_dirtied_total',
  help: 'Shared blocks that a statement changed first.',
  samples: (input: Input) => byStatement(input, 'shared_blocks_dirtied'),
});

const sharedBlocksWritten = family({
  ...rowShape,
  name: 'neon_compute_statement_shared_blocks_written_total',
  help: 'Shared blocks that a statement had to write itself.',
  samples: (input: Input) => byStatement(input, 'shared_blocks_written'),
});

const tempBlocksRead = family({
  ...rowShape,
  name: 'neon_compute_statement_temp_blocks_read_total',
  help: 'Blocks of temporary files that a statement read.',
  samples: (input: Input) => byStatement(input, 'temp_blocks_read'),
});

const tempBlocksWritten = family({
  ...rowShape,
  name: 'neon_compute_statement_temp_blocks_written_total',
  help: 'Blocks of temporary files that a statement wrote.',
  samples: (input: Input) => byStatement(input, 'temp_blocks_written'),
});

const blockReadSeconds = family({
  ...rowShape,
  name: 'neon_compute_statement_block_read_seconds_total',
  unit: 'seconds',
  help: 'Time a statement waited for shared blocks to be read; absent while track_io_timing is off.',
  samples: (input: Input) => byStatement(input, 'block_read_time', nanosecondsPerSecond),
});

const blockWriteSeconds = family({
  ...rowShape,
  name: 'neon_compute_statement_block_write_seconds_total',
  unit: 'seconds',
  help: 'Time a statement waited for shared blocks to be written; absent while track_io_timing is off.',
  samples: (input: Input) => byStatement(input, 'block_write_time', nanosecondsPerSecond),
});

const walBytes = family({
  ...rowShape,
  name: 'neon_compute_statement_wal_bytes_total',
  unit: 'bytes',
  help: 'WAL that a statement wrote.',
  samples: (input: Input) => byStatement(input, 'wal_bytes'),
});

const classCalls = family({
  ...classShape,
  name: 'neon_compute_statement_class_calls_total',
  help: 'Executions of all statements by class: vector by its distance operators, neurondb by its schema, unknown without a readable text.',
  samples: (input: Input) => byClass(input, 'calls'),
});

const classExecSeconds = family({
  ...classShape,
  name: 'neon_compute_statement_class_exec_seconds_total',
  unit: 'seconds',
  help: 'Time spent executing all statements, by class.',
  samples: (input: Input) => byClass(input, 'exec_time', nanosecondsPerSecond),
});

const textInfo = family({
  name: 'neon_compute_statement_text_info',
  type: 'info',
  help: 'Text of a statement that has a name of its own, without literals and comments, cut to 200 characters.',
  labels: ['compute', 'queryid', 'datname', 'text'],
  cardinality: 'node',
  *samples({ target, reading: { top, texts } }: Input) {
    for (const { identity } of top?.members ?? []) {
      const text = texts?.labels.get(identity.queryid);
      if (text === undefined) continue;
      yield sample({ compute: target.name, queryid: identity.queryid, datname: identity.datname, text }, 1);
    }
  },
});

function one(input: Input, value: number | bigint | undefined): readonly Sample<'compute'>[] {
  return value === undefined ? [] : [sample({ compute: input.target.name }, value)];
}

const entries = family({
  ...computeShape,
  name: 'neon_compute_statement_entries',
  type: 'gauge',
  help: 'Entries in pg_stat_statements.',
  samples: (input: Input) => one(input, input.reading.entries),
});

const maxEntries = family({
  ...computeShape,
  name: 'neon_compute_statement_entries_max',
  type: 'gauge',
  help: 'Entries that pg_stat_statements can hold before it evicts the least used.',
  samples: (input: Input) => one(input, input.reading.source?.maxEntries),
});

const deallocations = family({
  ...computeShape,
  name: 'neon_compute_statement_deallocations_total',
  type: 'counter',
  help: 'Times that pg_stat_statements evicted its least used entries for want of room.',
  samples: (input: Input) => one(input, input.reading.source?.info?.deallocations),
});

const resetTimestamp = family({
  ...computeShape,
  name: 'neon_compute_statement_reset_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When pg_stat_statements was last reset as a whole.',
  samples: (input: Input) => {
    const resetMs = input.reading.source?.info?.resetMs;
    return one(input, resetMs === undefined ? undefined : resetMs / 1000);
  },
});

function forgotten({ reading: { top } }: Input, column: string): bigint | undefined {
  return top?.forgotten[top.columns.indexOf(column)];
}

const forgottenCalls = family({
  ...computeShape,
  name: 'neon_compute_statement_forgotten_calls_total',
  type: 'counter',
  help: 'Executions counted in the other families that pg_stat_statements itself no longer has, its entries being evicted or reset.',
  samples: (input: Input) => one(input, forgotten(input, 'calls')),
});

const forgottenExecSeconds = family({
  ...computeShape,
  name: 'neon_compute_statement_forgotten_exec_seconds_total',
  type: 'counter',
  unit: 'seconds',
  help: 'Execution time counted in the other families that pg_stat_statements itself no longer has.',
  samples: (input: Input) => {
    const time = forgotten(input, 'exec_time');
    return one(input, time === undefined ? undefined : Number(time) / nanosecondsPerSecond);
  },
});

export const statementFamilies = [
  calls,
  execSeconds,
  planSeconds,
  rows,
  sharedBlocksHit,
  sharedBlocksRead,
  sharedBlocksDirtied,
  sharedBlocksWritten,
  tempBlocksRead,
  tempBlocksWritten,
  blockReadSeconds,
  blockWriteSeconds,
  walBytes,
  classCalls,
  classExecSeconds,
  textInfo,
  entries,
  maxEntries,
  deallocations,
  resetTimestamp,
  forgottenCalls,
  forgottenExecSeconds,
] as const;
