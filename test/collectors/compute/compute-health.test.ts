import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeHealth } from '../../../src/collectors/compute/compute-health.ts';
import { activityOf } from '../../../src/collectors/compute/compute-health-activity.ts';
import type { ComputeHealthReading } from '../../../src/collectors/compute/compute-health-reading.ts';
import { readSizes } from '../../../src/collectors/compute/compute-health-sizes.ts';
import { trackParts } from '../../../src/collectors/sql-part.ts';
import { SourceError } from '../../../src/errors.ts';
import type { PgRow } from '../../../src/sources/postgres-rows.ts';
import { fakeSql } from '../../support/fake-sql.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { answers, collectSql, skips, sqlSeries } from './compute-collect.ts';

const server: PgRow = {
  in_recovery: 'f',
  started: '1750000000.5',
  max_connections: '100',
  superuser_reserved: '3',
  reserved: '0',
  block_size: '8192',
  is_neon: 't',
};

function session(
  state: string | null,
  usename: string,
  datname: string,
  connections: number,
  changed: PgRow = {},
): PgRow {
  const row = { state, usename, datname, connections: String(connections), hidden: '0' };
  return { ...row, oldest_transaction: null, oldest_idle: null, ...changed };
}

const database = (oid: number, datname: string, changed: PgRow = {}): PgRow => ({
  oid: String(oid),
  datname,
  is_invalid: 'f',
  is_allowed: 't',
  ...changed,
});

interface World {
  readonly server?: PgRow;
  readonly activity?: readonly PgRow[];
  readonly databases?: readonly PgRow[];
  readonly probe?: readonly PgRow[];
  readonly risks?: PgRow;
  readonly more?: Readonly<Record<string, readonly PgRow[] | Error>>;
  readonly serverVersion?: number;
}

async function look(world: World = {}) {
  const sql = fakeSql(
    answers({
      // Twice: the test's own patterns come first, and its answers hold.
      ...world.more,
      'pg_database_size(': [{ bytes: '100' }],
      "s.name = 'log_statement'": [world.risks ?? { log_statement: 'f', archive_command: 'f' }],
      pg_extension: world.probe ?? [],
      'FROM pg_catalog.pg_database': world.databases ?? [database(1, 'postgres')],
      "LIKE 'Neon/%'": [],
      'FROM pg_catalog.pg_stat_activity': world.activity ?? [session('active', 'postgres', 'postgres', 1)],
      pg_postmaster_start_time: [{ ...server, ...world.server }],
      ...world.more,
    }),
    { serverVersion: world.serverVersion ?? 170_010 },
  );
  const reading: ComputeHealthReading = await collectSql(computeHealth, sql);
  return { reading, series: sqlSeries(computeHealth, reading), skips: skips(reading) };
}

const probe = (name: string | null, columns: string | null = null, isAllowed = 't'): PgRow => ({
  version: '1.6',
  schema: 'neon',
  name,
  columns,
  is_allowed: isAllowed,
});

describe('compute_health', () => {
  it.for([
    { row: { log_statement: 't', archive_command: 'f' }, values: { log_statement: 1, archive_command: 0 } },
    { row: { log_statement: 'f', archive_command: 't' }, values: { log_statement: 0, archive_command: 1 } },
    { row: { log_statement: null, archive_command: 'f' }, values: { archive_command: 0 } },
  ])('says of risky settings $values, and nothing of those it was not told of', async ({ row, values }) => {
    const { series } = await look({ risks: row });
    expect(series.filter((line) => line.startsWith('neon_compute_risky_setting'))).toEqual(
      Object.entries(values).map(
        ([setting, value]) => `neon_compute_risky_setting{compute="main",setting="${setting}"} ${value}`,
      ),
    );
  });

  it('sums up connections beyond the largest groups, and loses none', async () => {
    const { series } = await look({
      activity: [
        session('idle', 'a', 'x', 5),
        session('idle', 'b', 'x', 4),
        session('active', 'a', 'x', 3),
        session('active', 'b', 'y', 2),
        session('idle', 'c', 'z', 1),
        session('idle', 'd', 'z', 1),
      ],
    });
    expect(series.filter((line) => line.startsWith('neon_compute_connections'))).toEqual([
      'neon_compute_connections{compute="main",state="idle",usename="a",datname="x"} 5',
      'neon_compute_connections{compute="main",state="idle",usename="b",datname="x"} 4',
      'neon_compute_connections{compute="main",state="active",usename="a",datname="x"} 3',
      'neon_compute_connections{compute="main",state="active",usename="other",datname="other"} 2',
      'neon_compute_connections{compute="main",state="idle",usename="other",datname="other"} 2',
    ]);
  });

  it('knows no oldest transaction while some sessions are hidden', async () => {
    const began = { oldest_transaction: '1760000000', oldest_idle: '1760000001' };
    const seen = await look({ activity: [session('idle in transaction', 'a', 'x', 1, began)] });
    expect(seen.series).toEqual(
      expect.arrayContaining([
        'neon_compute_oldest_transaction_timestamp_seconds{compute="main"} 1760000000',
        'neon_compute_oldest_idle_in_transaction_timestamp_seconds{compute="main"} 1760000001',
      ]),
    );
    const hidden = await look({
      activity: [
        session('idle in transaction', 'a', 'x', 1, began),
        session(null, 'b', 'x', 1, { hidden: '1' }),
      ],
    });
    expect(hidden.series.join('\n')).not.toContain('oldest');
    expect(hidden.skips).toContain('activity: no_privilege');
  });

  it('leaves out what an older extension has not, and what it may not read', async () => {
    const { skips, series } = await look({
      probe: [
        probe('neon_lfc_stats', 'lfc_key,lfc_value', 'f'),
        probe('get_prewarm_info', 'total_chunks,curr_chunk,prewarmed_pages,skipped_pages'),
        probe('neon_perf_counters', 'metric,value'),
      ],
      more: {
        'neon.neon_perf_counters': [{ metric: 'pageserver_open_requests', bucket_le: null, value: '4' }],
      },
    });
    expect(skips).toEqual([
      'neon_lfc_stats: no_privilege',
      'backpressure_throttling_time: unsupported_version',
      'backpressure_lsns: unsupported_version',
      'approximate_working_set_size_seconds: unsupported_version',
      'get_prewarm_info: unsupported_version',
      'pg_cluster_size: unsupported_version',
    ]);
    expect(series).toContain('neon_compute_pageserver_open_requests{compute="main"} 4');
  });

  it('subtracts positions in full, and takes 0/0 for no report', async () => {
    const { series } = await look({
      probe: [probe('backpressure_lsns')],
      more: {
        'neon.backpressure_lsns()': [
          {
            flushed: 'FFFFFFFF/FFFFFFFF',
            received: 'FFFFFFFF/FFFFFFFE',
            disk_consistent: '0/1',
            remote_consistent: '0/0',
          },
        ],
      },
    });
    expect(series.filter((line) => line.includes('backpressure_lag'))).toEqual([
      'neon_compute_backpressure_lag_bytes{compute="main",position="received"} 1',
      'neon_compute_backpressure_lag_bytes{compute="main",position="disk_consistent"} 18446744073709551614',
    ]);
  });

  it('is not behind a pageserver that reports more than was flushed a moment ago', async () => {
    const { series } = await look({
      probe: [probe('backpressure_lsns')],
      more: {
        'neon.backpressure_lsns()': [
          { flushed: '0/10', received: '0/20', disk_consistent: null, remote_consistent: null },
        ],
      },
    });
    expect(series).toContain('neon_compute_backpressure_lag_bytes{compute="main",position="received"} 0');
  });

  it('counts waits by event, known and new', async () => {
    const { series } = await look({
      probe: [probe(null)],
      more: {
        "LIKE 'Neon/%'": [
          { wait_event: 'Neon/PS_ReadIO', backends: '7' },
          { wait_event: 'Neon/Brand_New', backends: '1' },
        ],
      },
    });
    expect(series).toEqual(
      expect.arrayContaining([
        'neon_compute_backends_waiting{compute="main",wait_event="PS_ReadIO"} 7',
        'neon_compute_backends_waiting{compute="main",wait_event="WAL_Download"} 0',
        'neon_compute_backends_waiting{compute="main",wait_event="Brand_New"} 1',
      ]),
    );
  });

  it('keeps what it has when sizes take too long, and fails when the run is over', async () => {
    const slow = new SourceError('timeout', 'too slow', { sqlState: '57014' });
    const { series, skips } = await look({ more: { 'pg_database_size(': slow } });
    expect(skips).toContain('database_sizes: timeout');
    expect(series).toContain('neon_compute_databases{compute="main"} 1');
    expect(series.join('\n')).not.toContain('database_size_bytes');
    const parts = trackParts(AbortSignal.abort());
    await expect(parts.attempt('database_sizes', () => Promise.reject(slow))).rejects.toBe(slow);
  });

  it('keeps what it has when a pageserver cannot tell a size', async () => {
    const failure = new SourceError('unexpected', 'could not read db size', { sqlState: '58030' });
    const { series, skips } = await look({ more: { 'pg_database_size(': failure } });
    expect(skips).toContain('database_sizes: failed');
    expect(series).toContain('neon_compute_up{compute="main"} 1');
  });
});

describe('activityOf', () => {
  it('has one row a label set, and every connection once, for any names', () => {
    const name = fc.constantFrom('other', 'a', 'b', '', 'unknown');
    const row = fc.record({
      state: fc.option(fc.constantFrom('idle', 'active', 'unknown')),
      usename: fc.option(name),
      datname: fc.option(name),
      connections: fc.nat(100),
      hidden: fc.constant(0),
      oldest_transaction: fc.constant(null),
      oldest_idle: fc.constant(null),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), fc.nat(5), (rows, top) => {
        const { connections } = activityOf(rows, top);
        const keys = connections.map(({ state, usename, datname }) =>
          JSON.stringify([state, usename, datname]),
        );
        expect(new Set(keys).size).toBe(keys.length);
        const sum = (list: readonly { connections: number }[]) =>
          list.reduce((total, one) => total + one.connections, 0);
        expect(sum(connections)).toBe(sum(rows));
      }),
    );
  });
});

describe('database sizes', () => {
  const names = ['a', 'b', 'c', 'd', 'other'];

  /** One look; each size takes `eachMs`. */
  async function measure(eachMs: number, previous?: ComputeHealthReading['databases']) {
    const clock = manualClock();
    const asked: string[] = [];
    const sql = fakeSql((text) => {
      const oid = /pg_database_size\((\d+)/.exec(text)?.[1];
      if (oid === undefined) return names.map((datname, index) => database(index + 1, datname));
      asked.push(names[Number(oid) - 1] ?? '');
      void clock.advance(eachMs);
      return [{ bytes: `${Number(oid) * 10}` }];
    });
    const parts = trackParts(AbortSignal.any([]));
    const sizes = await sql.session({}, AbortSignal.any([]), (open) =>
      readSizes(open, previous, clock, parts),
    );
    return { sizes, asked, skipped: parts.skipped() };
  }

  it('reaches in the next run those that it did not reach in this one', async () => {
    const first = await measure(900);
    expect(first.asked).toEqual(['a', 'b', 'c']);
    expect(first.sizes.isComplete).toBe(false);
    expect(first.skipped).toEqual([{ part: 'database_sizes', reason: 'timeout' }]);
    const second = await measure(900, first.sizes);
    expect(second.asked).toEqual(['d', 'other', 'a']);
  });

  it('counts a database named other into the sum', async () => {
    const { sizes } = await measure(1);
    const { reading } = await look();
    const series = sqlSeries(computeHealth, { ...reading, databases: sizes, top: 2 });
    expect(series.filter((line) => line.includes('database_size_bytes'))).toEqual([
      'neon_compute_database_size_bytes{compute="main",datname="d"} 40',
      'neon_compute_database_size_bytes{compute="main",datname="other"} 110',
    ]);
  });
});
