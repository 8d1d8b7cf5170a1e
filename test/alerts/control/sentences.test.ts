import { describe, expect, it } from 'vitest';
import type { Detector, Json } from '../../../src/alerts/detector.ts';
import { controllerAway } from '../../../src/alerts/detectors/controller/controller-away.ts';
import { hookAway } from '../../../src/alerts/detectors/controller/hook-away.ts';
import { controllerInstances } from '../../../src/alerts/detectors/controller/instances.ts';
import { notificationPending } from '../../../src/alerts/detectors/controller/notification-pending.ts';
import { reconcileStuck } from '../../../src/alerts/detectors/controller/reconcile-stuck.ts';
import { safekeeperAway } from '../../../src/alerts/detectors/controller/safekeeper-away.ts';
import { twoLeaders } from '../../../src/alerts/detectors/controller/two-leaders.ts';
import { lastNodeStanding } from '../../../src/alerts/detectors/nodes/last-node-standing.ts';
import { nodeStuck } from '../../../src/alerts/detectors/nodes/node-stuck.ts';
import { nothingSchedulable } from '../../../src/alerts/detectors/nodes/nothing-schedulable.ts';
import { pauseForRestartForgotten } from '../../../src/alerts/detectors/nodes/pause-for-restart-forgotten.ts';
import type { Finding } from '../../../src/alerts/finding.ts';
import { Thresholds } from '../../../src/alerts/thresholds.ts';
import {
  access,
  health,
  healthFails,
  hook,
  hookName,
  leaderRow,
  metrics,
  peer,
  safekeeper,
  startedAtMs,
  threeNodes,
} from '../../findings/control-world.ts';
import { controller, node, nodes } from '../../findings/controller-world.ts';
import { playEachLook, tickMs } from '../../findings/finding-case.ts';
import { alike, sharded, shardText, tenants } from '../../findings/placement-world.ts';
import { caseStartMs, looksOf, readingsOf, type World } from '../../findings/world.ts';

/** What the detector says at the last of these looks. */
async function saidOf(detector: Detector, worlds: readonly World[]): Promise<readonly Finding[]> {
  let findings: readonly Finding[] = [];
  const steps = worlds.map((world) => ({ forMs: tickMs, world }));
  for await (const { evaluation } of playEachLook(detector, { name: 'a sentence', steps, firing: [] })) {
    findings = evaluation.findings;
  }
  return findings;
}

const commandsOf = ([finding]: readonly Finding[]) =>
  (finding?.remedy ?? []).flatMap(({ command }) => command ?? []);
const times = (count: number, world: World) => Array.from({ length: count }, () => world);
const inState = (scheduling: string, counters = metrics()): World => [
  threeNodes({ scheduling }),
  tenants(alike(20, 1, { at: 2, with: [1] })),
  counters,
];
const node2 = `http://${controller}/control/v1/node/2`;
const setActive = `curl -sS -X PUT ${node2}/config -d '{"node_id":2,"scheduling":"Active"}'`;

describe('a stuck node', () => {
  it.each([
    ['Draining', 'drain'],
    ['Filling', 'fill'],
    ['Deleting', 'delete'],
  ])('that is %s is cancelled first, and freed by its policy only after a 412', async (scheduling, verb) => {
    const said = await saidOf(nodeStuck, times(41, inState(scheduling)));
    expect(said[0]?.facts).toEqual({ orphaned: 'no' });
    expect(commandsOf(said)).toEqual([`curl -sS -X DELETE ${node2}/${verb}`, setActive, `curl -sS ${node2}`]);
  });

  it('that was forgotten by a new controller is freed by its policy at once: a cancel would be refused', async () => {
    const restarted = metrics({ startedAtMs: startedAtMs + 60_000 });
    const said = await saidOf(nodeStuck, [
      ...times(2, inState('Filling')),
      ...times(5, inState('Filling', restarted)),
    ]);
    expect(said[0]?.facts).toEqual({ orphaned: 'yes' });
    expect(said[0]?.summary).toContain('has forgotten the fill');
    expect(commandsOf(said)).toEqual([setActive, `curl -sS ${node2}`]);
  });

  it('that was forgotten is recognised also when another instance took over', async () => {
    const deposed = metrics({ leadership: 'stepped_down' });
    const successor = metrics({ startedAtMs: startedAtMs + 900_000 }, peer);
    const said = await saidOf(nodeStuck, [
      ...times(2, inState('Draining')),
      ...times(5, [...inState('Draining', deposed), successor]),
    ]);
    expect(said[0]?.facts).toEqual({ orphaned: 'yes' });
  });

  it('that warms up is not cancelled: there is no operation', async () => {
    const warming: World = [threeNodes({ availability: 'WarmingUp' }), metrics()];
    const said = await saidOf(nodeStuck, times(41, warming));
    expect(commandsOf(said).join('\n')).not.toMatch(/DELETE|PUT/);
  });
});

describe('commands to the controller', () => {
  it('carry a token where it asks for one', async () => {
    const said = await saidOf(pauseForRestartForgotten, [
      [threeNodes({ scheduling: 'PauseForRestart' }), access(false)],
    ]);
    expect(commandsOf(said)[0]).toBe(
      `curl -sS -X PUT -H "Authorization: Bearer $STORCON_TOKEN" ${node2}/config -d '{"node_id":2,"scheduling":"Active"}'`,
    );
  });
});

describe('nodes that may not be given shards', () => {
  it('are brought back each by what set it aside', async () => {
    const said = await saidOf(nothingSchedulable, [
      [
        nodes([
          node(1, { availability: 'Offline' }),
          node(2, { scheduling: 'PauseForRestart' }),
          node(3, { scheduling: 'Draining' }),
        ]),
      ],
    ]);
    expect(commandsOf(said)).toEqual([
      'curl -sS -m 5 http://pageserver1:9898/v1/status',
      setActive,
      `curl -sS -X DELETE http://${controller}/control/v1/node/3/drain`,
    ]);
    expect(said[0]?.related).toEqual([{ kind: 'node', name: '1' }]);
  });

  it('leave a last one that must not be touched', async () => {
    const said = await saidOf(lastNodeStanding, [[nodes([node(1), node(2, { availability: 'Offline' })])]]);
    expect(said[0]?.summary).toContain('Pageserver 1 in az-a is the only one of 2 pageservers');
    expect(said[0]?.avoid[0]?.what).toContain('pageserver 1');
  });
});

describe('a reconcile that does not end', () => {
  it('is cancelled by the id of its shard, and hangs on its pageservers and on the hook', async () => {
    const said = await saidOf(reconcileStuck, [
      [
        metrics({ longRunning: [{ tenantId: shardText('8'), shardNumber: 3, sequence: '7' }] }),
        tenants(sharded('8', 8, { at: 1, with: [2] })),
        hook(true),
      ],
    ]);
    expect(commandsOf(said)).toContain(
      `curl -sS -X PUT $storcon_api/control/v1/tenant/${shardText('8')}-0308/cancel_reconcile`,
    );
    expect(said[0]?.related).toEqual([
      { kind: 'compute_hook', name: hookName },
      { kind: 'node', name: '1' },
      { kind: 'node', name: '2' },
      { kind: 'shard', name: `${shardText('8')}-0308` },
    ]);
  });
});

describe('a notification that is pending', () => {
  it('names the shards, says which of them is never sent again, and hangs on the hook', async () => {
    const flags = { isPendingComputeNotification: true, schedulingPolicy: 'Stop' };
    const said = await saidOf(notificationPending, [
      [tenants([{ tenant: '1', at: 3, with: [2], flags }]), hook(false)],
    ]);
    expect(said[0]?.summary).toContain('where 1 shard of it went');
    expect(said[0]?.evidence.map(({ value }) => value)).toEqual([1, 'pageserver 3', 1]);
    expect(said[0]?.related).toContainEqual({ kind: 'compute_hook', name: hookName });
  });
});

describe('how grave it is', () => {
  it('is critical when the controller is away, and a warning while another one leads', async () => {
    const alone = await saidOf(controllerAway, [[healthFails('refused')]]);
    const second = await saidOf(controllerAway, [[health(true, true), healthFails('refused', peer)]]);
    expect([alone[0]?.severity, second[0]?.severity]).toEqual(['critical', 'warning']);
  });

  it.each([
    {
      name: 'one of three',
      world: [safekeeper(1), safekeeper(2, 'refused'), safekeeper(3)],
      severity: 'warning',
    },
    {
      name: 'two of three',
      world: [safekeeper(1), safekeeper(2, 'dns'), safekeeper(3, 'timeout')],
      severity: 'critical',
    },
    { name: 'the only one', world: [safekeeper(1, 'refused')], severity: 'critical' },
  ])('for safekeepers that are away, $name: $severity', async ({ world, severity }) => {
    const said = await saidOf(safekeeperAway, [world]);
    expect([...new Set(said.map((one) => one.severity))]).toEqual([severity]);
  });
});

describe('a dead hook', () => {
  it('says how many shards wait for it already', async () => {
    const flags = { isPendingComputeNotification: true };
    const said = await saidOf(hookAway, [[hook(false), tenants([{ tenant: '1', at: 3, with: [2], flags }])]]);
    expect(said[0]?.evidence[1]?.value).toBe(1);
  });
});

describe('an instance whose newest look failed', () => {
  const nowMs = caseStartMs;
  const readings = readingsOf([health(true, true)], 0, nowMs);

  it.each([
    { reason: 'refused', state: 'away' },
    { reason: 'tls', state: 'unknown' },
  ] as const)('is $state after $reason, whatever was read before', ({ reason, state }) => {
    const instances = controllerInstances({ readings, looks: looksOf([healthFails(reason)], nowMs) });
    expect(instances.map((one) => one.state)).toEqual([state]);
  });
});

describe('the leader of the database', () => {
  /** One evaluation with the row read so long before it. */
  function foundWith(memory: Json | undefined, rowAgeMs: number) {
    const nowMs = caseStartMs + 600_000;
    const world: World = [
      health(true, true),
      metrics(),
      healthFails('refused', peer),
      leaderRow(`http://${peer}/`),
    ];
    const fresh = readingsOf(world, 1, nowMs);
    const row = fresh.one('leader');
    const readings = {
      ...fresh,
      one: ((name: 'leader') =>
        name === 'leader' && row !== undefined
          ? { ...row, firstReadAtMs: nowMs - rowAgeMs }
          : fresh.one(name)) as typeof fresh.one,
    };
    const shared = { looks: looksOf(world, nowMs), thresholds: Thresholds.parse({}), nowMs };
    const input = { ...shared, readings, memory, breathe: () => undefined };
    return Promise.resolve((twoLeaders as Detector).detect(input)).then(({ findings }) => findings.length);
  }
  const took = { instance: controller, startedAtMs, sinceMs: caseStartMs + 570_000, address: '' };

  it('counts when it was read after this one began to lead', async () => {
    expect(await foundWith(took, 10_000)).toBe(1);
  });

  it('is that of the former leader when it was read before', async () => {
    expect(await foundWith(took, 45_000)).toBe(0);
  });

  it('counts at a first look, where everything is read at once', async () => {
    expect(await foundWith(undefined, 1_000)).toBe(1);
  });
});
