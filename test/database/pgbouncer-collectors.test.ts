import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { erasedSqlCollectors } from '../../src/collectors/registry.ts';
import type { SqlReadingBase } from '../../src/collectors/sql-collector.ts';
import type { SqlReader } from '../../src/sources/sql-reader.ts';
import { computeTarget } from '../collectors/compute/compute-collect.ts';
import { startNeurondbServer } from '../pg/neurondb-server.ts';
import { type PgBouncer, startPgBouncer } from '../pg/pgbouncer.ts';
import { reader } from '../pg/reading.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { neonExtensionSql } from './compute-neon-sql.ts';

let postgres: TestPostgres;
let bouncer: PgBouncer;

beforeAll(async () => {
  postgres = await startNeurondbServer({
    versions: { '3.0': { server: 'ndb3', database: 'appdb' } },
    defaultVersion: '3.0',
    preload: ['pg_stat_statements'],
    settings: { 'neon.tenant_id': '10000000000000000000000000000001' },
  });
  await postgres.run('CREATE EXTENSION pg_stat_statements; CREATE EXTENSION neurondb');
  await postgres.run(neonExtensionSql());
  await postgres.run('CREATE ROLE monitor LOGIN; GRANT pg_monitor TO monitor');
  await postgres.run('CREATE DATABASE app');
  await postgres.run('CREATE TABLE public.t (n int PRIMARY KEY); ANALYZE public.t', 'app');
  bouncer = await startPgBouncer({
    port: postgres.port,
    settings: { query_wait_timeout: 5 },
    users: { monitor: '' },
  });
});
afterAll(async () => {
  await bouncer?.stop();
  await postgres?.stop();
});

const computeCollectors = erasedSqlCollectors.filter(
  ({ kind, alsoFor }) => kind === 'compute' || alsoFor === 'compute',
);

/** One run of a collector: its skipped parts, and the families with their series; label values are left to other tests. */
async function look(name: string, sql: SqlReader) {
  const collector = computeCollectors.find((one) => one.name === name);
  if (collector === undefined) throw new Error(`no collector ${name}`);
  const reading = await collector.collect({
    sql,
    target: computeTarget,
    previous: undefined,
    settings: { databases: ['app'], top: 500, statementText: true },
    clock: systemClock,
    signal: AbortSignal.timeout(60_000),
  });
  if ('skipped' in reading) throw new Error(`the run was skipped: ${reading.skipped}`);
  const input = { target: computeTarget, reading: reading as SqlReadingBase };
  const families = [...collector.families, ...(collector.dynamicFamilies?.(input) ?? [])];
  const samples = families.map((family) => [family.name, [...family.samples(input)]] as const);
  return {
    skips: reading.skippedParts.map(({ part, reason }) => `${part}: ${reason}`),
    families: samples.flatMap(([family, own]) => (own.length === 0 ? [] : [family])),
    samples: new Map(samples),
  };
}

/** A new connection, as a direct one has no statements of another collector before it. */
async function lookBothWays(name: string) {
  const direct = await look(name, reader(postgres.dsn('postgres', 'monitor')));
  const pooled = await look(name, reader(bouncer.dsn('postgres', 'monitor')));
  return { direct, pooled };
}

describe('a compute behind PgBouncer in transaction mode', () => {
  it('is not asked for its settings: the backend may be an old one', async () => {
    const { direct, pooled } = await lookBothWays('compute_settings');
    expect(direct.skips).toEqual(['file_settings: no_privilege']);
    expect(direct.families).not.toEqual([]);
    expect(pooled).toMatchObject({ skips: ['settings: pooled'], families: [] });
  });

  it.for(computeCollectors.filter(({ name }) => name !== 'compute_settings').map(({ name }) => ({ name })))(
    'tells $name all that it tells without',
    async ({ name }) => {
      const { direct, pooled } = await lookBothWays(name);
      expect(direct.families.length).toBeGreaterThan(0);
      expect(pooled.families).toEqual(direct.families);
      expect(pooled.skips).toEqual(direct.skips);
      expect(pooled.skips.filter((skip) => skip.endsWith(': pooled'))).toEqual([]);
    },
  );

  it('shows the settings that a new session would find, not ours', async () => {
    const { direct, pooled } = await lookBothWays('postgres');
    const settingsOf = (samples: typeof direct.samples) =>
      new Map([...samples].filter(([name]) => name.startsWith('pg_settings_')));
    expect(settingsOf(pooled.samples).size).toBeGreaterThan(200);
    expect(settingsOf(pooled.samples)).toEqual(settingsOf(direct.samples));
  });

  it('keeps one server connection a database, and leaves none in a transaction', async () => {
    const sql = reader(bouncer.dsn('postgres', 'monitor'));
    await Promise.all(computeCollectors.map(({ name }) => look(name, sql)));
    const ours = await postgres.run(
      `SELECT datname, state, count(*)::text FROM pg_stat_activity
       WHERE usename = 'monitor' GROUP BY 1, 2 ORDER BY 1`,
    );
    expect(ours).toEqual([
      { datname: 'app', state: 'idle', count: '1' },
      { datname: 'postgres', state: 'idle', count: '1' },
    ]);
  });
});
