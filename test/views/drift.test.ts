import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConnstring } from '../../src/neon/connstring.ts';
import { judgeAll } from '../../src/views/drift/judge-all.ts';
import { driftStates } from '../../src/views/drift/judgement.ts';
import { placesOf } from '../../src/views/drift/places.ts';
import { drift } from '../../src/views/drift.ts';
import { node, nodes } from '../findings/controller-world.ts';
import {
  clusterWorld,
  computeOn,
  connstringTo,
  files,
  health,
  heldAsMeant,
  type Live,
  mainCompute,
  nextStart,
  placed,
  sharded,
  shardIdOf,
  tenantOn,
  tenants,
} from '../findings/drift-world.ts';
import { caseStartMs, readingsOf, type World } from '../findings/world.ts';

const breathe = () => undefined;

async function judged(world: World, aliases = {}) {
  const judgement = (await judgeAll(readingsOf(world, 0, caseStartMs), aliases, breathe)).get(mainCompute);
  if (judgement === undefined) throw new Error('the world has no compute');
  return judgement;
}

const of = (entries: readonly (number | string)[], changed: Partial<Live> = {}) =>
  computeOn(entries, { tenantId: sharded, ...changed });
const second = shardIdOf(sharded, 1, 2).text;

describe('whether a wrong compute is served all the same', () => {
  it.each<[string, World, string, boolean]>([
    ['no: the pageserver it asks has nothing', [...placed(tenantOn([1, 2])), of([1, 3])], 'no', false],
    [
      'no: it asks each pageserver for the other shard',
      [...placed(tenantOn([1, 2])), of([2, 1])],
      'no',
      false,
    ],
    [
      'yes: the pageserver that it asks still holds the shard, though it is not the true one',
      [...placed(tenantOn([1, 2]), { replaced: { 3: [[second, 'AttachedSingle', 0]] } }), of([1, 3])],
      'yes',
      false,
    ],
    [
      'not known: that pageserver could not be read',
      [...placed(tenantOn([1, 2]), { without: ['pageserver_locations pageserver3:9898'] }), of([1, 3])],
      'unknown',
      false,
    ],
    [
      'not known: no pageserver has that address',
      [...placed(tenantOn([1, 2])), of([1, 'host=elsewhere port=1'])],
      'unknown',
      false,
    ],
    [
      'yes, masked: one entry for two shards on one pageserver',
      [...placed(tenantOn([1, 1])), of([1])],
      'yes',
      true,
    ],
    [
      'yes, masked: other stripes on one pageserver',
      [...placed(tenantOn([1, 1])), of([1, 1], { stripeSizeBlocks: 16 })],
      'yes',
      true,
    ],
    ['no: one entry for two shards on two pageservers', [...placed(tenantOn([1, 2])), of([1])], 'no', false],
    [
      'no: all shards on one pageserver, and it asks another',
      [...placed(tenantOn([1, 1])), of([3])],
      'no',
      false,
    ],
  ])('%s', async (_, world, serving, isMasked) => {
    expect(await judged(world)).toMatchObject({ serving, isMasked });
  });
});

describe('the first class that fits', () => {
  it.each<[string, World, string]>([
    [
      'the number of entries before the stripe size',
      [...placed(tenantOn([1, 2])), of([1], { stripeSizeBlocks: 16 })],
      'WRONG_COUNT',
    ],
    [
      'the stripe size before the order',
      [...placed(tenantOn([1, 2])), of([2, 1], { stripeSizeBlocks: 16 })],
      'WRONG_STRIPE',
    ],
    [
      'the order before what the order of the files may have done',
      [...placed(tenantOn([1, 2])), of([2, 1], { files: files({ hasStripeOrderHazard: true }) })],
      'WRONG_ORDER',
    ],
    [
      'the order of the files before the next start',
      [
        ...placed(tenantOn([1, 2])),
        of([1, 2], { files: files({ hasStripeOrderHazard: true }), nextStart: nextStart([2, 1]) }),
      ],
      'STRIPE_ORDER_HAZARD',
    ],
    [
      'a notification that waits before a move',
      [
        ...placed(tenantOn([1, 2], { flags: { isReconciling: true, isPendingComputeNotification: true } })),
        of([1, 2]),
      ],
      'NOTIFY_PENDING',
    ],
    [
      'a split before a notification that waits',
      [
        ...placed(tenantOn([1, 2], { flags: { isSplitting: true, isPendingComputeNotification: true } })),
        of([1, 2]),
      ],
      'SPLITTING',
    ],
    [
      'an older attached location elsewhere is no move',
      [...placed(tenantOn([1, 2]), { replaced: { 3: [[second, 'AttachedSingle', 0]] } }), of([1, 2])],
      'IN_SYNC',
    ],
    [
      'a newer one is',
      [...placed(tenantOn([1, 2]), { replaced: { 3: [[second, 'AttachedSingle', 2]] } }), of([1, 2])],
      'MIGRATING',
    ],
  ])('%s', async (_, world, state) => {
    expect((await judged(world)).state).toBe(state);
  });
});

describe('the string of another tenant', () => {
  const other = (...nodeIds: number[]) => tenantOn(nodeIds, { tenantId: '40000000000000000000000000000004' });

  it.each<[string, World, string, boolean]>([
    [
      'is told when nothing of its own is where it asks',
      [...clusterWorld({ placements: [tenantOn([1, 1]), other(3, 3)] }), of([3, 3])],
      'WRONG_TENANT',
      true,
    ],
    [
      'is not told from a string of former days when its own secondary is there',
      [...clusterWorld({ placements: [tenantOn([1, 2]), other(1, 3)] }), of([1, 3])],
      'WRONG_NODE',
      true,
    ],
    [
      'is told then, too, when it has another number of entries',
      [...clusterWorld({ placements: [tenantOn([1, 2]), other(3)] }), of([3])],
      'WRONG_TENANT',
      true,
    ],
    [
      'is not told when one entry is left of two',
      [...clusterWorld({ placements: [tenantOn([1, 2]), other(1)] }), of([1])],
      'WRONG_COUNT',
      true,
    ],
    [
      'is not told when two tenants have it',
      [
        ...clusterWorld({
          placements: [tenantOn([1, 1]), other(3, 3), tenantOn([3, 3], { tenantId: '5'.repeat(32) })],
        }),
        of([3, 3]),
      ],
      'WRONG_NODE',
      false,
    ],
    [
      'is not told when its stripe size is another one',
      [
        ...clusterWorld({ placements: [tenantOn([1, 1]), { ...other(3, 3), stripeSizeBlocks: 16 }] }),
        of([3, 3]),
      ],
      'WRONG_NODE',
      false,
    ],
  ])('%s', async (_, world, state, isNamed) => {
    const judgement = await judged(world);
    expect([judgement.state, judgement.otherTenantId !== undefined]).toEqual([state, isNamed]);
  });
});

it('has a row for each position that shards or entries have, with what each witness says', async () => {
  const { rows } = await judged([
    ...placed(tenantOn([1, 2])),
    of([1, 3, 2], { nextStart: nextStart([1, 2]) }),
  ]);
  const seen = rows.map((row) => [
    row.shardId,
    row.intended,
    row.heldBy,
    row.live,
    row.nextStart,
    row.agreement,
  ]);
  expect(seen).toEqual([
    [shardIdOf(sharded, 0, 2).text, 'pageserver1:6400', 1, 'pageserver1:6400', 'pageserver1:6400', 'right'],
    [second, 'pageserver2:6400', 2, 'pageserver3:6400', 'pageserver2:6400', 'wrong'],
    [undefined, undefined, undefined, 'pageserver2:6400', undefined, 'unknown'],
  ]);
});

it('exports one state, and positions by whether they are right', async () => {
  const world = [...placed(tenantOn([1, 2])), of([1, 3])];
  const facts = await drift.build(readingsOf(world, 0, caseStartMs), breathe);
  const series = drift.families.flatMap(({ name, samples }) =>
    [...samples(facts as never)].map(({ labels, value }) => [name, labels, value]),
  );
  const ones = series.filter(([name, , value]) => name === 'neon_compute_connstring_state' && value === 1);
  expect(ones).toEqual([['neon_compute_connstring_state', { compute: mainCompute, state: 'WRONG_NODE' }, 1]]);
  expect(
    series.filter(([name]) => name === 'neon_compute_connstring_shards').map(([, , value]) => value),
  ).toEqual([1, 1, 0]);
  expect(series.at(-1)).toEqual(['neon_compute_connstring_serving', { compute: mainCompute }, 0]);
});

it('is absent when no compute was read', async () => {
  expect(await drift.build(readingsOf(clusterWorld(), 0, caseStartMs), breathe)).toBeUndefined();
});

const address = fc.constantFrom('a:1', 'b:1', 'c:1', 'D:2', 'e.:3', '[::1]:4');

describe('places', () => {
  it('are one place however the aliases between them are written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(address, address)), (pairs) => {
        const aliases = Object.fromEntries(pairs);
        const { canonical } = placesOf([], aliases);
        for (const [one, other] of Object.entries(aliases)) expect(canonical(one)).toBe(canonical(other));
      }),
    );
  });

  it('stay apart without an alias', () => {
    const { canonical } = placesOf([], { 'a:1': 'b:1' });
    expect(canonical('a:1')).not.toBe(canonical('a:2'));
    expect(canonical('A.:1')).toBe(canonical('b:1'));
  });
});

const nodeId = fc.integer({ min: 1, max: 4 });
const flags = fc.record({
  isReconciling: fc.boolean(),
  isPendingComputeNotification: fc.boolean(),
  isSplitting: fc.boolean(),
});
const mode = fc.constantFrom(
  'AttachedSingle',
  'AttachedMulti',
  'AttachedStale',
  'Secondary',
  'InProgress',
  'Other',
);
const anyWorld = fc
  .record({
    placed: fc.array(fc.option(nodeId, { nil: undefined }), { maxLength: 4 }),
    count: fc.integer({ min: 0, max: 5 }),
    flags: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: flags }),
    held: fc.array(fc.tuple(nodeId, fc.integer({ min: 0, max: 3 }), mode, fc.integer({ min: 0, max: 3 })), {
      maxLength: 6,
    }),
    entries: fc.array(
      fc.oneof(nodeId, fc.constantFrom('host=x port=1', 'host=PAGESERVER1 port=6400', 'rubbish')),
      { maxLength: 5 },
    ),
    stripe: fc.option(fc.constantFrom(16, 2048), { nil: undefined }),
    next: fc.option(fc.array(nodeId, { maxLength: 4 }), { nil: undefined }),
    isTenantSet: fc.boolean(),
    isLive: fc.boolean(),
    source: fc.constantFrom('list', 'describe', 'locations'),
    left: fc.subarray(['nodes', 'tenants', 'controller_health', 'pageserver_locations']),
  })
  .map((given): World => {
    const tenant = tenantOn(given.placed, {
      tenantId: sharded,
      count: Math.max(given.count, given.placed.length),
      flags: given.flags,
    });
    const meant = heldAsMeant([tenant], [1, 2, 3]);
    const world: World = [
      health(given.isLive),
      nodes([node(1), node(2), node(3)]),
      tenants([tenant], given.source as 'list'),
      ...meant,
      of([], {
        connstring: parseConnstring(connstringTo(given.entries)),
        stripeSizeBlocks: given.stripe,
        tenantId: given.isTenantSet ? sharded : undefined,
        nextStart: given.next && nextStart(given.next),
      }),
    ];
    return world.filter(({ collector }) => !given.left.includes(collector));
  });

describe('the judgement of anything', () => {
  it('is exactly one state, and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, async (world) => {
        const judgement = await judged(world);
        expect(driftStates).toContain(judgement.state);
        // A reason is given for what is not known, and only for that.
        if (judgement.state === 'UNKNOWN') expect(judgement.causes).not.toEqual([]);
        if (judgement.isMasked) expect(judgement.serving).toBe('yes');
      }),
      { numRuns: 500 },
    );
  });

  it('is in sync for a compute that follows a tenant at rest, wherever it is', async () => {
    const somewhere = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(somewhere, async (nodeIds) => {
        const world = [
          ...clusterWorld({ placements: [tenantOn(nodeIds, { tenantId: sharded })] }),
          of(nodeIds),
        ];
        expect(await judged(world)).toMatchObject({ state: 'IN_SYNC', serving: 'yes' });
      }),
    );
  });

  it('is wrong for every other connection string', async () => {
    const two = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 5 });
    const any = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(two, any, async (nodeIds, entries) => {
        fc.pre(JSON.stringify(nodeIds) !== JSON.stringify(entries));
        const world = [
          ...clusterWorld({ placements: [tenantOn(nodeIds, { tenantId: sharded })] }),
          of(entries),
        ];
        const { state, serving, isMasked } = await judged(world);
        expect(state).toMatch(/^WRONG_/);
        // Served only where every shard is on the one pageserver that is asked, or where each is asked for in its place.
        if (serving === 'yes') expect(isMasked || new Set(nodeIds).size === 1).toBe(true);
      }),
    );
  });
});

it('is not confused by readings that come in while it lets others run', async () => {
  const after = readingsOf([...placed(tenantOn([3, 2])), of([3, 2])], 1, caseStartMs + 1000);
  const tenantsOfThousand = Array.from({ length: 1000 }, (_, at) =>
    tenantOn([1], { tenantId: at.toString(16).padStart(32, '0') }),
  );
  const crowded = readingsOf(
    [...clusterWorld({ placements: [tenantOn([1, 2]), ...tenantsOfThousand] }), of([1, 2])],
    0,
    caseStartMs,
  );
  let now = crowded;
  const live = {
    one: (name: never) => now.one(name),
    all: (name: never) => now.all(name),
    locations: () => now.locations(),
  };
  let breaths = 0;
  const judgements = await judgeAll(live as never, {}, () => {
    breaths += 1;
    now = after;
    return Promise.resolve();
  });
  expect(breaths).toBeGreaterThan(0);
  expect(judgements.get(mainCompute)?.state).toBe('IN_SYNC');
});
