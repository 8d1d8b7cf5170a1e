import { describe, expect, it } from 'vitest';
import { health } from '../findings/control-world.ts';
import { node } from '../findings/controller-world.ts';
import { files, sharded, shardIdOf, tenantOn } from '../findings/drift-world.ts';
import { caseStartMs, readingsOf, type World } from '../findings/world.ts';
import {
  about,
  claimed,
  decided,
  type HealWorld,
  healWorld,
  outcome,
  readCompute,
  sent,
} from './heal-world.ts';

const main = { kind: 'compute', name: 'main' } as const;
const rightOrder = [
  "ALTER SYSTEM SET neon.stripe_size = '2048'",
  "ALTER SYSTEM SET neon.pageserver_connstring = 'host=pageserver1 port=6400,host=pageserver2 port=6400'",
  'SELECT pg_reload_conf()',
];
const shard = (number: number) => shardIdOf(sharded, number, 2).text;
const threeNodes = [node(1), node(2), node(3)];

describe('a drifted compute', () => {
  it.each<[string, HealWorld, readonly string[]]>([
    ['in the wrong order is set to the order of the shards', {}, rightOrder],
    [
      'with too few entries gets one for each shard',
      { computes: [readCompute([1], { tenantId: sharded })] },
      rightOrder,
    ],
    [
      'with too many entries keeps only those of its shards',
      { computes: [readCompute([1, 2, 3], { tenantId: sharded })] },
      rightOrder,
    ],
    [
      'with another stripe size gets that of the controller',
      { placements: [tenantOn([1, 2], { stripeSizeBlocks: 32_768 })], computes: [readCompute([1, 2])] },
      ["ALTER SYSTEM SET neon.stripe_size = '32768'", ...rightOrder.slice(1)],
    ],
    [
      'whose shards are on one pageserver names it once for each shard',
      { placements: [tenantOn([2, 2])], computes: [readCompute([2, 1])] },
      [
        rightOrder[0] ?? '',
        "ALTER SYSTEM SET neon.pageserver_connstring = 'host=pageserver2 port=6400,host=pageserver2 port=6400'",
        rightOrder[2] ?? '',
      ],
    ],
    [
      'of an unsharded tenant is sent no stripe size',
      { placements: [tenantOn([3])], computes: [readCompute([1])] },
      [
        "ALTER SYSTEM SET neon.pageserver_connstring = 'host=pageserver3 port=6400'",
        'SELECT pg_reload_conf()',
      ],
    ],
    [
      'whose pageserver announces an IPv6 address gets it without brackets',
      {
        placements: [tenantOn([3])],
        cluster: { nodeFacts: [node(1), node(2), node(3, { pgAddress: '[::1]:6400' })] },
        computes: [readCompute([1])],
      },
      ["ALTER SYSTEM SET neon.pageserver_connstring = 'host=::1 port=6400'", 'SELECT pg_reload_conf()'],
    ],
  ])('%s', async (_, world, statements) => {
    const decision = about(await decided(healWorld(world)), 'connstring_drift');
    expect(outcome(decision)).toBe('repair');
    expect(sent(decision)).toEqual(statements);
  });

  const flagged = (flags: object): HealWorld => ({ placements: [tenantOn([1, 2], { flags })] });
  const live = (changed: object): HealWorld => ({ computes: [readCompute([2, 1], changed)] });
  it.each<[string, HealWorld, string, string?]>([
    ['is right by now', { computes: [readCompute([1, 2])] }, 'already_right'],
    ['is reconciled', flagged({ isReconciling: true }), 'in_transition'],
    ['is split', flagged({ isSplitting: true }), 'in_transition'],
    ['waits for the hook', flagged({ isPendingComputeNotification: true }), 'in_transition'],
    ['is imported', flagged({ isImporting: true }), 'operator_work'],
    ['is pinned', flagged({ schedulingPolicy: 'Stop' }), 'operator_work'],
    [
      'is attached nowhere by its policy',
      {
        placements: [
          tenantOn([1, 2], { policy: { text: 'Detached', secondariesWanted: 0, wantsAttached: false } }),
        ],
      },
      'in_transition',
    ],
    ['has a shard that is attached nowhere', { placements: [tenantOn([1, undefined])] }, 'in_transition'],
    [
      'has a shard that is still elsewhere',
      {
        cluster: {
          replaced: {
            1: [[shard(0), 'AttachedSingle', 1]],
            2: [[shard(1), 'Secondary']],
            3: [[shard(1), 'AttachedSingle', 1]],
          },
        },
      },
      'in_transition',
    ],
    [
      'has a shard in a live migration',
      { cluster: { replaced: { 2: [[shard(1), 'AttachedMulti', 2]] } } },
      'in_transition',
    ],
    [
      'has a location that is being changed',
      { cluster: { replaced: { 2: [[shard(1), 'InProgress']] } } },
      'unreadable',
    ],
    ['is not listed', { placements: [tenantOn([3])] }, 'in_transition'],
    ['has a gap in its list', { placements: [tenantOn([1, 2], { count: 3 })] }, 'unreadable'],
    ['has no stripe size', { placements: [tenantOn([1, 2], { stripeSizeBlocks: undefined })] }, 'unreadable'],
    [
      'has a pageserver whose locations nobody read',
      { cluster: { without: ['pageserver_locations pageserver1:9898'] } },
      'unreadable',
    ],
    [
      'is of a pageserver whose address two announce',
      { cluster: { nodeFacts: [node(1), node(2), node(3, { pgAddress: 'PAGESERVER1:6400' })] } },
      'address_unusable',
    ],
    [
      'is of a pageserver whose address could end a literal',
      { cluster: { nodeFacts: [node(1, { pgAddress: "a'; DROP TABLE x; --:6400" }), node(2), node(3)] } },
      'address_unusable',
      'WRONG_NODE',
    ],
    [
      'is of a pageserver whose address has no port',
      { cluster: { nodeFacts: [node(1, { pgAddress: 'pageserver1' }), node(2), node(3)] } },
      'address_unusable',
      'WRONG_NODE',
    ],
  ])('is left alone when its tenant %s', async (_, world, reason, className = 'WRONG_ORDER') => {
    // Whoever claims the drift: what is read has the say.
    const alerts = [claimed('connstring_drift', main, { className })];
    expect(outcome(about(await decided(healWorld(world), { alerts }), 'connstring_drift'))).toBe(reason);
  });

  it.each<[string, HealWorld, string, string?]>([
    ['another class of drift is claimed', {}, 'finding_outdated', 'WRONG_NODE'],
    ['its neon library is not loaded', live({ readVia: 'current_setting' }), 'unreadable'],
    ['nobody knows where its settings come from', live({ sources: [] }), 'unreadable'],
    [
      'its connection string is on its command line',
      live({
        sources: ['neon.pageserver_connstring', 'neon.stripe_size'].map((setting) => ({
          setting,
          source: 'command line',
        })),
      }),
      'set_elsewhere',
    ],
    ['its files cannot be read', live({ files: undefined }), 'unreadable'],
    [
      'another change waits in its files',
      live({ files: files({ pendingReload: ['neon.safekeepers'] }) }),
      'files_changing',
    ],
    [
      'its own settings wait in its files',
      live({ files: files({ pendingReload: ['neon.stripe_size'] }) }),
      'repair',
    ],
    ['its tenant is not known', live({ tenantId: undefined }), 'unreadable'],
    ['it is not there', { computes: [readCompute([2, 1], {}, 'other')] }, 'unreadable'],
    [
      'it uses addresses that no pageserver announces',
      { computes: [readCompute(['host=10.0.0.1 port=1', 'host=10.0.0.2 port=1'])] },
      'alias_in_use',
      'WRONG_NODE',
    ],
  ])('when %s', async (_, world, reason, className = 'WRONG_ORDER') => {
    const alerts = [claimed('connstring_drift', main, { className })];
    expect(outcome(about(await decided(healWorld(world), { alerts }), 'connstring_drift'))).toBe(reason);
  });

  it('is left alone where it reaches a pageserver by an alias', async () => {
    const computes = [readCompute(['host=10.0.0.2 port=6400', 'host=10.0.0.1 port=6400'])];
    const aliases = { 'pageserver1:6400': '10.0.0.1:6400', 'pageserver2:6400': '10.0.0.2:6400' };
    const alerts = [claimed('connstring_drift', main, { className: 'WRONG_ORDER' })];
    const decisions = await decided(healWorld({ computes }), { alerts, aliases });
    expect(outcome(about(decisions, 'connstring_drift'))).toBe('alias_in_use');
  });

  it('is left alone when it has the connection string of another tenant', async () => {
    const other = '30000000000000000000000000000003';
    const placements = [tenantOn([1, 2]), tenantOn([3, 4], { tenantId: other })];
    const nodeFacts = [...threeNodes, node(4)];
    const computes = [readCompute([3, 4])];
    const world = healWorld({ placements, cluster: { nodeFacts }, computes });
    expect(outcome(about(await decided(world), 'connstring_drift'))).toBe('other_tenant');
  });

  it('has another fingerprint when anything that it rests on is another', async () => {
    const nameOf = async (world: World) => {
      const decision = about(await decided(world), 'connstring_drift');
      if (decision.verdict !== 'repair') throw new Error(decision.refusal.because);
      return decision.plan.fingerprint;
    };
    const moved = (generation: number) => ({
      replaced: {
        1: [[shard(0), 'AttachedSingle', generation]] as const,
        2: [[shard(1), 'AttachedSingle', 1]] as const,
      },
    });
    const worlds = [
      healWorld(),
      healWorld({ computes: [readCompute([2, 2])] }),
      healWorld({ placements: [tenantOn([1, 3])], computes: [readCompute([3, 1])] }),
      healWorld({ computes: [readCompute([2, 1], { postmasterStartedAtMs: 1 })] }),
      healWorld({ computes: [readCompute([2, 1], { confLoadedAtMs: 1 })] }),
      // Away and back: the same place, and another generation.
      healWorld({ cluster: moved(7) }),
    ];
    const names = await Promise.all(worlds.map(nameOf));
    expect(new Set(names).size).toBe(worlds.length);
    expect(await nameOf(healWorld())).toBe(names[0]);
    expect(names[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it('has the same fingerprint when it is read again later', async () => {
    const [world, nowMs] = [healWorld(), caseStartMs + 60_000];
    const looks = [{}, { readings: readingsOf(world, 9, nowMs), nowMs }];
    const names = looks.map(async (changed) => {
      const decision = about(await decided(world, changed), 'connstring_drift');
      return decision.verdict === 'repair' ? decision.plan.fingerprint : decision.refusal.because;
    });
    const [first, again] = await Promise.all(names);
    expect(again).toBe(first);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is not judged by a controller that does not lead', async () => {
    const world = [
      ...healWorld().filter(({ collector }) => collector !== 'controller_health'),
      health(true, false),
    ];
    const alerts = [claimed('connstring_drift', main, { className: 'WRONG_ORDER' })];
    expect(outcome(about(await decided(world, { alerts }), 'connstring_drift'))).toBe('unreadable');
  });
});
