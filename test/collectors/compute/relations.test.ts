import { describe, expect, it } from 'vitest';
import { relationSizes } from '../../../src/collectors/compute/relation-sizes.ts';
import { relations } from '../../../src/collectors/compute/relations.ts';
import { SourceError } from '../../../src/errors.ts';
import type { PgRow } from '../../../src/sources/postgres-rows.ts';
import { fakeSql } from '../../support/fake-sql.ts';
import { lookOnce, totalOf } from './statements-look.ts';

const never = { vacuum: null, autovacuum: null, analyze: null, autoanalyze: null };

function table(relname: string, scans: number, bytes: string | null): PgRow {
  const counters = [scans, ...new Array<number>(13).fill(0)].join(' ');
  return { schemaname: 'public', relname, counters, live: '1', dead: '2', changed: '0', bytes, ...never };
}

/** A server with databases `a` and `b`, and one table list for each. */
function serverOf(tables: Readonly<Record<string, readonly PgRow[] | SourceError>>, serverVersion = 150_000) {
  return fakeSql(
    (sql, database) => {
      if (sql.includes('stats_reset')) return [{ block_bytes: '8192', reset: 'never' }];
      if (sql.includes('pg_stat_user_tables')) return tables[database] ?? [];
      if (sql.includes('has_database_privilege')) {
        return Object.keys(tables).map((name) => ({ name, allowed: name === 'hidden' ? 'f' : 't' }));
      }
      return [];
    },
    { database: 'a', serverVersion },
  );
}

describe('relations', () => {
  it('keeps the sums of a database true while another cannot be read', async () => {
    const denied = new SourceError('denied', 'no', { sqlState: '28000' });
    const gone = new SourceError('unsupported', 'no database', { sqlState: '3D000' });
    const slow = new SourceError('timeout', 'too slow', { sqlState: '57014' });
    const server = serverOf({ a: [table('t', 5, '8192')], b: denied, dropped: gone, hidden: [], slow });
    const { series, skips } = await lookOnce(relations, server, { settings: { databases: ['*'] } });
    expect(skips).toEqual(['database: no_privilege', 'database: no_object', 'database: timeout']);
    expect(totalOf(series, 'neon_compute_table_sequential_scans_total')).toBe(5);
    expect(series.join('\n')).not.toContain('datname="b"');
  });

  it.for([
    { case: 'of its own database', tables: { a: new SourceError('denied', 'no', { sqlState: '42501' }) } },
    { case: 'that is none of another database', tables: { a: [], b: new SourceError('timeout', 'late') } },
  ])('passes on a failure $case', async ({ tables }) => {
    const look = lookOnce(relations, serverOf(tables), { settings: { databases: ['*'] } });
    await expect(look).rejects.toBeInstanceOf(SourceError);
  });

  it('refuses a row in which a null has moved the other counters', async () => {
    const row = table('t', 5, '8192');
    const short = { ...row, counters: row['counters']?.split(' ').slice(1).join(' ') ?? '' };
    const look = lookOnce(relations, serverOf({ a: [short] }));
    await expect(look).rejects.toMatchObject({ reason: 'malformed' });
  });

  it('does not take an unknown size for zero, and counts those tables', async () => {
    const rows = [table('big', 1, '819200'), table('new', 1, null), table('older', 1, null)];
    const { series } = await lookOnce(relations, serverOf({ a: rows }), { settings: { top: 2 } });
    expect(series.filter((line) => line.startsWith('neon_compute_table_size_bytes'))).toEqual([
      'neon_compute_table_size_bytes{compute="main",datname="a",schemaname="public",relname="big"} 819200',
      'neon_compute_table_size_bytes{compute="main",datname="a",relname="other"} 0',
    ]);
    expect(series).toContain('neon_compute_tables_of_unknown_size{compute="main",datname="a"} 2');
  });

  it('moves a dropped table into other under a new name, so that no rate sees it', async () => {
    const before = await lookOnce(relations, serverOf({ a: [table('x', 7, '9'), table('y', 1, '8')] }), {
      settings: { top: 1 },
    });
    const after = await lookOnce(relations, serverOf({ a: [table('y', 2, '8')] }), {
      settings: { top: 1 },
      previous: before.reading,
    });
    const scans = (series: readonly string[]) =>
      series.filter((line) => line.startsWith('neon_compute_table_sequential_scans_total'));
    expect(scans(before.series)).toEqual([
      'neon_compute_table_sequential_scans_total{compute="main",datname="a",schemaname="public",relname="x"} 7',
      'neon_compute_table_sequential_scans_total{compute="main",datname="a",relname="other",since="2026-11-22T00:00:00.000Z"} 1',
    ]);
    expect(scans(after.series)).toEqual([
      'neon_compute_table_sequential_scans_total{compute="main",datname="a",schemaname="public",relname="y"} 2',
      'neon_compute_table_sequential_scans_total{compute="main",datname="a",relname="other",since="2026-11-22T00:00:00.001Z"} 7',
    ]);
  });

  it.for([
    { serverVersion: 150_000, isAsked: false },
    { serverVersion: 160_000, isAsked: true },
  ])(
    'asks version $serverVersion for the last scan of an index: $isAsked',
    async ({ serverVersion, isAsked }) => {
      const server = serverOf({ a: [] }, serverVersion);
      await lookOnce(relations, server);
      expect(server.asked.some(({ sql }) => sql.includes('last_idx_scan'))).toBe(isAsked);
    },
  );
});

describe('relation_sizes', () => {
  const candidates = ['1', '2', '3', '4', '5', '6'].map((oid) => ({
    oid,
    schemaname: 's',
    relname: `r${oid}`,
    kind: 'table',
  }));

  it('counts what it could not measure by reason, and measures the rest', async () => {
    const answers: Readonly<Record<string, readonly PgRow[] | SourceError>> = {
      '1': [{ locked: 'f', bytes: '10' }],
      '2': [{ locked: 't', bytes: null }],
      '3': new SourceError('timeout', 'lock', { sqlState: '55P03' }),
      '4': [],
      '5': new SourceError('unexpected', 'no file', { sqlState: '58P01' }),
      '6': [{ locked: 'f', bytes: null }],
    };
    const server = fakeSql((sql) =>
      sql.includes('row_number') ? candidates : (answers[/c\.oid = (\d+)/.exec(sql)?.[1] ?? ''] ?? []),
    );
    const { series } = await lookOnce(relationSizes, server);
    expect(series).toEqual([
      'neon_compute_relation_size_bytes{compute="main",datname="postgres",schemaname="s",relname="r1",kind="table"} 10',
      'neon_compute_relation_sizes_skipped{compute="main",datname="postgres",reason="locked"} 2',
      'neon_compute_relation_sizes_skipped{compute="main",datname="postgres",reason="gone"} 2',
      'neon_compute_relation_sizes_skipped{compute="main",datname="postgres",reason="failed"} 1',
    ]);
  });

  it('fails when the server does', async () => {
    const shutdown = new SourceError('refused', 'closing', { sqlState: '57P01' });
    const server = fakeSql((sql) => (sql.includes('row_number') ? candidates : shutdown));
    await expect(lookOnce(relationSizes, server)).rejects.toBe(shutdown);
  });
});
