import { describe, expect, it } from 'vitest';
import { type Lab, openLab } from './lab.ts';

interface Node {
  readonly id: number;
  readonly availability: string;
  readonly availability_zone_id: string;
  readonly listen_http_port: number;
}

const at = (id: number, port: number, az = 'az-a') => ({
  node_id: id,
  listen_pg_addr: '127.0.0.1',
  listen_pg_port: 63_999 + id,
  listen_http_addr: '127.0.0.1',
  listen_http_port: port,
  availability_zone_id: az,
});

function post(lab: Lab, path: string, body: unknown) {
  return lab.send('storcon', path, { method: 'POST', text: JSON.stringify(body) });
}

async function read<Body>(lab: Lab, path: string, service = 'storcon'): Promise<Body> {
  return JSON.parse((await lab.send(service, path)).text) as Body;
}

async function nodes(lab: Lab): Promise<readonly Node[]> {
  return read(lab, '/control/v1/node');
}

describe('POST /control/v1/node', () => {
  it('lets a pageserver in that the world plays: it becomes Active', async () => {
    const lab = await openLab({ tenants: 3 });
    expect((await post(lab, '/control/v1/node', at(4, 9_901))).status).toBe(200);
    lab.world.advance(5_000);
    expect((await nodes(lab)).at(-1)).toMatchObject({
      id: 4,
      availability: 'Active',
      availability_zone_id: 'az-a',
    });
    expect((await lab.send('ps4', '/v1/status')).status).toBe(200);
  });

  it('takes one that nobody plays, in a zone of its own; it never answers and gets nothing', async () => {
    const lab = await openLab({ tenants: 3 });
    expect((await post(lab, '/control/v1/node', at(77, 1, 'az-z'))).status).toBe(200);
    lab.world.advance(120_000);
    expect((await nodes(lab)).at(-1)).toMatchObject({
      id: 77,
      availability: 'Offline',
      availability_zone_id: 'az-z',
      listen_http_port: 1,
    });
    expect(lab.world.snapshot().nodes.at(-1)).toMatchObject({ id: 77, attached: 0, secondaries: 0 });
  });

  it.for([
    { what: 'what is known already', body: at(1, 9_898, 'az-a'), status: 200 },
    { what: 'a known one elsewhere', body: at(1, 1), status: 409 },
    { what: 'a known one in another zone', body: at(1, 9_898, 'az-b'), status: 409 },
    { what: 'half a body', body: { node_id: 1 }, status: 400 },
  ])('$what: $status', async ({ body, status }) => {
    const lab = await openLab({ tenants: 3 });
    expect((await post(lab, '/control/v1/node', body)).status).toBe(status);
    expect(await nodes(lab)).toHaveLength(3);
  });

  it('meets the tombstone of a deleted one, until that is removed', async () => {
    const lab = await openLab({ tenants: 3 });
    await lab.send('storcon', '/control/v1/node/3', { method: 'DELETE' });
    const again = at(3, 9_900, 'az-c');
    expect((await post(lab, '/control/v1/node', again)).status).toBe(409);
    await lab.send('storcon', '/debug/v1/tombstone/3', { method: 'DELETE' });
    expect((await post(lab, '/control/v1/node', again)).status).toBe(200);
  });
});

describe('POST /control/v1/safekeeper/:id', () => {
  const ninth = {
    id: 9,
    region_id: 'r',
    version: 1,
    host: '127.0.0.1',
    port: 1,
    http_port: 2,
    availability_zone_id: 'az-z',
  };

  it('registers one that nobody plays: Activating for ever, and its errors grow', async () => {
    const lab = await openLab();
    const got = await post(lab, '/control/v1/safekeeper/9', ninth);
    expect([got.status, got.text]).toEqual([204, '']);
    lab.world.advance(20_000);
    expect(await read(lab, '/control/v1/safekeeper/9')).toMatchObject({
      port: 1,
      availability_zone_id: 'az-z',
      scheduling_policy: 'Activating',
    });
    const errors = lab.world.controller.metrics().safekeeperRequestErrors.find(({ id }) => id === 9);
    expect(errors?.count).toBeGreaterThan(5);
  });

  it('moves a known one to another zone, and refuses an id that is not that of the path', async () => {
    const lab = await openLab();
    const first = { ...ninth, id: 1, port: 5_454, http_port: 7_676 };
    expect((await post(lab, '/control/v1/safekeeper/1', first)).status).toBe(204);
    expect(await read(lab, '/control/v1/safekeeper/1')).toMatchObject({
      availability_zone_id: 'az-z',
      scheduling_policy: 'Active',
    });
    expect((await post(lab, '/control/v1/safekeeper/2', first)).status).toBe(400);
  });
});

describe('metadata health', () => {
  const tenants = { tenants: 2, shardsPerTenant: 2 };
  const unhealthy = async (lab: Lab) =>
    (await read<{ unhealthy_tenant_shards: string[] }>(lab, '/control/v1/metadata_health/unhealthy'))
      .unhealthy_tenant_shards;
  const outdated = async (lab: Lab, age: string) => {
    const got = await post(lab, '/control/v1/metadata_health/outdated', { not_scrubbed_for: age });
    return (JSON.parse(got.text) as { health_records: { tenant_shard_id: string; healthy: boolean }[] })
      .health_records;
  };

  it('is what the scrubber has posted last', async () => {
    const lab = await openLab(tenants);
    const [a = '', b = ''] = [...lab.world.controller.shardDumps()].map((dump) => dump.tenant_shard_id);
    const update = (healthy: string[], bad: string[]) =>
      post(lab, '/control/v1/metadata_health/update', {
        healthy_tenant_shards: healthy,
        unhealthy_tenant_shards: bad,
      });
    expect(await unhealthy(lab)).toEqual([]);
    const got = await update([a], [b]);
    expect([got.status, got.text]).toEqual([200, '{}']);
    expect(await unhealthy(lab)).toEqual([b]);
    await update([b], []);
    expect(await unhealthy(lab)).toEqual([]);
  });

  it('is outdated for what was not looked at for so long', async () => {
    const lab = await openLab(tenants);
    lab.world.advance(7_200_000);
    expect(await outdated(lab, '3h')).toEqual([]);
    expect(await outdated(lab, '1h')).toHaveLength(4);
    const [a = ''] = [...lab.world.controller.shardDumps()].map((dump) => dump.tenant_shard_id);
    await post(lab, '/control/v1/metadata_health/update', {
      healthy_tenant_shards: [],
      unhealthy_tenant_shards: [a],
    });
    expect((await outdated(lab, '1h')).map((record) => record.tenant_shard_id)).not.toContain(a);
    expect((await outdated(lab, '0s')).find((record) => record.tenant_shard_id === a)?.healthy).toBe(false);
  });

  it('can be broken by a fault', async () => {
    const lab = await openLab(tenants);
    const [first] = lab.world.controller.tenants();
    lab.world.faults.on('metadata_unhealthy', { tenant: first?.tenant_id ?? '', shard: 1 });
    expect(await unhealthy(lab)).toEqual([`${first?.tenant_id}-0102`]);
    lab.world.faults.off('metadata_unhealthy');
    expect(await unhealthy(lab)).toEqual([]);
  });
});

describe('timelines of a safekeeper', () => {
  interface Timeline {
    readonly flush_lsn: string;
    readonly commit_lsn: string;
    readonly mconf: { readonly generation: number; readonly members: readonly { readonly id: number }[] };
  }
  const lsn = (text: string): number => {
    const [high = '', low = ''] = text.split('/');
    return Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
  };
  async function opened() {
    const lab = await openLab({ tenants: 2, computes: 1, safekeepers: 4 });
    const [compute] = lab.world.computes();
    const path = `/v1/tenant/${compute?.tenantId}/timeline/${compute?.timelineId}`;
    return { lab, compute, path, status: (id: number) => read<Timeline>(lab, path, `sk${id}`) };
  }

  it('are those of the computes, at the first three', async () => {
    const { lab, compute, path } = await opened();
    const own = [{ tenant_id: compute?.tenantId, timeline_id: compute?.timelineId }];
    expect(await read(lab, '/v1/tenant/timeline', 'sk1')).toEqual(own);
    expect(await read(lab, '/v1/tenant/timeline', 'sk4')).toEqual([]);
    expect(await read(lab, '/v1/utilization', 'sk1')).toEqual({ timeline_count: 1 });
    expect((await lab.send('sk4', path)).status).toBe(404);
  });

  it('grow, and one that lags has less', async () => {
    const { lab, status } = await opened();
    const before = lsn((await status(2)).flush_lsn);
    lab.world.advance(3_600_000 * 3);
    expect(lsn((await status(2)).flush_lsn)).toBeGreaterThan(before);
    lab.world.faults.on('safekeeper_lag', { safekeeper: 2, bytes: 1_000_000 });
    expect(lsn((await status(1)).flush_lsn) - lsn((await status(2)).flush_lsn)).toBe(1_000_000);
    lab.world.faults.off('safekeeper_lag');
    expect(lsn((await status(1)).flush_lsn)).toBe(lsn((await status(2)).flush_lsn));
  });

  it('move with safekeeper_migrate, and the generation grows', async () => {
    const { lab, path, status } = await opened();
    const got = await post(lab, `${path}/safekeeper_migrate`, { new_sk_set: [2, 3, 4] });
    expect(got.status).toBe(200);
    const { mconf } = await status(4);
    expect(mconf.members.map(({ id }) => id)).toEqual([2, 3, 4]);
    expect((await lab.send('sk1', path)).status).toBe(404);
  });
});
