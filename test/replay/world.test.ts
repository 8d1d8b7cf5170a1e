import { describe, expect, it } from 'vitest';
import worldTables from '../fixtures/neon/worlds.json' with { type: 'json' };
import { fixtureIndex, isServed, loadWorld, readFixture, recordedAnswer, worldNames } from './world.ts';

const tables = worldTables as Readonly<
  Record<
    string,
    {
      readonly state?: string;
      readonly borrowed: readonly { service: string; paths: string[]; from: string; recordedAt?: string }[];
      readonly tenantsReplaced?: readonly unknown[];
    }
  >
>;

function tenantList(answer: { readonly body: Buffer } | undefined): unknown[] {
  return JSON.parse(answer?.body.toString() ?? '') as unknown[];
}

describe('a world', () => {
  it.for(worldNames)('%s has the bytes of its own state where its table borrows none', (name) => {
    const { state = name, borrowed } = tables[name] ?? { borrowed: [] };
    const isBorrowed = (service: string, path: string): boolean =>
      borrowed.some((line) => line.service === service && line.paths.includes(path));
    const { answers } = loadWorld(name);
    const own = fixtureIndex.filter(
      (line) =>
        line.state === state &&
        line.method === 'GET' &&
        line.scope === undefined &&
        line.file !== null &&
        isServed(line.service),
    );
    for (const { service, path, file } of own) {
      if (isBorrowed(service, path)) continue;
      const bytes = readFixture(file ?? '');
      expect(answers.get(service)?.get(path)?.body.equals(bytes), `${service} ${path}`).toBe(true);
    }
  });

  it.for(worldNames)('%s has the bytes of the named state where its table borrows', (name) => {
    const { answers } = loadWorld(name);
    const { borrowed, tenantsReplaced } = tables[name] ?? { borrowed: [] };
    for (const { service, paths, from, recordedAt } of borrowed) {
      for (const path of paths) {
        if (tenantsReplaced !== undefined && path === '/control/v1/tenant') continue;
        const line = fixtureIndex.find(
          (candidate) =>
            candidate.state === from &&
            candidate.service === service &&
            candidate.path === (recordedAt ?? path) &&
            [undefined, 'admin', 'pageserverapi'].includes(candidate.scope) &&
            candidate.status !== 403,
        );
        const bytes = readFixture(line?.file ?? 'none');
        expect(answers.get(service)?.get(path)?.body.equals(bytes), `${service} ${path}`).toBe(true);
      }
    }
  });

  it('puts a recorded describe into the list where its table says so', () => {
    const [first, ...others] = tenantList(
      loadWorld('splitting_0').answers.get('storcon')?.get('/control/v1/tenant'),
    );
    const described = recordedAnswer('splitting_0', 'storcon', `/control/v1/tenant/1${'0'.repeat(30)}1`);
    expect(first).toEqual(JSON.parse(described?.body.toString() ?? ''));
    expect(others).toEqual(
      tenantList(recordedAnswer('warming_up', 'storcon', '/control/v1/tenant')).slice(1),
    );
  });

  it('is complete, with the node list, tenants and every reachable pageserver, in at least ten cases', () => {
    const complete = worldNames.filter((name) => {
      const { answers, pageservers, closed } = loadWorld(name);
      const has = (service: string, path: string): boolean => answers.get(service)?.get(path)?.status === 200;
      const reachable = [...pageservers.values()].filter(({ service }) => !closed.has(service));
      const routes = ['/v1/status', '/v1/location_config', '/v1/utilization'];
      return (
        has('storcon', '/control/v1/node') &&
        has('storcon', '/control/v1/tenant') &&
        reachable.length > 0 &&
        reachable.every(({ service }) => routes.every((route) => has(service, route)))
      );
    });
    expect(complete.length).toBeGreaterThanOrEqual(10);
  });

  it('has the controller answer, or refuse, on every route that is always asked', () => {
    const routes = ['/ready', '/live', '/control/v1/node', '/control/v1/tenant', '/control/v1/safekeeper'];
    for (const name of worldNames) {
      const answers = loadWorld(name).answers.get('storcon');
      const missing = [...routes, '/control/v1/leader'].filter((route) => !answers?.has(route));
      expect(missing, name).toEqual([]);
    }
  });
});
