import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { neurondb } from '../../src/collectors/compute/neurondb.ts';
import { collectSql } from '../collectors/compute/compute-collect.ts';
import { startNeurondbServer } from '../pg/neurondb-server.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { withSource } from './compute-server.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await startNeurondbServer({
    versions: { '3.0': { server: 'ndb3', database: 'appdb' } },
    defaultVersion: '3.0',
  });
  await server.run('CREATE EXTENSION neurondb');
  await server.run('CREATE ROLE monitor LOGIN IN ROLE pg_monitor; CREATE ROLE plain LOGIN');
});
afterAll(() => server.stop());

async function begin(user = 'monitor') {
  const reading = await withSource(server, { database: 'postgres', user }, (source) =>
    collectSql(neurondb, source, {}),
  );
  return reading.server.begin;
}

/** Kills a backend of the server, and waits until the server takes sessions again. */
async function crashOneBackend(): Promise<void> {
  const client = await server.connect('postgres');
  // The server cuts the connection off.
  client.on('error', () => undefined);
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  const ended = new Promise<void>((resolve) => {
    client.on('end', () => resolve());
  });
  process.kill(Number(rows[0]?.pid), 'SIGKILL');
  await ended;
  await expect.poll(() => server.run('SELECT 1').catch(() => []), { timeout: 20_000 }).toHaveLength(1);
}

describe('how a real server began', () => {
  it('is told apart: clean stop, immediate stop, and a process that fell', async () => {
    expect(await begin()).toEqual({ recoveredAtMs: undefined });
    expect(await begin('plain')).toBeUndefined();

    await server.restart({ mode: 'fast' });
    expect(await begin()).toEqual({ recoveredAtMs: undefined });

    await server.restart({ mode: 'immediate' });
    const afterStop = (await begin())?.recoveredAtMs ?? 0;
    expect(afterStop).toBeGreaterThan(0);

    await crashOneBackend();
    const afterFall = (await begin())?.recoveredAtMs ?? 0;
    expect(afterFall).toBeGreaterThan(afterStop);

    await server.restart({ mode: 'fast' });
    expect(await begin()).toEqual({ recoveredAtMs: undefined });
  }, 60_000);
});
