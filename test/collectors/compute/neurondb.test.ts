import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { neurondb } from '../../../src/collectors/compute/neurondb.ts';
import type { SourceError } from '../../../src/errors.ts';
import type { PgRow } from '../../../src/sources/postgres-rows.ts';
import { recordedServer, serverError } from '../../pg/neurondb-fake.ts';
import { fakeSql } from '../../support/fake-sql.ts';
import { collectSql, skips, sqlSeries } from './compute-collect.ts';
import { neurondbText } from './neurondb-exposition.ts';

type Answer = ReturnType<typeof recordedServer>;

const recorded = recordedServer('ndb3', 'monitor');

/** The recorded server, seen by a monitoring role from database `appdb`, with some answers of the test's own. */
function serverWith(
  own: (sql: string, database: string) => readonly PgRow[] | SourceError | undefined,
): Answer {
  return (sql, database) => own(sql, database) ?? recorded(sql, database);
}

async function look(answer: Answer, databases: readonly string[] = []) {
  const sql = fakeSql(answer, { database: 'appdb' });
  const reading = await collectSql(neurondb, sql, { settings: { databases } });
  return { reading, asked: sql.asked, series: sqlSeries(neurondb, reading) };
}

/** Changes the rows of the probe. */
function probed(change: (rows: readonly PgRow[]) => readonly PgRow[]): Answer {
  return serverWith((sql, database) =>
    sql.includes('WITH extension') ? change(recorded(sql, database) as readonly PgRow[]) : undefined,
  );
}

/** Fails statements that name `object`, alone or among others. */
function failing(object: string, error: SourceError): Answer {
  return serverWith((sql) => (sql.includes(object) && !sql.includes('WITH extension') ? error : undefined));
}

describe('the recorded rows', () => {
  it.for([
    { server: 'ndb3', role: 'monitor' },
    { server: 'ndb3', role: 'plain' },
    { server: 'ndb3', role: 'super' },
    { server: 'pg16', role: 'monitor' },
  ] as const)('of $server as a $role role are the text that was looked at', async ({ server, role }) => {
    const { reading } = await look(recordedServer(server, role), ['*']);
    await expect(neurondbText(reading)).toMatchFileSnapshot(`../../golden/neurondb-${server}-${role}.prom`);
  });

  it('give a text that promtool has nothing against', async () => {
    const { reading } = await look(recorded, ['*']);
    const input = neurondbText(reading);
    expect(execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })).toBe('');
  });

  it('give at least 15 families with values, and the counts that were recorded beside the rows', async () => {
    const { series } = await look(recorded);
    expect(new Set(series.map((line) => line.split('{')[0])).size).toBeGreaterThanOrEqual(15);
    expect(series).toContain(
      'neurondb_queue_jobs{compute="main",datname="appdb",queue="job_queue",status="pending"} 2',
    );
  });
});

describe('versions', () => {
  const withVersions = (installed: string, library: string, available: string | null) =>
    serverWith((sql, database) => {
      const rows = () => recorded(sql, database) as readonly PgRow[];
      if (sql.includes('pg_postmaster_start_time'))
        return rows().map((row) => ({ ...row, available_version: available }));
      if (sql.includes('WITH extension'))
        return rows().map((row) => (row['kind'] === 'extension' ? { ...row, value: installed } : row));
      if (!sql.includes("'library_version'")) return undefined;
      return rows().map((row) => (row['part'] === 'library_version' ? { ...row, answer: library } : row));
    });

  it.for([
    {
      case: 'a development build is of the release it is named for',
      versions: ['3.0', '{"version": "3.0-devel"}', '3.0'] as const,
      match: { available: 1, library: 1 },
    },
    {
      case: 'an extension that was not updated after its library is seen against both',
      versions: ['2.0', '{"version": "3.0-devel"}', '3.0'] as const,
      match: { available: 0, library: 0 },
    },
    {
      case: 'a plain text is a version too',
      versions: ['3.0', '3.0', '3.0'] as const,
      match: { available: 1, library: 1 },
    },
    {
      case: '3.10 is not 3.1',
      versions: ['3.1', '{"version": "3.10"}', '3.1'] as const,
      match: { available: 1, library: 0 },
    },
    {
      case: 'without files on the disk nothing is said of what is available',
      versions: ['3.0', '"3.0"', null] as const,
      match: { library: 0 },
    },
  ])('$case', async ({ versions: [installed, library, available], match }) => {
    const { series } = await look(withVersions(installed, library, available));
    const found = series.filter((line) => line.startsWith('neurondb_extension_version_match'));
    expect(found).toEqual(
      Object.entries(match).map(
        ([against, value]) =>
          `neurondb_extension_version_match{compute="main",datname="appdb",against="${against}"} ${value}`,
      ),
    );
  });
});

describe('what is missing', () => {
  it.for([
    {
      case: 'available but not installed is one skip, and no worker is missed',
      answer: probed(() => []),
      skipped: ['extension: no_extension'],
      has: 'neurondb_extension_available_info{compute="main",version="3.0"} 1',
    },
    {
      case: 'a function that the version lacks is skipped by name',
      answer: probed((rows) => rows.filter((row) => row['name'] !== 'neurondb_gpu_info')),
      skipped: [
        'gpu: no_object',
        'gpu_enabled: no_object',
        'gpu_device_count: no_object',
        'ml_models: no_privilege',
      ],
      has: 'neurondb_llm_gpu_devices{compute="main"} 0',
    },
    {
      case: 'a table without the column we group by is of a version we do not know',
      answer: probed((rows) =>
        rows.map((row) =>
          row['name'] === 'llm_jobs' ? { ...row, columns: null, readable_columns: null } : row,
        ),
      ),
      skipped: [
        'gpu_enabled: no_object',
        'gpu_device_count: no_object',
        'llm_jobs: unsupported_version',
        'ml_models: no_privilege',
      ],
      has: 'neurondb_queue_jobs{compute="main",datname="appdb",queue="job_queue",status="failed"} 1',
    },
    {
      case: 'a locked table costs itself only',
      answer: failing('neurondb.job_queue', serverError('timeout', '55P03')),
      skipped: [
        'gpu_enabled: no_object',
        'gpu_device_count: no_object',
        'ml_models: no_privilege',
        'job_queue: timeout',
      ],
      has: 'neurondb_queue_jobs{compute="main",datname="appdb",queue="llm_jobs",status="queued"} 1',
    },
    {
      case: 'a function that answers with an error of its own costs itself only',
      answer: failing('neurondb_onnx_info()', serverError('unexpected', 'XX000')),
      skipped: [
        'gpu_enabled: no_object',
        'gpu_device_count: no_object',
        'onnx: failed',
        'ml_models: no_privilege',
      ],
      has: 'neurondb_gpu_devices{compute="main"} 0',
    },
    {
      case: 'an answer of another shape costs itself only',
      answer: serverWith((sql, database) =>
        sql.includes("'onnx'")
          ? (recorded(sql, database) as readonly PgRow[]).map((row) =>
              row['part'] === 'onnx' ? { ...row, answer: 'not available' } : row,
            )
          : undefined,
      ),
      skipped: [
        'gpu_enabled: no_object',
        'gpu_device_count: no_object',
        'onnx: malformed',
        'ml_models: no_privilege',
      ],
      has: 'neurondb_gpu_devices{compute="main"} 0',
    },
    {
      case: 'a queue too large to count is not counted, and a large table is estimated',
      answer: probed((rows) =>
        rows.map((row) =>
          row['kind'] === 'table' ? { ...row, pages: '65537', estimated_rows: '12345678' } : row,
        ),
      ),
      skipped: [
        'gpu_enabled: no_object',
        'gpu_device_count: no_object',
        'job_queue: too_large',
        'llm_jobs: too_large',
        'index_metadata: too_large',
        'ml_models: no_privilege',
      ],
      has: 'neurondb_table_rows{compute="main",datname="appdb",table="embedding_cache"} 12345678',
    },
  ])('$case', async ({ answer, skipped, has }) => {
    const { reading, series } = await look(answer);
    expect(skips(reading)).toEqual(skipped);
    expect(series).toContain(has);
  });

  it.for([
    { case: 'a lost connection', error: serverError('refused', '57P01') },
    { case: 'a syntax error of our own', error: serverError('unexpected', '42601') },
    { case: 'a server out of memory', error: serverError('unexpected', '53200') },
  ])('$case is a failure, no skip', async ({ error }) => {
    await expect(look(failing('neurondb.job_queue', error))).rejects.toBe(error);
  });

  it('is a failure when the deadline has passed, also where a timeout would be a skip', async () => {
    const deadline = new AbortController();
    const late = serverError('timeout', '57014');
    const sql = fakeSql(
      serverWith((statement) => {
        if (!statement.includes('neurondb.job_queue')) return undefined;
        deadline.abort();
        return late;
      }),
      { database: 'appdb' },
    );
    await expect(collectSql(neurondb, sql, { signal: deadline.signal })).rejects.toBe(late);
  });
});

describe('several databases', () => {
  it('say each what they miss, and the collector says it once', async () => {
    const { reading } = await look(recorded, ['p*']);
    expect(reading.databases.map(({ database }) => database)).toEqual(['appdb', 'plain', 'postgres']);
    expect(reading.skips.filter(({ part }) => part === 'ml_models').map(({ database }) => database)).toEqual([
      'appdb',
      'postgres',
    ]);
    expect(skips(reading).filter((text) => text === 'ml_models: no_privilege')).toHaveLength(1);
  });

  it('are not listed when none is asked for', async () => {
    const { asked } = await look(recorded);
    expect(asked.filter(({ sql }) => sql.includes('pg_catalog.pg_database'))).toEqual([]);
  });

  it('are asked for what is one for the server only until one has told it', async () => {
    const { asked } = await look(recorded, ['postgres']);
    const inPostgres = asked.filter(({ database }) => database === 'postgres').map(({ sql }) => sql);
    expect(inPostgres.join()).toContain("'library_version'");
    expect(inPostgres.join()).not.toContain("'gpu' AS part");
  });

  it.for([
    { case: 'dropped meanwhile', error: serverError('unsupported', '3D000'), reason: 'no_object' },
    { case: 'closed to us', error: serverError('denied', '42501'), reason: 'no_privilege' },
  ])('one that is $case costs the others nothing', async ({ error, reason }) => {
    const answer = serverWith((_sql, database) => (database === 'plain' ? error : undefined));
    const { reading } = await look(answer, ['*']);
    expect(reading.databases.map(({ database }) => database)).toEqual(['appdb', 'postgres']);
    expect(reading.skips).toContainEqual({ database: 'plain', part: 'database', reason });
  });

  it('take three statements each, and two more for the server', async () => {
    const { asked } = await look(recorded, ['postgres']);
    expect(asked).toHaveLength(3 + 3 + 2 + 1);
  });
});

describe('GPU', () => {
  const answering = (part: string, answer: string | null) =>
    serverWith((sql, database) => {
      const rows = recorded(sql, database) as readonly PgRow[];
      if (sql.includes('WITH extension')) {
        const call = (name: string) => ({
          ...rows.find((row) => row['kind'] === 'function'),
          name,
          value: `neurondb.${name}()`,
        });
        return [...rows, call('gpu_enabled'), call('gpu_device_count')];
      }
      if (!sql.includes(`SELECT '${part}' AS part`)) return undefined;
      const own = { part, answer };
      return [...rows.filter((row) => row['part'] !== part && row['rows'] === undefined), own];
    });

  it.for([
    {
      case: 'memory in MB is exported in bytes, exactly',
      part: 'gpu',
      answer: '[[0, "A card", "81920", "4096"], [1, null, null, null]]',
      has: [
        'neurondb_gpu_devices{compute="main"} 2',
        'neurondb_gpu_device_info{compute="main",device_id="0",device_name="A card"} 1',
        'neurondb_gpu_device_info{compute="main",device_id="1",device_name="none"} 1',
        'neurondb_gpu_memory_bytes{compute="main",device_id="0"} 85899345920',
        'neurondb_gpu_memory_free_bytes{compute="main",device_id="0"} 4294967296',
      ],
    },
    {
      case: "the playbook's gpu_enabled() is used where a version has it",
      part: 'gpu_enabled',
      answer: 'true',
      has: ['neurondb_gpu_enabled{compute="main"} 1'],
    },
    {
      case: "the playbook's gpu_device_count() is used where a version has it",
      part: 'gpu_device_count',
      answer: '4',
      has: ['neurondb_gpu_devices_reported{compute="main"} 4'],
    },
  ])('$case', async ({ part, answer, has }) => {
    const { series } = await look(answering(part, answer));
    expect(series).toEqual(expect.arrayContaining(has));
  });

  it('is unknown, not absent, when the function cannot be called', async () => {
    const { series } = await look(failing('neurondb_gpu_info()', serverError('denied', '42501')));
    expect(series.filter((line) => line.startsWith('neurondb_gpu_'))).toEqual([]);
  });
});

describe('compute mode', () => {
  it.for([
    { setting: '2', mode: 'auto' },
    { setting: '7', mode: '7' },
  ])('$setting is shown as $mode', async ({ setting, mode }) => {
    const answer = probed((rows) =>
      rows.map((row) => (row['name'] === 'neurondb.compute_mode' ? { ...row, value: setting } : row)),
    );
    const { series } = await look(answer);
    expect(series.filter((line) => line.startsWith('neurondb_compute_mode') && line.endsWith(' 1'))).toEqual([
      `neurondb_compute_mode{compute="main",datname="appdb",mode="${mode}"} 1`,
    ]);
  });
});

describe('statuses', () => {
  it('beyond the known ones are bounded, and the sum stays that of the rows', async () => {
    const strange = Array.from({ length: 300 }, (_, index) => ({
      part: 'job_queue',
      value: `state ${index}\n`,
      kind: '',
      rows: '1',
      oldest: null,
      out_of_retries: '0',
    }));
    const answer = serverWith((sql, database) =>
      sql.includes('neurondb.job_queue')
        ? [...(recorded(sql, database) as readonly PgRow[]), ...strange]
        : undefined,
    );
    const { reading } = await look(answer);
    const jobs = reading.databases[0]?.queues[0]?.jobs ?? new Map();
    expect(jobs.size).toBe(3 + 10 + 1);
    expect([...jobs.values()].reduce((sum, count) => sum + count, 0)).toBe(304);
    expect(jobs.get('state 0')).toBe(1);
  });
});

describe('secrets', () => {
  it('are named by no statement: no key, and of the settings four', async () => {
    const { asked } = await look(recordedServer('ndb3', 'super'), ['*']);
    const everything = asked.map(({ sql }) => sql).join('\n');
    expect(everything).not.toMatch(/api_key|get_llm_config\(\)|(FROM|JOIN) neurondb\.llm_config/i);
    expect(everything.match(/'neurondb\.[\w.]+|neurondb\.neuran\w+|current_setting|SHOW /g)?.sort()).toEqual(
      expect.not.arrayContaining(['current_setting', 'SHOW ']),
    );
    const allowLists = [...everything.matchAll(/pg_settings WHERE name = ANY \('\{(.*?)\}'/g)].map(
      ([, list]) => list,
    );
    expect(new Set(allowLists)).toEqual(
      new Set([
        'shared_preload_libraries,neurondb.compute_mode,neurondb.neuranq_enabled,neurondb.neuranmon_enabled',
      ]),
    );
    expect(everything.match(/pg_settings/g)).toHaveLength(allowLists.length);
  });
});
