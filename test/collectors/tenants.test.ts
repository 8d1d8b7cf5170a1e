import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tenants } from '../../src/collectors/storage-controller/tenants.ts';
import { SourceError } from '../../src/errors.ts';
import { collectOnce, nodeLocations, seriesOf, shardRow, tenantRow } from '../support/collect.ts';
import { fakeReader } from '../support/fake-reader.ts';

const t1 = '10000000000000000000000000000001';
const t2 = '20000000000000000000000000000002';
const denied = new SourceError('denied', 'Forbidden: JWT authentication error', { status: 403 });

/** Pages a list as the controller does: exclusive, by id, `limit` rows, ended by an empty page. */
function paged(rows: readonly { tenant_id: string }[]) {
  return (path: string): unknown => {
    const query = new URL(path, 'http://controller').searchParams;
    const after = query.get('start_after') ?? '';
    return rows.filter((row) => row.tenant_id > after).slice(0, Number(query.get('limit')));
  };
}

function listed(rows: readonly object[]) {
  return fakeReader({ '/control/v1/tenant': paged(rows as { tenant_id: string }[]) });
}

async function series(rows: readonly object[]): Promise<string[]> {
  return seriesOf(tenants, await collectOnce(tenants, listed(rows)));
}

describe('the tenant list', () => {
  it('reads every tenant once, whatever the page size', async () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(ids, fc.integer({ min: 1, max: 50 }), async (numbers, pageSize) => {
        const rows = numbers
          .sort((left, right) => left - right)
          .map((n) => n.toString(16).padStart(32, '0'))
          .map((id) => tenantRow(id, [shardRow(id)]));
        const reading = await collectOnce(tenants, listed(rows), { settings: { pageSize } });
        expect(reading).toMatchObject({ source: 'list', totals: { shards: rows.length }, setAside: {} });
      }),
    );
  });

  it.for([
    {
      case: 'a page that does not go on ends the read: the list has no end',
      answer: () => [tenantRow(t1, []), tenantRow(t2, [])],
      problem: /no tenant id after "2000.*the list has no end/,
    },
  ])('$case', async ({ answer, problem }) => {
    const reader = fakeReader({ '/control/v1/tenant': answer });
    await expect(collectOnce(tenants, reader)).rejects.toMatchObject({ reason: 'malformed' });
    await expect(collectOnce(tenants, reader)).rejects.toThrow(problem);
  });

  it('takes a page larger than asked for as the whole list: that controller does not page', async () => {
    const ids = [t1, t2, 'f'.repeat(32)];
    const reader = fakeReader({ '/control/v1/tenant': ids.map((id) => tenantRow(id, [shardRow(id)])) });
    expect(await collectOnce(tenants, reader)).toMatchObject({ totals: { shards: 3 } });
    expect(reader.asked).toHaveLength(1);
  });

  it.for([
    {
      case: 'a tenant that stands there twice',
      rows: [tenantRow(t1, []), tenantRow(t1, [])],
      setAside: { duplicate: 1 },
    },
    {
      case: 'an unparsable shard id',
      rows: [tenantRow(t1, [shardRow('nonsense'), shardRow(t1)])],
      setAside: { bad_id: 1 },
    },
    {
      case: "another tenant's shard",
      rows: [tenantRow(t1, [shardRow(t2), shardRow(t1)])],
      setAside: { bad_id: 1 },
    },
    {
      case: 'a shard that stands there twice',
      rows: [tenantRow(t1, [shardRow(t1), shardRow(t1)])],
      setAside: { duplicate: 1 },
    },
    { case: 'a tenant id that is none', rows: [tenantRow('X', [])], setAside: { bad_id: 1 } },
  ])('sets $case aside, counts it, and keeps the rest', async ({ rows, setAside }) => {
    const page = [...rows, tenantRow(t2, [shardRow(`${t2}-0002`), shardRow(`${t2}-0102`)])];
    const reader = fakeReader({ '/control/v1/tenant': page });
    const reading = await collectOnce(tenants, reader, { settings: { pageSize: 1 } });
    expect(reading).toMatchObject({ setAside });
    expect(seriesOf(tenants, reading)).toContain('neon_sharded_tenants 1');
  });
});

describe('tenant series', () => {
  it.for([
    {
      case: 'policies are spelled as in the runbook',
      rows: [tenantRow(t1, []), tenantRow(t2, [], 'Secondary')],
      has: ['neon_tenants{policy="Attached(1)"} 1', 'neon_tenants{policy="Secondary"} 1'],
    },
    {
      case: 'one shard can be in several states',
      rows: [tenantRow(t1, [shardRow(t1, { is_reconciling: true, is_pending_compute_notification: true })])],
      has: [
        'neon_shards_in_state{state="reconciling"} 1',
        'neon_shards_in_state{state="pending_compute_notification"} 1',
        'neon_shards_in_state{state="splitting"} 0',
      ],
    },
    {
      case: 'attached nowhere is unscheduled where the policy wants it attached',
      rows: [tenantRow(t1, [shardRow(t1, { node_attached: null })])],
      has: ['neon_shards_in_state{state="unscheduled"} 1'],
    },
    {
      case: 'attached nowhere is as it should be under policy Secondary',
      rows: [tenantRow(t1, [shardRow(t1, { node_attached: null })], 'Secondary')],
      has: ['neon_shards_in_state{state="unscheduled"} 0', 'neon_shards_missing_secondaries 0'],
    },
    {
      case: 'a shard with fewer secondaries than its policy asks for is missing some, as after a cold start',
      rows: [tenantRow(t1, [shardRow(t1, { node_secondary: [] })]), tenantRow(t2, [shardRow(t2)])],
      has: ['neon_secondaries_wanted 2', 'neon_secondaries_present 1', 'neon_shards_missing_secondaries 1'],
    },
    {
      case: 'Attached(0) wants no secondaries',
      rows: [tenantRow(t1, [shardRow(t1, { node_secondary: [] })], { Attached: 0 })],
      has: ['neon_secondaries_wanted 0', 'neon_shards_missing_secondaries 0'],
    },
    {
      case: 'Stop and Pause pins are counted, and the others are there with zero',
      rows: [tenantRow(t1, [shardRow(t1, { scheduling_policy: 'Stop' })])],
      has: [
        'neon_shards_by_scheduling_policy{scheduling_policy="Stop"} 1',
        'neon_shards_by_scheduling_policy{scheduling_policy="Active"} 0',
      ],
    },
    {
      case: "a shard carries the labels of the pageserver's own metrics",
      rows: [tenantRow(t2, [shardRow(`${t2}-0102`), shardRow(`${t2}-0002`)])],
      has: [`neon_shard_attached_node_info{tenant_id="${t2}",shard_id="0102",node_id="1"} 1`],
    },
  ])('$case', async ({ rows, has }) => {
    expect(await series(rows)).toEqual(expect.arrayContaining(has));
  });
});

describe('placement without an admin token', () => {
  const locations = [
    nodeLocations(1, [
      [t1, 'AttachedSingle', 3],
      [`${t2}-0102`, 'Secondary'],
    ]),
    nodeLocations(2, [
      [t1, 'AttachedStale', 2],
      [`${t2}-0102`, 'AttachedSingle', 1],
    ]),
  ];

  it('describes every tenant that stands on a pageserver, and says so', async () => {
    const reader = fakeReader({
      '/control/v1/tenant': denied,
      [`/control/v1/tenant/${t1}`]: tenantRow(t1, [shardRow(t1)]),
      [`/control/v1/tenant/${t2}`]: tenantRow(t2, [shardRow(`${t2}-0102`)]),
    });
    const reading = await collectOnce(tenants, reader, { locations });
    expect(reading).toMatchObject({ source: 'describe', totals: { shards: 2 } });
    expect(seriesOf(tenants, reading)).toContain('neon_placement_source{source="describe"} 1');
  });

  it('leaves a tenant out that is gone by the time it is described', async () => {
    const reader = fakeReader({
      '/control/v1/tenant': denied,
      [`/control/v1/tenant/${t1}`]: tenantRow(t1, [shardRow(t1)]),
      [`/control/v1/tenant/${t2}`]: new SourceError('unexpected', 'NotFound: tenant', { status: 404 }),
    });
    expect(await collectOnce(tenants, reader, { locations })).toMatchObject({ totals: { shards: 1 } });
  });

  it('fails where there is no route to describe tenants: that is not a cluster without any', async () => {
    const reader = fakeReader({ '/control/v1/tenant': denied });
    await expect(collectOnce(tenants, reader, { locations })).rejects.toMatchObject({
      reason: 'unsupported',
    });
  });

  it('asks for no more tenants once one could not be described', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => n.toString(16).padStart(32, '0'));
    const failure = new SourceError('unexpected', 'answered 500', { status: 500 });
    const answers = ids.map((id, n) => [
      `/control/v1/tenant/${id}`,
      n === 1 ? failure : tenantRow(id, [shardRow(id)]),
    ]);
    const reader = fakeReader({ '/control/v1/tenant': denied, ...Object.fromEntries(answers) });
    const everywhere = [
      nodeLocations(
        1,
        ids.map((id) => [id, 'AttachedSingle', 1] as const),
      ),
    ];
    await expect(collectOnce(tenants, reader, { locations: everywhere })).rejects.toBe(failure);
    await new Promise(setImmediate);
    expect(reader.asked.length).toBeLessThan(20);
  });

  it('asks with the describe token where there is one', async () => {
    const http = fakeReader({ '/control/v1/tenant': denied });
    const describe = fakeReader({
      [`/control/v1/tenant/${t1}`]: tenantRow(t1, [shardRow(t1)]),
      [`/control/v1/tenant/${t2}`]: tenantRow(t2, [shardRow(`${t2}-0102`)]),
    });
    expect(await collectOnce(tenants, http, { describe, locations })).toMatchObject({ source: 'describe' });
    expect(http.asked).toHaveLength(1);
  });

  it('falls back to the pageservers alone: the highest generation is where a shard is, and intent is unknown', async () => {
    const reader = fakeReader({
      '/control/v1/tenant': denied,
      [`/control/v1/tenant/${t1}`]: denied,
      [`/control/v1/tenant/${t2}`]: denied,
    });
    const reading = await collectOnce(tenants, reader, { locations });
    expect(reading).toMatchObject({ source: 'locations', totals: { shards: 2, secondariesPresent: 1 } });
    const series = seriesOf(tenants, reading);
    expect(series).toContain(
      `neon_shard_attached_node_info{tenant_id="${t1}",shard_id="0000",node_id="1"} 1`,
    );
    expect(series).toContain(
      `neon_shard_attached_node_info{tenant_id="${t2}",shard_id="0102",node_id="2"} 1`,
    );
    expect(series.filter((line) => /in_state|wanted|missing|policy|reconciling/.test(line))).toEqual([]);
  });

  it('waits while no pageserver has been read', async () => {
    const reader = fakeReader({ '/control/v1/tenant': denied });
    expect(await collectOnce(tenants, reader)).toEqual({ skipped: 'waiting_for_locations' });
  });

  it('waits while a pageserver has not been tried yet: what it holds would be missing from every sum', async () => {
    const reader = fakeReader({ '/control/v1/tenant': denied });
    expect(await collectOnce(tenants, reader, { locations, areLocationsTried: false })).toEqual({
      skipped: 'waiting_for_locations',
    });
  });

  it('never lists when told to go by locations', async () => {
    const gone = new SourceError('unexpected', 'NotFound: tenant', { status: 404 });
    const reader = fakeReader({ [`/control/v1/tenant/${t1}`]: gone, [`/control/v1/tenant/${t2}`]: gone });
    await collectOnce(tenants, reader, { locations, settings: { placement: 'locations' } });
    expect(reader.asked).toEqual([`/control/v1/tenant/${t1}`, `/control/v1/tenant/${t2}`]);
  });

  it.for([
    { case: 'told to use the list', settings: { placement: 'list' as const }, failure: denied },
    { case: 'the list fails for another reason', settings: {}, failure: new SourceError('timeout', 'slow') },
  ])('fails when $case: no other way would be the truth', async ({ settings, failure }) => {
    const reader = fakeReader({ '/control/v1/tenant': failure });
    await expect(collectOnce(tenants, reader, { locations, settings })).rejects.toBe(failure);
  });
});
