import { describe, expect, it } from 'vitest';
import { postgres } from '../../../src/collectors/postgres/postgres.ts';
import { postgresUp } from '../../../src/collectors/postgres/up.ts';
import { SourceError } from '../../../src/errors.ts';
import type { PgRow } from '../../../src/sources/postgres-rows.ts';
import { manualClock } from '../../support/manual-clock.ts';
import {
  type Answer,
  collect,
  oneRow,
  type Subject,
  seriesOf,
  seriesText,
  server,
  subjectOf,
  subjects,
  target,
  versionRow,
} from './fake-server.ts';

const denied = new SourceError('denied', 'no', { sqlState: '42501' });
const missing = new SourceError('unsupported', 'no', { sqlState: '42P01' });
const slow = new SourceError('timeout', 'no', { sqlState: '57014' });

describe('the postgres collector', () => {
  it('reads everything with ten statements and the sizes', async () => {
    const { asked, reading } = await collect(server());
    expect(asked.map(subjectOf).sort()).toEqual([...Object.keys(subjects)].sort());
    expect(reading.skippedParts).toEqual([]);
  });

  it('gives every database every state and mode, with 0 for what does not occur', async () => {
    const series = seriesOf((await collect(server())).reading);
    expect(series).toContain('pg_stat_activity_count{server="pg:5432",datname="a",state="active"} 2');
    expect(series).toContain('pg_stat_activity_count{server="pg:5432",datname="b",state="active"} 0');
    expect(series).toContain(
      'pg_stat_activity_max_tx_duration{server="pg:5432",datname="a",state="active"} 1.5',
    );
    expect(series).toContain('pg_locks_count{datname="a",mode="sharelock",server="pg:5432"} 4');
    expect(series.filter((line) => line.startsWith('pg_locks_count'))).toHaveLength(18);
  });

  it('keeps every digit of a size', async () => {
    const series = seriesOf((await collect(server())).reading);
    expect(series).toContain('pg_database_size_bytes{datname="a",server="pg:5432"} 9007199254740993');
  });

  it('keeps limits of databases and of roles apart', async () => {
    const series = seriesOf((await collect(server())).reading);
    expect(series).toContain('pg_database_connection_limit{datname="b",server="pg:5432"} 5');
    expect(series).toContain('pg_roles_connection_limit{rolname="watcher",server="pg:5432"} 3');
    expect(series).not.toContain('pg_database_connection_limit{datname="watcher",server="pg:5432"} 3');
  });

  it('says NaN for a null that postgres_exporter says NaN for, and nothing for a later figure', async () => {
    const statistics = (sql: string) => [
      oneRow(sql, '7', {
        datid: '5',
        datname: 'a',
        pg_stat_database_checksum_failures: null,
        pg_stat_database_active_time_seconds_total: null,
      }),
    ];
    const series = seriesOf((await collect(server({ statistics }))).reading);
    expect(series).toContain(
      'pg_stat_database_checksum_failures{server="pg:5432",datid="5",datname="a"} NaN',
    );
    expect(series.filter((line) => line.includes('active_time_seconds'))).toEqual([]);
  });

  it('keeps the first of two receivers that no label tells apart, and counts the other', async () => {
    const receiver = {
      application_name: 'walreceiver',
      client_addr: '10.0.0.1',
      state: 'streaming',
      slot_name: null,
    };
    const replication = (sql: string) => [oneRow(sql, '20', receiver), oneRow(sql, '10', receiver)];
    const { reading } = await collect(server({ replication }));
    expect(
      seriesOf(reading).filter((line) => line.startsWith('pg_stat_replication_pg_wal_lsn_diff')),
    ).toEqual([
      'pg_stat_replication_pg_wal_lsn_diff{server="pg:5432",application_name="walreceiver",client_addr="10.0.0.1",state="streaming",slot_name=""} 20',
    ]);
    expect(reading.setAside).toEqual({ duplicate: 1 });
  });

  it('gives a vacuum its phase as 1 among zeros', async () => {
    const vacuum = (sql: string) => [
      oneRow(sql, '3', { datname: 'a', relname: 't', phase: 'vacuuming heap' }),
    ];
    const phases = seriesOf((await collect(server({ vacuum }))).reading).filter((line) =>
      line.includes('phase='),
    );
    expect(phases).toHaveLength(7);
    expect(phases.filter((line) => line.endsWith(' 1'))).toEqual([
      'pg_stat_progress_vacuum_phase{server="pg:5432",datname="a",relname="t",phase="vacuuming heap"} 1',
    ]);
  });
});

describe('a part that cannot be read', () => {
  it.for<{
    case: string;
    changed: Partial<Record<Subject, Answer>>;
    part: string;
    reason: string;
    gone: RegExp;
  }>([
    {
      case: 'is said to be denied',
      changed: { statistics: denied },
      part: 'database_statistics',
      reason: 'no_privilege',
      gone: /^pg_stat_database_blks/,
    },
    {
      case: 'is said to be missing',
      changed: { slots: missing },
      part: 'replication_slots',
      reason: 'no_object',
      gone: /^pg_replication_slots/,
    },
    {
      case: 'is said to be slow',
      changed: { sizes: slow },
      part: 'database_size',
      reason: 'timeout',
      gone: /^pg_database_size/,
    },
    {
      case: 'is said to be malformed',
      changed: { settings: [{ name: 'a' }] },
      part: 'settings',
      reason: 'malformed',
      gone: /^pg_settings/,
    },
    {
      case: 'is said to be of a newer version in part',
      changed: { settings: [{ name: 'a', setting: '1', unit: 'parsec', vartype: 'real' }] },
      part: 'setting',
      reason: 'unsupported_version',
      gone: /^pg_settings/,
    },
  ])('$case, and the others are there', async ({ changed, part, reason, gone }) => {
    const { reading } = await collect(server(changed));
    expect(reading.skippedParts).toEqual([{ part, reason }]);
    const series = seriesOf(reading);
    expect(series.filter((line) => gone.test(line))).toEqual([]);
    expect(series.some((line) => line.startsWith('pg_wal_segments'))).toBe(true);
  });

  it.for([
    { case: 'archiver', relation: 'pg_stat_archiver', lost: 'pg_stat_archiver_', kept: 'pg_stat_bgwriter_' },
    { case: 'roles', relation: 'pg_roles', lost: 'pg_roles_', kept: 'pg_database_connection_limit' },
    { case: 'locks', relation: 'pg_locks', lost: 'pg_locks_', kept: 'pg_stat_activity_' },
    { case: 'settings', relation: 'pg_settings', lost: 'pg_settings_', kept: 'pg_static' },
  ])(
    'is not asked for when the server says beforehand that it is denied: $case',
    async ({ case: part, relation, lost, kept }) => {
      const version = (sql: string) => {
        const name = new RegExp(`'pg_catalog.${relation}', 'SELECT'\\) AS (c\\d+)`).exec(sql)?.[1] ?? '';
        return [versionRow(sql, { [name]: 'f' })];
      };
      const { reading, asked } = await collect(server({ version }));
      expect(reading.skippedParts).toEqual([{ part, reason: 'no_privilege' }]);
      expect(asked.filter((sql) => new RegExp(`FROM pg_catalog.${relation}\\b`).test(sql))).toEqual([]);
      const series = seriesOf(reading);
      expect(series.filter((line) => line.startsWith(lost))).toEqual([]);
      expect(series.some((line) => line.startsWith(kept))).toBe(true);
    },
  );

  it.for([
    { case: 'the server does not even tell its version', changed: { version: denied } },
    { case: 'the connection is lost halfway', changed: { statistics: new SourceError('refused', 'gone') } },
    { case: 'the deadline passes', changed: { slots: new SourceError('timeout', 'deadline') } },
    { case: 'our own program fails', changed: { slots: new SourceError('unexpected', 'bug') } },
  ])('fails the whole look when $case', async ({ changed }) => {
    await expect(collect(server(changed))).rejects.toThrow(SourceError);
  });
});

describe('a statement that serves several parts', () => {
  it('names every one of them when it is denied after all', async () => {
    const { reading } = await collect(server({ single: denied, occurrences: slow }));
    expect(reading.skippedParts).toEqual([
      { part: 'activity', reason: 'timeout' },
      { part: 'locks', reason: 'timeout' },
      { part: 'archiver', reason: 'no_privilege' },
      { part: 'background_writer', reason: 'no_privilege' },
      { part: 'wal', reason: 'no_privilege' },
    ]);
  });
});

describe('sizes of databases', () => {
  it('are read once a minute, and what was denied stays said', async () => {
    const clock = manualClock();
    const sizes: PgRow[] = [
      { datname: 'a', size_bytes: '1' },
      { datname: 'b', size_bytes: null },
    ];
    const answer = server({ sizes });
    const first = (await collect(answer, { clock })).reading;
    await clock.advance(59_999);
    const second = await collect(answer, { clock, previous: first });
    await clock.advance(1);
    const third = await collect(answer, { clock, previous: second.reading });
    expect(second.asked.map(subjectOf)).not.toContain('sizes');
    expect(third.asked.map(subjectOf)).toContain('sizes');
    for (const reading of [first, second.reading, third.reading]) {
      expect(reading.sizes).toEqual([{ datname: 'a', sizeBytes: 1n }]);
      expect(reading.skippedParts).toEqual([{ part: 'database_size', reason: 'no_privilege' }]);
    }
  });
});

describe('by version', () => {
  const all = [140_000, 150_000, 160_000, 170_000, 180_000];
  it.for([
    { column: 'buffers_backend_fsync', since: 140_000, until: 160_000 },
    { column: 'b.checkpoints_timed', since: 140_000, until: 160_000 },
    { column: 'c.num_timed', since: 170_000, until: 180_000 },
    { column: 'restartpoints_done', since: 170_000, until: 180_000 },
    { column: 's.confl_active_logicalslot', since: 160_000, until: 180_000 },
    { column: 's.parallel_workers_launched', since: 180_000, until: 180_000 },
    { column: 'v.max_dead_tuples', since: 140_000, until: 160_000 },
    { column: 'v.num_dead_item_ids', since: 170_000, until: 180_000 },
    { column: 's.sessions_killed', since: 140_000, until: 180_000 },
    { column: "'pg_catalog.pg_stat_checkpointer'", since: 170_000, until: 180_000 },
  ])('$column is asked of servers that have it and of no other', async ({ column, since, until }) => {
    const having: number[] = [];
    for (const serverVersion of all) {
      const { asked } = await collect(server(), { serverVersion });
      if (asked.some((sql) => sql.includes(column))) having.push(serverVersion);
    }
    expect(having).toEqual(all.filter((version) => version >= since && version <= until));
  });

  it('the number becomes the short version', async () => {
    const { reading } = await collect(server(), { serverVersion: 180_001 });
    expect(reading.server.shortVersion).toBe('18.1.0');
  });
});

describe('the families', () => {
  it('say which server they are of, and that their names are another exporter’s', () => {
    for (const family of [...postgres.families, postgresUp]) {
      expect(family.labels, family.name).toContain('server');
      expect(family.compat).toBe('postgres_exporter');
      expect(family.help).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('of settings are the same declaration at every look, so that headers are made once', async () => {
    const one = (await collect(server())).reading;
    const two = (await collect(server())).reading;
    const [first] = postgres.dynamicFamilies({ target, reading: one });
    expect(first).toBeDefined();
    expect(postgres.dynamicFamilies({ target, reading: two })[0]).toBe(first);
  });

  it('never name a relation or function without its schema', async () => {
    const { asked } = await collect(server(), { serverVersion: 170_000 });
    const bare = asked.flatMap((sql) => [
      ...sql
        .replace(/extract\(epoch FROM/g, '(')
        .matchAll(/(?:FROM|JOIN)\s+(?!pg_catalog\.|\()(\w+)|(?<![.\w])(pg_\w+)\(/g),
    ]);
    expect(bare.map(([words]) => words)).toEqual([]);
  });

  it('pg_up is 1 or 0 by the last look, and absent before the first', () => {
    const looks = [
      { target, up: true },
      { target: { ...target, url: 'postgresql://other/db' }, up: false },
      { target: { ...target, url: 'postgresql://new/db' }, up: undefined },
    ];
    const series = [...postgresUp.samples(looks)].map(({ labels, value }) =>
      seriesText('pg_up', labels, value),
    );
    expect(series).toEqual(['pg_up{server="pg:5432"} 1', 'pg_up{server="other:5432"} 0']);
  });
});

describe('the ages of a database', () => {
  it('are counts under the names of postgres_exporter, and absent where they are not told', async () => {
    const { reading } = await collect(
      server({
        wraparound: () => [
          {
            datname: 'a',
            pg_database_wraparound_age_datfrozenxid_seconds: '1900000000',
            pg_database_wraparound_age_datminmxid_seconds: null,
          },
        ],
      }),
    );
    expect(seriesOf(reading).filter((line) => line.includes('wraparound'))).toEqual([
      seriesText(
        'pg_database_wraparound_age_datfrozenxid_seconds',
        { server: 'pg:5432', datname: 'a' },
        1_900_000_000,
      ),
    ]);
  });
});
