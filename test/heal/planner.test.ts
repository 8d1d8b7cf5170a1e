import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ShownAlert } from '../../src/alerts/snapshot.ts';
import { actedOn } from '../../src/heal/actions.ts';
import { mayBeSent } from '../../src/heal/mutations.ts';
import { type Decision, planHealing } from '../../src/heal/planner.ts';
import { refusalReasons } from '../../src/heal/refusal.ts';
import { parseConnstring } from '../../src/neon/connstring.ts';
import type { ShardFlags, TenantPlacement } from '../../src/neon/placement.ts';
import { health, hook, hookName, leaderRow, metrics, peer } from '../findings/control-world.ts';
import { node, nodes } from '../findings/controller-world.ts';
import { files, heldAsMeant, sharded, shardIdOf, tenantOn, tenants } from '../findings/drift-world.ts';
import { caseStartMs, failure, type World } from '../findings/world.ts';
import { askedOf, claimed, nodeMetrics, policyOf, readCompute } from './heal-world.ts';

const nodeIds = [1, 2, 3, 4];
const lastId = nodeIds.length;
const anyNode = fc.integer({ min: 1, max: lastId });
/** Mostly the first: a world in which all is broken at once tests one gate. */
const mostly = <Value>(usual: Value, ...others: Value[]) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(usual, ...others) },
  );

const flags: fc.Arbitrary<Partial<ShardFlags>> = fc.record({
  isReconciling: mostly(false, true),
  isPendingComputeNotification: mostly(false, true),
  isSplitting: mostly(false, true),
  isImporting: mostly(false, true),
  schedulingPolicy: mostly('Active', 'Essential', 'Pause', 'Stop'),
});

interface Scene {
  readonly world: World;
  readonly placement: TenantPlacement;
  readonly alerts: readonly ShownAlert[];
  readonly removed: string | undefined;
  readonly scheduling: string;
  readonly mode: 'off' | 'plan';
  readonly live: readonly number[];
  readonly agoMs: number;
}

const computeSubject = { kind: 'compute', name: 'main' } as const;
const claims: readonly ShownAlert[] = [
  ...['WRONG_TENANT', 'WRONG_COUNT', 'WRONG_STRIPE', 'WRONG_ORDER', 'WRONG_NODE'].map((className) =>
    claimed('connstring_drift', computeSubject, { className }),
  ),
  claimed('stripe_order_hazard', computeSubject),
  claimed('hook_away', { kind: 'compute_hook', name: hookName }),
  ...nodeIds.map((id) =>
    claimed('shard_imbalance', { kind: 'node', name: String(id) }, { className: 'too_few' }),
  ),
  claimed('node_offline', { kind: 'node', name: '1' }),
];

/** Readings without which nothing may be repaired. */
const needed = [
  'compute_settings',
  'tenants',
  'nodes',
  'controller_health',
  'controller_metrics',
  'leader',
  'compute_hook',
] as const;

const scene: fc.Arbitrary<Scene> = fc
  .record({
    attachedTo: fc.array(anyNode, { minLength: 1, maxLength: 5 }),
    flags,
    stripe: mostly(2048, 32_768),
    live: fc.array(anyNode, { minLength: 1, maxLength: 5 }),
    scheduling: mostly('Active', 'Filling', 'Draining', 'Deleting', 'Pause', 'PauseForRestart'),
    availability: mostly('Active', 'Offline', 'WarmingUp'),
    isLive: mostly(true, false),
    hookAnswers: mostly(true, false),
    startedMinutesAgo: mostly(60, 1, -1),
    removed: mostly<string | undefined>(undefined, ...needed),
    mode: mostly<'plan' | 'off'>('plan', 'off'),
    agoMs: mostly(0, 40_000, -10_000, Number.NaN),
    isMoving: mostly(false, true),
    hasHazard: mostly(false, true),
    alerts: fc.subarray([...claims], { minLength: 1 }),
  })
  .map((made): Scene => {
    const { attachedTo, removed, scheduling, mode, live, agoMs } = made;
    const placement = tenantOn(attachedTo, {
      tenantId: sharded,
      flags: made.flags,
      stripeSizeBlocks: made.stripe,
    });
    const facts = nodeIds.map((id) =>
      node(id, id === lastId ? { scheduling, availability: made.availability } : {}),
    );
    const first = attachedTo[0] ?? 1;
    const elsewhere = (first % lastId) + 1;
    const moved = {
      [elsewhere]: [[shardIdOf(sharded, 0, attachedTo.length).text, 'AttachedSingle', 9]] as const,
    };
    const all: World = [
      health(made.isLive, made.isLive),
      metrics({ startedAtMs: caseStartMs - made.startedMinutesAgo * 60_000 }),
      leaderRow(undefined),
      hook(made.hookAnswers),
      nodes(facts),
      tenants([placement]),
      ...heldAsMeant([placement], nodeIds, made.isMoving ? moved : {}),
      ...nodeIds.map((id) => nodeMetrics(id)),
      readCompute(live, { tenantId: sharded, files: files({ hasStripeOrderHazard: made.hasHazard }) }),
    ];
    const world = all.map((one) =>
      one.collector === removed ? failure(one.collector, one.target.name, 'timeout') : one,
    );
    return { world, placement, alerts: made.alerts, removed, scheduling, mode, live, agoMs };
  });

function decide({ world, alerts, mode, agoMs }: Scene): Promise<readonly Decision[]> {
  const asked = askedOf(world, alerts, { policy: policyOf({ mode }), isByHand: false, watchingSinceMs: 0 });
  return planHealing({ ...asked, nowMs: asked.nowMs + agoMs });
}

const repairs = (decisions: readonly Decision[]) =>
  decisions.flatMap((decision) => (decision.verdict === 'repair' ? [decision.plan] : []));
const runs = { numRuns: 300 };

describe('whatever is read', () => {
  it('there is one decision for each finding, in their order, and each withheld one says why', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async (made) => {
        const decisions = await decide(made);
        expect(decisions.map(({ shown }) => shown.key)).toEqual(made.alerts.map(({ key }) => key));
        for (const decision of decisions) {
          if (decision.verdict === 'repair') continue;
          expect(refusalReasons).toContain(decision.refusal.reason);
          expect(decision.refusal.because).not.toBe('');
          expect(decision.refusal.release).not.toBe('');
        }
      }),
      runs,
    );
  });

  it('equal arguments give equal decisions', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async (made) => {
        expect(await decide(made)).toEqual(await decide(made));
      }),
      { numRuns: 50 },
    );
  });

  it.each<[string, (made: Scene) => boolean]>([
    ['in mode off (I-OFF)', ({ mode }) => mode === 'off'],
    ['when a reading is missing that it needs (I-CLOSED)', ({ removed }) => removed !== undefined],
    ['while an operation runs or a pageserver is set aside', ({ scheduling }) => scheduling !== 'Active'],
    ['from readings that are too old, of the future or of no time', ({ agoMs }) => agoMs !== 0],
    [
      'while its tenant is moved, split, imported or waits for the hook (I-MID)',
      ({ placement: { shards } }) =>
        shards.some(
          ({ flags: own }) =>
            own?.isReconciling || own?.isSplitting || own?.isImporting || own?.isPendingComputeNotification,
        ),
    ],
  ])('nothing is planned %s', async (_, applies) => {
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(scene.filter(applies), async (made) => {
        expect(repairs(await decide(made))).toEqual([]);
        tried += 1;
      }),
      runs,
    );
    expect(tried).toBe(runs.numRuns);
  });

  it('every push is the placement that was read, stripe size first (I-PUSH)', async () => {
    let pushes = 0;
    await fc.assert(
      fc.asyncProperty(scene, async (made) => {
        for (const { kind, mutations } of repairs(await decide(made))) {
          if (kind !== 'push_connstring') continue;
          pushes += 1;
          const [mutation, ...more] = mutations;
          const statements = mutation?.to === 'compute' ? mutation.statements : [];
          const { shards, stripeSizeBlocks } = made.placement;
          const value = /pageserver_connstring = '([^']+)'$/.exec(statements.at(-2) ?? '')?.[1] ?? '';
          const told = parseConnstring(value);
          const meant = shards.map(({ nodeAttached }) => ({ host: `pageserver${nodeAttached}`, port: 6400 }));
          expect(told).toEqual({ endpoints: meant });
          expect(statements.at(-1)).toBe('SELECT pg_reload_conf()');
          const stripe = `ALTER SYSTEM SET neon.stripe_size = '${stripeSizeBlocks}'`;
          expect(statements.slice(0, -2)).toEqual(shards.length > 1 ? [stripe] : []);
          expect(more).toEqual([]);
        }
      }),
      { numRuns: 1_000 },
    );
    // A property about nothing would hold as well.
    expect(pushes).toBeGreaterThan(3);
  });

  it('nothing is planned for a compute that is right (I-FRESH, I-QUIET)', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async (made) => {
        const meant = made.placement.shards.map(({ nodeAttached }) => nodeAttached);
        const isRight =
          JSON.stringify(meant) === JSON.stringify(made.live) && made.placement.stripeSizeBlocks === 2048;
        const pushed = repairs(await decide(made)).filter(({ kind }) => kind === 'push_connstring');
        if (isRight) expect(pushed).toEqual([]);
      }),
      runs,
    );
  });

  it('everything that is planned may be sent, and is for a finding that has an action (I-NOTDEAD)', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async (made) => {
        for (const decision of await decide(made)) {
          if (decision.verdict !== 'repair') continue;
          expect(actedOn).toContain(decision.shown.detector.id);
          expect(decision.plan.mutations.length).toBe(1);
          expect(decision.plan.mutations.every(mayBeSent)).toBe(true);
        }
      }),
      runs,
    );
  });

  it('two that lead are as bad as none', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async (made) => {
        const world = [...made.world, health(true, true, peer)];
        if (made.removed === 'controller_health') return;
        const isLed = made.world.some(
          (one) =>
            'reading' in one &&
            one.collector === 'controller_health' &&
            (one.reading as { isLive: boolean }).isLive,
        );
        if (isLed) expect(repairs(await decide({ ...made, world }))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('no findings are no actions (I-EMPTY)', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async (made) => {
        expect(await decide({ ...made, alerts: [] })).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});
