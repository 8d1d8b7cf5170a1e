import { describe, expect, it } from 'vitest';
import { computeIdOf } from '../../../src/simulator/http/compute-ctl.ts';
import { type Claims, tokenKeys } from '../../../src/simulator/http/tokens.ts';
import { type Lab, openLab } from './lab.ts';

const lab = (wantsTokens = false): Promise<Lab> =>
  openLab({ tenants: 2, shardsPerTenant: 2, computes: 2, wantsTokens });

function first(world: Lab['world']) {
  const [compute] = world.computes();
  if (compute === undefined) throw new Error('a world without computes');
  return compute;
}

const two = 'host=a port=1,host=b port=2';
const spec = { pageserver_connstring: two, shard_stripe_size: 4_096 };

describe("compute_ctl's tokens", () => {
  const admin = (claims: Partial<Claims>) => (own: Lab) => `Bearer ${own.keys?.issue({ ...claims })}`;
  const ofCompute = (at: number) => (own: Lab) => {
    const tenantId = own.world.computes()[at]?.tenantId ?? '';
    return `Bearer ${own.keys?.issue({ compute_id: computeIdOf(tenantId) })}`;
  };
  const header = (value: string | undefined) => () => value;
  const stranger = tokenKeys(Buffer.alloc(32, 1)).issue({ scope: 'compute_ctl:admin', aud: ['compute'] });

  it.for([
    { what: 'no header', given: header(undefined), status: 400 },
    { what: 'Basic', given: header('Basic dTpw'), status: 400 },
    { what: 'garbage', given: header('Bearer garbage'), status: 401 },
    { what: 'the key of somebody else', given: header(`Bearer ${stranger}`), status: 401 },
    {
      what: 'a token that has run out',
      given: admin({ scope: 'compute_ctl:admin', aud: ['compute'], exp: 1 }),
      status: 401,
    },
    { what: "the controller's admin", given: admin({ scope: 'admin' }), status: 401 },
    { what: 'no audience', given: admin({ scope: 'compute_ctl:admin' }), status: 401 },
    { what: 'the token of another compute', given: ofCompute(1), status: 403 },
    { what: 'its own token', given: ofCompute(0), status: 200 },
    {
      what: 'compute_ctl:admin for computes',
      given: admin({ scope: 'compute_ctl:admin', aud: ['compute'] }),
      status: 200,
    },
  ])('$what: $status', async ({ given, status }) => {
    const own = await lab(true);
    const got = await own.send('compute1', '/status', { authorization: given(own) });
    expect(got.status).toBe(status);
    if (status !== 200) expect(JSON.parse(got.text)).toEqual({ error: expect.any(String) });
    expect((await own.send('compute1', '/metrics')).status).toBe(200);
  });

  it('are not asked for where nobody is', async () => {
    expect((await (await lab()).send('compute1', '/status')).status).toBe(200);
  });
});

describe('POST /configure', () => {
  const configure = (own: Lab, body: unknown) =>
    own.send('compute1', '/configure', { method: 'POST', text: JSON.stringify(body) });

  it.for([
    { what: 'nothing', body: {} },
    { what: 'a spec that is null', body: { spec: null } },
    { what: 'no connection string', body: { spec: { shard_stripe_size: 1 } } },
    { what: 'two shards without a stripe size', body: { spec: { pageserver_connstring: two } } },
  ])('$what: 400, and nothing changes', async ({ body }) => {
    const own = await lab();
    const before = first(own.world).connstring;
    expect((await configure(own, body)).status).toBe(400);
    expect(first(own.world).connstring).toBe(before);
  });

  it.for([
    { from: 'members of its own', body: { spec } },
    {
      from: 'cluster.settings',
      body: {
        spec: {
          cluster: {
            settings: [
              { name: 'neon.pageserver_connstring', value: two, vartype: 'string' },
              { name: 'neon.stripe_size', value: '4096', vartype: 'integer' },
            ],
          },
        },
      },
    },
  ])('takes the storage from $from', async ({ body }) => {
    const own = await lab();
    const got = await configure(own, body);
    expect([got.status, JSON.parse(got.text)]).toMatchObject([200, { status: 'running' }]);
    expect(first(own.world)).toMatchObject({ connstring: two, stripeSize: 4_096 });
  });

  it('does not touch what ALTER SYSTEM has set: that wins until the compute restarts', async () => {
    const own = await lab();
    const { tenantId, fileConnstring } = first(own.world);
    own.world.configureCompute({ tenantId, connstring: 'host=c port=3', stripeSize: null });
    expect((await configure(own, { spec })).status).toBe(200);
    expect(first(own.world).connstring).toBe('host=c port=3');
    own.world.faults.on('compute_restarted', { tenant: tenantId });
    expect(first(own.world).connstring).toBe(fileConnstring);
    expect((await configure(own, { spec })).status).toBe(200);
    expect(first(own.world).connstring).toBe(two);
  });

  it.for(['failed', 'configuration_pending', 'terminated'])('is refused with 412 while %s', async (as) => {
    const own = await lab();
    const { tenantId } = first(own.world);
    expect(own.world.faults.on('compute_status', { tenant: tenantId, as })).toBeUndefined();
    expect((await configure(own, { spec })).status).toBe(412);
    expect(JSON.parse((await own.send('compute1', '/status')).text)).toMatchObject({
      status: as,
      last_active: null,
    });
    expect((await own.send('compute1', '/metrics')).text).toContain(`status="${as.replaceAll('_', '-')}"`);
    own.world.faults.off('compute_status');
    expect((await configure(own, { spec })).status).toBe(200);
  });

  it('knows no other status', async () => {
    const { world } = await lab();
    const { tenantId } = first(world);
    expect(world.faults.on('compute_status', { tenant: tenantId, as: 'asleep' })).toContain('not asleep');
  });
});

describe('a controller that is open', () => {
  it('asks nobody for a token, while pageservers go on asking', async () => {
    const own = await lab(true);
    const statuses = async () => [
      (await own.send('storcon', '/control/v1/node')).status,
      (await own.send('ps1', '/v1/location_config')).status,
    ];
    expect(await statuses()).toEqual([401, 401]);
    own.world.faults.on('open_without_auth');
    expect(await statuses()).toEqual([200, 401]);
    own.world.faults.off('open_without_auth');
    expect(await statuses()).toEqual([401, 401]);
  });
});
