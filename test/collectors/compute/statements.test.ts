import { describe, expect, it } from 'vitest';
import { statements } from '../../../src/collectors/compute/statements.ts';
import { labelText } from '../../../src/collectors/compute/statements-text.ts';
import { SourceError } from '../../../src/errors.ts';
import type { PgRow } from '../../../src/sources/postgres-rows.ts';
import { fakeSql } from '../../support/fake-sql.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { lookOnce } from './statements-look.ts';

/** Result columns of `pg_stat_statements(boolean)` as the versions have them, as far as we read them. */
const blocks =
  'shared_blks_hit shared_blks_read shared_blks_dirtied shared_blks_written temp_blks_read temp_blks_written';
const columnsOf: Readonly<Record<string, string>> = {
  '1.8': `userid dbid queryid query total_plan_time calls total_exec_time rows ${blocks} blk_read_time blk_write_time wal_bytes`,
  '1.10': `userid dbid toplevel queryid query total_plan_time calls total_exec_time rows ${blocks} blk_read_time blk_write_time wal_bytes`,
  '1.12': `userid dbid toplevel queryid query total_plan_time calls total_exec_time rows ${blocks} shared_blk_read_time shared_blk_write_time wal_bytes wal_buffers_full`,
};

interface Server {
  version?: string;
  planning?: string | null;
  timing?: string;
  rows: readonly PgRow[];
  classes?: readonly PgRow[] | SourceError;
  texts?: readonly PgRow[];
  /** Called when texts are read. */
  onText?: () => void;
}

function serverOf({
  version = '1.12',
  planning = 'off',
  timing = 'off',
  rows,
  classes,
  texts,
  onText,
}: Server) {
  const settings = { schema: 'public', max: '5000', planning, timing };
  return fakeSql((sql) => {
    if (sql.includes('pg_extension')) {
      return [
        { ...settings, name: 'pg_stat_statements', columns: `showtext ${columnsOf[version]}` },
        { ...settings, name: 'pg_stat_statements_info', columns: 'dealloc stats_reset' },
      ];
    }
    if (sql.includes('_info()')) return [{ dealloc: '2', reset: '1795300000.5' }];
    if (sql.includes('pg_stat_statements(false)')) return rows;
    onText?.();
    return sql.includes('AS class') ? (classes ?? []) : (texts ?? []);
  });
}

/** A row whose counters are `calls`, execution time in ms, and then as many others as the server has. */
function row(queryid: string | null, calls: number, ms: string, others = 7): PgRow {
  return {
    part: `10/5/t/${queryid ?? ''}`,
    userid: '10',
    dbid: '5',
    queryid,
    datname: 'app',
    counters: [calls, ms, ...new Array<number>(others).fill(0), '18446744073709551617'].join(' '),
  };
}

describe('statements', () => {
  it.for([
    {
      case: 'PostgreSQL 14 with extension 1.8',
      version: '1.8',
      sql: ['s.blk_read_time', ', true, s.queryid) AS part'],
    },
    { case: 'PostgreSQL 15 and 16', version: '1.10', sql: ['s.blk_read_time', 's.toplevel'] },
    { case: 'PostgreSQL 18', version: '1.12', sql: ['s.shared_blk_read_time', 's.toplevel'] },
  ])('asks for the columns that are there: $case', async ({ version, sql }) => {
    const server = serverOf({ version, timing: 'on', planning: 'on', rows: [row('1', 1, '1', 10)] });
    const { series } = await lookOnce(statements, server);
    const asked = server.asked.map((one) => one.sql).join('\n');
    for (const text of sql) expect(asked).toContain(text);
    expect(series.filter((line) => line.includes('block_read_seconds_total'))).toHaveLength(2);
  });

  it('leaves out what is not counted, says so once, and loses no digit', async () => {
    const { series, skips } = await lookOnce(statements, serverOf({ rows: [row('1', 7, '1e-06')] }));
    expect(skips).toEqual(['statement_planning: disabled', 'statement_block_times: disabled']);
    expect(series.join('\n')).not.toMatch(/plan_seconds|block_read_seconds/);
    const labels = 'compute="main",queryid="1",datname="app",class="unknown"';
    expect(series).toEqual(
      expect.arrayContaining([
        `neon_compute_statement_exec_seconds_total{${labels}} 1e-9`,
        `neon_compute_statement_wal_bytes_total{${labels}} 18446744073709551617`,
        'neon_compute_statement_entries{compute="main"} 1',
        'neon_compute_statement_entries_max{compute="main"} 5000',
        'neon_compute_statement_deallocations_total{compute="main"} 2',
        'neon_compute_statement_reset_timestamp_seconds{compute="main"} 1795300000.5',
      ]),
    );
  });

  it('counts statements whose id it may not see as other, of unknown class', async () => {
    const rows = [row('1', 1, '5'), row(null, 2, '50'), { ...row(null, 4, '500'), part: 'another' }];
    const classes = [{ queryid: '1', class: 'other' }];
    const { series, skips } = await lookOnce(statements, serverOf({ rows, classes }));
    expect(skips).toContain('statements_of_others: no_privilege');
    expect(series.filter((line) => line.includes('calls_total'))).toEqual([
      'neon_compute_statement_calls_total{compute="main",queryid="1",datname="app",class="other"} 1',
      'neon_compute_statement_calls_total{compute="main",queryid="other",since="2026-11-22T00:00:00.000Z"} 6',
      'neon_compute_statement_class_calls_total{compute="main",class="other"} 1',
      'neon_compute_statement_class_calls_total{compute="main",class="unknown"} 6',
      'neon_compute_statement_forgotten_calls_total{compute="main"} 0',
    ]);
  });

  it('reads the text of a statement once, and rests a hundred times as long as that took', async () => {
    const clock = manualClock();
    let reads = 0;
    const look = async (
      ids: readonly string[],
      previous?: Awaited<ReturnType<typeof lookOnce<never>>>['reading'],
    ) => {
      const onText = () => {
        reads += 1;
        void clock.advance(40);
      };
      const rows = ids.map((id) => row(id, 1, '1'));
      const classes = ids.map((queryid) => ({ queryid, class: 'vector' }));
      const { reading } = await lookOnce(statements, serverOf({ rows, classes, onText }), {
        clock,
        previous,
      });
      return reading;
    };
    const first = await look(['1']);
    await clock.advance(10_000);
    const second = await look(['1'], first as never);
    const third = await look(['1', '2'], second as never);
    const fourth = await look(['1', '2', '3'], third as never);
    expect(reads).toBe(2);
    expect(fourth.top?.groups.get('unknown')?.[0]).toBe(1n);
    await clock.advance(4_000);
    const fifth = await look(['1', '2', '3'], fourth as never);
    expect(reads).toBe(3);
    // What was counted while nobody had looked stays where it was counted: no total ever falls.
    expect(fifth.top?.groups.get('unknown')?.[0]).toBe(1n);
    expect([...(fifth.texts?.classes.keys() ?? [])]).toEqual(['1', '2', '3']);
  });

  it.for([
    {
      case: 'are too many for statement_timeout',
      failure: new SourceError('timeout', 'statement_timeout is 1000 ms', { sqlState: '57014' }),
      skip: 'statement_texts: timeout',
    },
    {
      case: 'of another database cannot be converted',
      failure: new SourceError('unexpected', 'no equivalent in encoding', { sqlState: '22P05' }),
      skip: 'statement_texts: failed',
    },
  ])('counts on when the texts $case, and says so until they were read', async ({ failure, skip }) => {
    const clock = manualClock();
    const onText = () => void clock.advance(1_000);
    const broken = serverOf({ rows: [row('1', 3, '1')], classes: failure, onText });
    const first = await lookOnce(statements, broken, { clock });
    const unknown = 'neon_compute_statement_class_calls_total{compute="main",class="unknown"} 3';
    expect(first.series).toContain(unknown);
    expect(first.skips).toContain(skip);
    const classes = [{ queryid: '1', class: 'vector' }];
    const whole = serverOf({ rows: [row('1', 3, '1')], classes });
    const resting = await lookOnce(statements, whole, { clock, previous: first.reading });
    expect(resting.skips).toContain(skip);
    await clock.advance(200_000);
    const later = await lookOnce(statements, whole, { clock, previous: resting.reading });
    expect(later.skips).not.toContain(skip);
  });

  it.for([
    { case: 'a value too few', counters: '1 2' },
    { case: 'a fraction of a call', counters: `1.5 1 ${'0 '.repeat(7)}0` },
    { case: 'a time that is no number', counters: `1 NaN ${'0 '.repeat(7)}0` },
  ])('refuses counters that are none: $case', async ({ counters }) => {
    const look = lookOnce(statements, serverOf({ rows: [{ ...row('1', 1, '1'), counters }] }));
    await expect(look).rejects.toMatchObject({ reason: 'malformed' });
  });

  it.for([
    { case: 'a server that breaks off', failure: new SourceError('refused', 'closed'), sqlState: undefined },
    { case: 'a missing grant', failure: new SourceError('denied', 'no', { sqlState: '42501' }) },
  ])('passes on a failure to read the counts: $case', async ({ failure }) => {
    await expect(
      lookOnce(
        statements,
        fakeSql(() => failure),
      ),
    ).rejects.toBe(failure);
  });
});

describe('labelText', () => {
  it.for([
    { case: 'keeps a normalised statement', query: 'SELECT $1 + "a""b"', text: 'SELECT $1 + "a""b"' },
    { case: 'makes one line', query: 'SELECT\n\t 1 -- why\n, 2', text: 'SELECT 1 , 2' },
    { case: 'takes out a password', query: "ALTER ROLE x PASSWORD 'a''b'", text: 'ALTER ROLE x PASSWORD ?' },
    { case: 'takes out one with a comment in it', query: "PASSWORD 'x--y'\n, 'z'", text: 'PASSWORD ? , ?' },
    { case: 'takes out one that ends in a backslash', query: "PASSWORD 'x\\' , 'z'", text: 'PASSWORD ? , ?' },
    { case: 'takes out escape strings', query: "SELECT E'a\\'b', 1", text: 'SELECT ?, 1' },
    { case: 'takes out dollar quotes', query: "DO $do$ secret $a$ ' $do$ 'x'", text: 'DO ? ?' },
    { case: 'takes out a literal cut off', query: "COPY t FROM 'secr", text: 'COPY t FROM ?' },
    { case: 'cuts between characters, not inside', query: '🦉'.repeat(300), text: `${'🦉'.repeat(199)}…` },
  ])('$case', ({ query, text }) => expect(labelText(query)).toBe(text));
});
