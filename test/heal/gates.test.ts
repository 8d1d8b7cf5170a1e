import { describe, expect, it } from 'vitest';
import type { Draft, Mutation } from '../../src/heal/action.ts';
import { pushConnstring } from '../../src/heal/actions/push-connstring.ts';
import { blastCapGate } from '../../src/heal/gates/blast-cap.ts';
import { gates } from '../../src/heal/gates.ts';
import type { Asked } from '../../src/heal/planner.ts';
import { health, hook, leaderRow, metrics, peer } from '../findings/control-world.ts';
import { node } from '../findings/controller-world.ts';
import { tenantOn } from '../findings/drift-world.ts';
import { caseStartMs, failure, readingsOf, suspended, type World } from '../findings/world.ts';
import {
  about,
  askedOf,
  claimed,
  decided,
  healWorld,
  outcome,
  policyOf,
  readCompute,
  without,
} from './heal-world.ts';

const main = { kind: 'compute', name: 'main' } as const;
const nowMs = caseStartMs + 3_000;
const minuteMs = 60_000;
const well = healWorld();
const drift = claimed('connstring_drift', main, { className: 'WRONG_ORDER' });

/** The well world with some of it replaced. */
function replaced(...others: World): World {
  return [...without(well, ...others.map(({ collector }) => collector)), ...others];
}

const nodesWith = (changed: object) =>
  healWorld({ cluster: { nodeFacts: [node(1), node(2), node(3), node(4, changed)] } });

/** So many drifted computes of so many. */
function drifted(count: number, of: number): { world: World; alerts: Asked['alerts'] } {
  const names = Array.from({ length: of }, (_, at) => `c${at}`);
  const computes = names.map((name, at) => readCompute(at < count ? [2, 1] : [1, 2], {}, name));
  const alerts = names
    .slice(0, count)
    .map((name) => claimed('connstring_drift', { kind: 'compute', name }, { className: 'WRONG_ORDER' }));
  return { world: healWorld({ computes }), alerts };
}

interface Case {
  readonly world?: World;
  readonly asked?: Partial<Asked>;
}

async function judged({ world = well, asked = {} }: Case) {
  return about(await decided(world, { alerts: [drift], ...asked }), 'connstring_drift');
}

const fill: Mutation = { to: 'storage_controller', method: 'PUT', path: '/control/v1/node/3/fill' };

const lasting = { ...drift.alert, knownMs: 90_000, samples: 6 };
const seen = (changed: Partial<typeof drift.alert>): Case => ({
  asked: { isByHand: false, watchingSinceMs: 0, alerts: [{ ...drift, alert: { ...lasting, ...changed } }] },
});

const refusals: readonly [gate: string, name: string, Case, reason: string][] = [
  ['mode', 'everything is off, which is the default', { asked: { policy: policyOf({}) } }, 'mode_off'],
  [
    'mode',
    'its kind is off',
    { asked: { policy: policyOf({ mode: 'plan', actions: { push_connstring: { mode: 'off' } } }) } },
    'mode_off',
  ],
  [
    'mode',
    'its kind is on and everything is off',
    { asked: { policy: policyOf({ actions: { push_connstring: { mode: 'plan' } } }) } },
    'mode_off',
  ],
  [
    'mode',
    'its target is excepted',
    { asked: { policy: policyOf({ mode: 'plan', actions: { push_connstring: { except: ['main'] } } }) } },
    'target_excluded',
  ],
  [
    'mode',
    'only others are allowed',
    { asked: { policy: policyOf({ mode: 'plan', actions: { push_connstring: { only: ['other'] } } }) } },
    'target_excluded',
  ],
  [
    'controller start',
    'the controller started four minutes ago',
    { world: replaced(metrics({ startedAtMs: nowMs - 4 * minuteMs })) },
    'controller_started',
  ],
  [
    'controller start',
    'the controller started in the future',
    { world: replaced(metrics({ startedAtMs: nowMs + minuteMs })) },
    'controller_started',
  ],
  [
    'controller start',
    'its start is not known',
    { world: replaced(metrics({ startedAtMs: undefined })) },
    'unreadable',
  ],
  [
    'controller start',
    'two processes count as leaders',
    { world: [...well, metrics({}, peer)] },
    'unreadable',
  ],
  [
    'controller start',
    'its metrics are not read',
    { world: without(well, 'controller_metrics') },
    'unreadable',
  ],
  [
    'leader change',
    'the leader took over four minutes ago',
    { world: replaced(leaderRow('controller:1234', nowMs - 4 * minuteMs)) },
    'leader_changed',
  ],
  ['leader change', 'who leads is not read', { world: without(well, 'leader') }, 'unreadable'],
  [
    'healer start',
    'neonwatch started four minutes ago',
    { asked: { isByHand: false, watchingSinceMs: nowMs - 4 * minuteMs } },
    'healer_started',
  ],
  [
    'fresh',
    'everything was read 31 seconds ago',
    { asked: { readings: readingsOf(well, 1, nowMs - 30_000) } },
    'stale',
  ],
  [
    'fresh',
    'everything was read in the future',
    { asked: { readings: readingsOf(well, 1, nowMs + 5_000) } },
    'stale',
  ],
  ['fresh', 'the hook was not asked', { world: without(well, 'compute_hook') }, 'unreadable'],
  [
    'answered',
    'one compute of two could not be read',
    { world: [...well, failure('compute_settings', 'other', 'timeout')] },
    'unanswered',
  ],
  [
    'answered',
    'a pageserver that is not Offline did not answer',
    {
      world: [
        ...well.filter(({ target }) => target.name !== 'pageserver3:9898'),
        failure('pageserver_locations', 'pageserver3:9898', 'timeout'),
      ],
    },
    'unanswered',
  ],
  ['confirmed', 'it has lasted a second too short', seen({ knownMs: 89_000 }), 'not_confirmed'],
  ['confirmed', 'it was seen in one look too few', seen({ samples: 5 }), 'not_confirmed'],
  ['confirmed', 'it is pending', seen({ phase: 'pending' }), 'not_confirmed'],
  ['confirmed', 'it was gone at the last look', seen({ goneMs: 1 }), 'not_confirmed'],
  ['confirmed', 'it could not be judged at the last look', seen({ isFrozen: true }), 'frozen'],
  ['confirmed', 'its age is no number', seen({ knownMs: Number.NaN }), 'not_confirmed'],
  [
    'controller well',
    'another process of the controller cannot be asked',
    { world: [...well, failure('controller_health', peer, 'timeout')] },
    'unreadable',
  ],
  [
    'storm',
    'less than two thirds of the pageservers are Active',
    {
      world: healWorld({
        cluster: {
          nodeFacts: [1, 2, 3, 4, 5].map((id) => node(id, id > 3 ? { availability: 'Offline' } : {})),
        },
      }),
    },
    'storm',
  ],
  [
    'storm',
    'only one pageserver is Active',
    {
      world: healWorld({
        placements: [tenantOn([1, 1])],
        cluster: { nodeFacts: [node(1)] },
        computes: [readCompute(['host=x port=1', 1])],
      }),
      asked: { alerts: [claimed('connstring_drift', main, { className: 'WRONG_NODE' })] },
    },
    'storm',
  ],
  [
    'one cause',
    'four of eight computes have drifted',
    { world: drifted(4, 8).world, asked: { alerts: drifted(4, 8).alerts } },
    'correlated',
  ],
  [
    'depends on',
    'the controller is not ready',
    { asked: { alerts: [drift, claimed('controller_not_ready', { kind: 'controller', name: 'x' })] } },
    'behind_finding',
  ],
  [
    'depends on',
    'the hook is away',
    { asked: { alerts: [drift, claimed('hook_away', { kind: 'compute_hook', name: 'x' })] } },
    'behind_finding',
  ],
  [
    'depends on',
    'it hangs on a pageserver that is away',
    {
      asked: {
        alerts: [
          { ...drift, explainedBy: 'pageserver_away node 1' },
          claimed('pageserver_away', { kind: 'node', name: '1' }),
        ],
      },
    },
    'behind_finding',
  ],
  [
    'depends on',
    'it hangs on something that nobody tells of',
    { asked: { alerts: [{ ...drift, explainedBy: 'nobody knows' }] } },
    'behind_finding',
  ],
  ['depends on', 'the hook does not answer', { world: replaced(hook(false)) }, 'hook_unwell'],
  [
    'nobody at work',
    'a pageserver far away is filled',
    { world: nodesWith({ scheduling: 'Filling' }) },
    'operator_work',
  ],
  ['nobody at work', 'one is drained', { world: nodesWith({ scheduling: 'Draining' }) }, 'operator_work'],
  ['nobody at work', 'one is deleted', { world: nodesWith({ scheduling: 'Deleting' }) }, 'operator_work'],
  ['nobody at work', 'one is paused', { world: nodesWith({ scheduling: 'Pause' }) }, 'operator_work'],
];

describe('a gate', () => {
  it.each(refusals)('"%s" holds a push back when %s', async (gate, _, asked, reason) => {
    const decision = await judged(asked);
    const refused = decision.gates.filter(({ verdict }) => verdict === 'refuse').map(({ name }) => name);
    expect({ outcome: outcome(decision), refused }).toMatchObject({ outcome: reason });
    expect(refused).toContain(gate);
  });

  it('that is alone against it is enough', async () => {
    const alone = new Set<string>();
    for (const [, , asked] of refusals) {
      const refused = (await judged(asked)).gates.filter(({ verdict }) => verdict === 'refuse');
      if (refused.length === 1) alone.add(refused[0]?.name ?? '');
    }
    // The blast cap has tests of its own; a push cannot come near it.
    expect([...alone].sort()).toEqual(
      gates
        .map(({ name }) => name)
        .filter((name) => name !== 'blast cap')
        .sort(),
    );
  });

  it.each<[string, Case]>([
    ['everything is well', {}],
    ['it has just lasted long enough in looks enough', seen({})],
    ['one compute sleeps on purpose', { world: [...well, suspended('compute_settings', 'sleepy')] }],
    [
      'one of four pageservers is Offline, and is not asked',
      { world: nodesWith({ availability: 'Offline' }) },
    ],
    [
      'three of three computes have drifted',
      { world: drifted(3, 3).world, asked: { alerts: drifted(3, 3).alerts } },
    ],
    ['four of twenty have', { world: drifted(4, 20).world, asked: { alerts: drifted(4, 20).alerts } }],
    ['a leader of long ago is written down', { world: replaced(leaderRow('controller:1234')) }],
    ['another process is ready and does not lead', { world: [...well, health(true, false, peer)] }],
    [
      'it hangs on a hook that lies',
      {
        asked: {
          alerts: [
            { ...drift, explainedBy: 'lying_hook compute_hook hook:3000' },
            claimed('lying_hook', { kind: 'compute_hook', name: 'hook:3000' }),
          ],
        },
      },
    ],
  ])('lets a push through when %s', async (_, asked) => {
    expect(outcome(await judged(asked))).toBe('repair');
  });

  it('that only waiting could pass is waived for who asks by hand, and said to be', async () => {
    const decision = await judged({
      asked: { alerts: [{ ...drift, alert: { ...drift.alert, knownMs: 3_000, samples: 2 } }] },
    });
    expect(decision.gates.filter(({ verdict }) => verdict === 'waived').map(({ name }) => name)).toEqual([
      'healer start',
      'confirmed',
    ]);
    expect(outcome(decision)).toBe('repair');
  });

  it('is asked also behind one that refuses, and the first one gives the reason', async () => {
    const world = without(well, 'compute_hook', 'leader');
    const decision = await judged({ world, asked: { policy: policyOf({}) } });
    expect(decision.gates.map(({ name }) => name)).toEqual(gates.map(({ name }) => name));
    expect(decision.gates.filter(({ verdict }) => verdict === 'refuse').length).toBeGreaterThan(2);
    expect(outcome(decision)).toBe('mode_off');
  });

  it('says what it saw and what it would have to see', async () => {
    for (const [, , asked] of refusals) {
      for (const { value, limit } of (await judged(asked)).gates) {
        expect(value).not.toBe('');
        expect(limit).not.toBe('');
        expect(`${value} ${limit}`).not.toMatch(/undefined|NaN|null/);
      }
    }
  });

  it('stands in the list by its number', () => {
    const numbers = gates.map(({ id }) => Number(id.slice(1)));
    expect(numbers).toEqual([...numbers].sort((left, right) => left - right));
    expect(new Set(gates.map(({ name }) => name)).size).toBe(gates.length);
  });

  it.each<[string, readonly Mutation[], Mutation | undefined, string]>([
    ['what is never sent', [{ ...fill, path: '/control/v1/node/3/drain' }], undefined, 'forbidden'],
    ['a cancel that is never sent', [fill], { ...fill, method: 'DELETE', path: '/x' }, 'forbidden'],
    ['two requests', [fill, fill], undefined, 'too_large'],
    ['no request', [], undefined, 'too_large'],
  ])('"blast cap" holds back %s', async (_, mutations, cancel, reason) => {
    const decision = await judged({});
    if (decision.verdict !== 'repair') throw new Error(decision.refusal.because);
    const candidate = { action: pushConnstring, shown: drift, target: main };
    const input = { ...askedOf(well, [drift]), computes: new Map() };
    const ask = (draft: Draft) => blastCapGate.judge({ ...candidate, draft }, input);
    expect(ask(decision.plan)).toMatchObject({ verdict: 'pass' });
    expect(ask({ ...decision.plan, mutations, cancel })).toMatchObject({ verdict: 'refuse', reason });
  });
});
