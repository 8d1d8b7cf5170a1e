import { describe, expect, it } from 'vitest';
import type { Look } from '../../../src/alerts/detector.ts';
import type { Subject } from '../../../src/alerts/finding.ts';
import { noticedOf } from '../../../src/cli/doctor/noticed.ts';
import { parseConnstring } from '../../../src/neon/connstring.ts';
import { node, nodes } from '../../findings/controller-world.ts';
import { computeOn, tenantOn, tenants } from '../../findings/drift-world.ts';
import { caseStartMs, looksOf, reading, readingsOf, type World } from '../../findings/world.ts';

const sharded = '20000000000000000000000000000002';

function notice(world: World, found: readonly Subject[] = [], looks: readonly Look[] = []) {
  return noticedOf(readingsOf(world, 1, caseStartMs), [...looksOf(world, caseStartMs), ...looks], found);
}

/** A pageserver that answered in so many milliseconds. */
function answered(nodeId: number, durationMs: number): Look {
  const [look] = looksOf([reading('pageserver_status', `pageserver${nodeId}:9898`, { nodeId })], caseStartMs);
  if (look === undefined) throw new Error('a reading makes a look');
  return { ...look, target: { ...look.target, kind: 'pageserver', nodeId }, durationMs };
}

const flagged = (flags: Parameters<typeof tenantOn>[1]) => tenants([tenantOn([2, 3], flags)]);
const safekeeper = (schedulingPolicy: string) =>
  reading('safekeepers', 'controller:1234', {
    safekeepers: [
      {
        safekeeperId: 2,
        regionId: 'r',
        address: 'safekeeper2:5454',
        httpAddress: 'safekeeper2:7676',
        az: 'az-b',
        schedulingPolicy,
      },
    ],
  });

describe('what doctor notices', () => {
  it.each<[string, World, RegExp[], boolean?]>([
    ['nothing in a quiet cluster', [nodes([node(1), node(2)]), flagged({}), safekeeper('Active')], []],
    ['nothing of what was not read', [], []],
    [
      'a pageserver that starts, which is under way',
      [nodes([node(1, { availability: 'WarmingUp' })])],
      [/^Pageserver 1 in az-a is WarmingUp: it has started and/],
      true,
    ],
    [
      'an operation, which is under way',
      [nodes([node(1, { scheduling: 'Filling' })])],
      [/^Pageserver 1 in az-a is Filling: /],
      true,
    ],
    [
      'a policy that somebody wanted, which is not',
      [nodes([node(1, { scheduling: 'Pause' })])],
      [/^Pageserver 1 in az-a is Pause: it keeps its shards/],
      false,
    ],
    [
      'a state that is new to us',
      [nodes([node(1, { scheduling: 'Dreaming' })])],
      [/^Pageserver 1 in az-a is Dreaming\.$/],
      false,
    ],
    [
      'shards that move, and of which tenant',
      [flagged({ flags: { isReconciling: true } })],
      [new RegExp(`^2 shards are being reconciled: .*\\(tenant ${sharded}\\)\\.$`)],
      true,
    ],
    [
      'notifications that wait',
      [flagged({ flags: { isPendingComputeNotification: true } })],
      [/^2 shards are waiting for the compute hook/],
      true,
    ],
    [
      'shards that the controller leaves alone',
      [flagged({ flags: { schedulingPolicy: 'Stop' } })],
      [/^2 shards are left alone by the controller: scheduling policy Stop/],
      false,
    ],
    [
      'a safekeeper that is paused',
      [safekeeper('Pause')],
      [/^Safekeeper 2 has the scheduling policy Pause: it takes no new timelines\.$/],
      false,
    ],
    [
      'a connection string that is none, and nothing of its text',
      [computeOn([1], { connstring: parseConnstring('host=secret prt=1,,x') })],
      [
        /^The connection string of compute main cannot be taken apart \(empty entry for shard 1\)(?!.*secret)/,
      ],
      false,
    ],
  ])('is %s', (_, world, texts, isMotion = false) => {
    const noticed = notice(world);
    expect(noticed.map(({ text }) => text)).toEqual(texts.map((text) => expect.stringMatching(text)));
    for (const one of noticed) expect(one.isMotion).toBe(isMotion);
  });

  it.each<[string, [number, number][], RegExp[]]>([
    [
      'far slower than the others',
      [
        [1, 3],
        [2, 4],
        [3, 600],
      ],
      [/^Pageserver 3 at pageserver3:9898 answers slowly: 600 ms .* the others 3 ms/],
    ],
    [
      'just below slow',
      [
        [1, 3],
        [2, 4],
        [3, 149],
      ],
      [],
    ],
    [
      'as slow as all of them',
      [
        [1, 400],
        [2, 500],
        [3, 600],
      ],
      [],
    ],
    ['slow and alone', [[3, 600]], []],
  ])('is a pageserver %s', (_, answers, texts) => {
    const looks = answers.map(([nodeId, durationMs]) => answered(nodeId, durationMs));
    expect(notice([], [], looks).map(({ text }) => text)).toEqual(
      texts.map((text) => expect.stringMatching(text)),
    );
  });

  it('names four tenants, and that there are others', () => {
    const many = Array.from({ length: 7 }, (_, at) =>
      tenantOn([1], { tenantId: `${at}`.repeat(32), flags: { isSplitting: true } }),
    );
    const [one] = notice([tenants(many)]);
    expect(one?.text).toMatch(
      /^7 shards are being split \(tenant 0{32}, 1{32}, 2{32}, 3{32} and others\)\.$/,
    );
  });

  it('is not said again where a finding speaks of the same', () => {
    const world = [nodes([node(1, { availability: 'WarmingUp' }), node(2, { scheduling: 'Filling' })])];
    const texts = notice(world, [{ kind: 'node', name: '1' }]).map(({ text }) => text);
    expect(texts).toEqual([expect.stringMatching(/^Pageserver 2 /)]);
  });
});
