import { describe, expect, it } from 'vitest';
import type { Asked } from '../../src/heal/planner.ts';
import type { NodeFact } from '../../src/neon/node.ts';
import { health, hook, hookName, leaderRow, metrics } from '../findings/control-world.ts';
import { node } from '../findings/controller-world.ts';
import { files, tenantOn } from '../findings/drift-world.ts';
import { type Placed, placed, secondaries, shardText } from '../findings/placement-world.ts';
import { caseStartMs, type World } from '../findings/world.ts';
import {
  about,
  claimed,
  decided,
  type HealWorld,
  healWorld,
  nodeMetrics,
  outcome,
  policyOf,
  readCompute,
  sent,
  wellAround,
  without,
} from './heal-world.ts';

const hazard = files({ hasStripeOrderHazard: true });

describe('a stripe size behind the connection string', () => {
  it('is mended by loading the same files once more', async () => {
    const world = healWorld({ computes: [readCompute([1, 2], { files: hazard })] });
    const decision = about(await decided(world), 'stripe_order_hazard');
    expect(sent(decision)).toEqual(['SELECT pg_reload_conf()']);
  });

  it.each<[string, HealWorld, string]>([
    [
      'the connection string is wrong as well',
      { computes: [readCompute([2, 1], { files: hazard })] },
      'finding_outdated',
    ],
    ['the order is right by now', { computes: [readCompute([1, 2])] }, 'already_right'],
    [
      'another connection string waits in the files',
      {
        computes: [
          readCompute([1, 2], {
            files: files({ hasStripeOrderHazard: true, pendingReload: ['neon.pageserver_connstring'] }),
          }),
        ],
      },
      'files_changing',
    ],
    [
      'its tenant moves',
      {
        placements: [tenantOn([1, 2], { flags: { isReconciling: true } })],
        computes: [readCompute([1, 2], { files: hazard })],
      },
      'in_transition',
    ],
  ])('is left alone when %s', async (_, world, reason) => {
    const alerts = [claimed('stripe_order_hazard', { kind: 'compute', name: 'main' })];
    expect(outcome(about(await decided(healWorld(world), { alerts }), 'stripe_order_hazard'))).toBe(reason);
  });
});

describe('a compute hook that is away', () => {
  const away = [claimed('hook_away', { kind: 'compute_hook', name: hookName })];
  const pending = [tenantOn([1, 2], { flags: { isPendingComputeNotification: true } })];
  const around = [metrics(), leaderRow(undefined), hook(false)];
  it.each<[string, World, Asked['alerts'], string]>([
    ['there is no way yet to restart it', healWorld({ placements: pending, around }), away, 'no_driver'],
    ['only we cannot reach it', healWorld({ around }), away, 'not_witnessed'],
    [
      'reconciles end without it',
      healWorld({ around }),
      [...away, claimed('notifications_failing', { kind: 'controller', name: 'c' })],
      'no_driver',
    ],
    ['it is back', healWorld({ placements: pending }), away, 'already_right'],
    ['it was not asked', without(healWorld({ around }), 'compute_hook'), away, 'unreadable'],
    ['what waits for it is not known', without(healWorld({ around }), 'tenants'), away, 'unreadable'],
  ])('is not restarted: %s', async (_, world, alerts, reason) => {
    expect(outcome(about(await decided(world, { alerts }), 'hook_away'))).toBe(reason);
  });
});

describe('a pageserver with too few shards', () => {
  const four = [node(1), node(2), node(3), node(4)].map((one) => ({ ...one, az: 'az-a' }));
  const ids = Array.from({ length: 12 }, (_, at) => (at + 1).toString(16).padStart(4, '0'));
  /** Twelve tenants on three of four pageservers, each with its secondary on the fourth. */
  const crowded: readonly Placed[] = ids.map((tenant, at) => ({
    tenant,
    at: 1 + (at % 3),
    with: [4],
    az: 'az-a',
  }));
  const warm = (warmth: 'warm' | 'cold' = 'warm') =>
    secondaries(4, Object.fromEntries(ids.map((tenant) => [shardText(tenant), warmth])));
  const around: World = [
    health(true, true),
    ...wellAround,
    ...four.map(({ nodeId }) => nodeMetrics(nodeId)),
    warm(),
  ];
  const world = (nodes: readonly NodeFact[] = four, shards = crowded, beside = around): World => [
    ...placed({ nodes, shards }),
    ...beside,
  ];
  const tooFew = claimed('shard_imbalance', { kind: 'node', name: '4' }, { className: 'too_few' });
  const ask = async (of: World, changed: Partial<Asked> = {}) =>
    about(await decided(of, { alerts: [tooFew], ...changed }), 'shard_imbalance');

  it('is filled up to the average, with the cancel at hand', async () => {
    const decision = await ask(world());
    expect(sent(decision)).toEqual(['PUT /control/v1/node/4/fill']);
    expect(decision).toMatchObject({
      plan: { movedShards: 3, cancel: { method: 'DELETE', path: '/control/v1/node/4/fill' } },
    });
  });

  it('is filled also when the finding is about one that has too many', async () => {
    const subject = { kind: 'node', name: '1' } as const;
    const related = [subject, { kind: 'node', name: '4' } as const];
    const alerts = [claimed('shard_imbalance', subject, { className: 'too_many', related })];
    expect(sent(await ask(world(), { alerts }))).toEqual(['PUT /control/v1/node/4/fill']);
  });

  it('is filled once, however many findings lead to it', async () => {
    const subject = { kind: 'node', name: '1' } as const;
    const related = [{ kind: 'node', name: '4' } as const];
    const other = claimed('shard_imbalance', subject, { className: 'too_many', related });
    const decisions = await decided(world(), { alerts: [tooFew, other] });
    expect(decisions.map(outcome)).toEqual(['repair', 'same_plan']);
  });

  const elsewhere = crowded.map((one) => ({ ...one, with: [((one.at ?? 0) % 3) + 1] }));
  const beside = (...others: World): World => [
    ...without(around, ...others.map(({ collector }) => collector)),
    ...others,
  ];
  it.each<[string, World, string, Partial<Asked>?]>([
    ['it has no secondaries', world(four, elsewhere), 'nothing_promotable'],
    [
      'its secondaries prefer another zone',
      world([...four.slice(0, 3), node(4, { az: 'az-b' })], crowded),
      'nothing_promotable',
    ],
    [
      'it has as many as the others',
      world(four, [
        ...crowded,
        ...crowded.slice(0, 4).map((one, at) => ({ ...one, tenant: `ff0${at}`, at: 4, with: [] })),
      ]),
      'nothing_promotable',
    ],
    ['its secondaries are cold', world(four, crowded, beside(warm('cold'))), 'not_warm'],
    [
      'nobody asked its secondaries',
      world(four, crowded, without(around, 'pageserver_secondaries')),
      'unreadable',
    ],
    ['its start is not known', world(four, crowded, without(around, 'pageserver_metrics')), 'unreadable'],
    [
      'it has just started',
      world(four, crowded, beside(...four.map(({ nodeId }) => nodeMetrics(nodeId, caseStartMs - 590_000)))),
      'node_started',
    ],
    [
      'shards that might go there are pinned',
      world(
        four,
        crowded.map((one) => ({ ...one, flags: { schedulingPolicy: 'Pause' } })),
      ),
      'operator_work',
    ],
    [
      'any shard anywhere is reconciled',
      world(four, [...crowded, { tenant: 'ffff', at: 1, with: [2], flags: { isReconciling: true } }]),
      'operator_work',
    ],
    [
      'any shard anywhere waits for the hook',
      world(four, [
        ...crowded,
        { tenant: 'ffff', at: 1, with: [2], flags: { isPendingComputeNotification: true } },
      ]),
      'operator_work',
    ],
    [
      'reconciles are pending',
      world(four, crowded, beside(metrics({ pendingReconciles: 1 }))),
      'controller_unwell',
    ],
    [
      'reconciles are stuck',
      world(four, crowded, beside(metrics({ stuckReconciles: 1 }))),
      'controller_unwell',
    ],
    [
      'nobody says what is stuck',
      world(four, crowded, beside(metrics({ stuckReconciles: undefined }))),
      'unreadable',
    ],
    [
      'one pageserver is away',
      world(four.map((one) => (one.nodeId === 3 ? { ...one, availability: 'Offline' } : one))),
      'storm',
    ],
    [
      'the hook lies',
      world(),
      'behind_finding',
      { alerts: [tooFew, claimed('lying_hook', { kind: 'compute_hook', name: 'h' })] },
    ],
    [
      'it would be more than the cap',
      world(),
      'too_large',
      { policy: policyOf({ mode: 'plan', limits: { movedShards: 2 } }) },
    ],
  ])('is not filled when %s', async (_, of, reason, changed) => {
    expect(outcome(await ask(of, changed))).toBe(reason);
  });

  it('is not filled when that would spread the shards no better', async () => {
    // Both zones are as they should be but for shards that would come home to the fuller pageserver.
    const nodes = [node(1), node(2)];
    const home = ids.map((tenant): Placed => ({ tenant, at: 2, with: [1], az: 'az-a' }));
    const full = Array.from(
      { length: 30 },
      (_, at): Placed => ({ tenant: `ee${at.toString(16).padStart(2, '0')}`, at: 1, with: [], az: 'az-a' }),
    );
    const alerts = [claimed('shard_imbalance', { kind: 'node', name: '1' }, { className: 'too_few' })];
    expect(outcome(await ask(world(nodes, [...home, ...full]), { alerts }))).toBe('no_gain');
  });
});

describe('a finding without an action', () => {
  it.each(['node_offline', 'pageserver_away', 'lying_hook', 'node_stuck', 'compute_away', 'two_leaders'])(
    'is never acted on: %s',
    async (id) => {
      const alerts = [claimed(id, { kind: 'node', name: '1' })];
      const decision = about(await decided(healWorld(), { alerts }), id);
      expect([outcome(decision), decision.kind]).toEqual(['no_action', undefined]);
    },
  );
});
