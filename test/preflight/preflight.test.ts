import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operations } from '../../src/preflight/operations.ts';
import { type Preflight, verdictOf } from '../../src/preflight/preflight.ts';
import type { DriftJudgement } from '../../src/views/drift/judgement.ts';
import { health } from '../findings/control-world.ts';
import { controller, node } from '../findings/controller-world.ts';
import { type Placed, placed, secondaries, sharded, shardText } from '../findings/placement-world.ts';
import { caseStartMs, reading, readingsOf, type World } from '../findings/world.ts';

const shards: readonly Placed[] = sharded('02', 2, { at: 3, with: [1], az: 'az-c' });
const [first, second] = [shardText('02', 0, 2), shardText('02', 1, 2)];
const hook = (isResponding: boolean) => reading('compute_hook', 'hook:3000', { isResponding });
const database = reading('controller_database', 'storcon', {} as never);

/** Controller, hook and database well; two shards on node 3 with warm secondaries on node 1. */
const well: World = [
  health(true, true),
  hook(true),
  database,
  ...placed({ shards }),
  secondaries(1, { [first]: 'warm', [second]: 'warm' }),
  secondaries(2, {}),
  secondaries(3, {}),
];

const without = (...collectors: readonly string[]): World =>
  well.filter(({ collector }) => !collectors.includes(collector));
const withNodes = (
  nodes: Parameters<typeof placed>[0]['nodes'],
  changed: readonly Placed[] = shards,
): World => [
  ...without('nodes', 'tenants', 'pageserver_locations'),
  ...placed({ shards: changed, ...(nodes === undefined ? {} : { nodes }) }),
];

function ask(
  text: string,
  world: World,
  computes: ReadonlyMap<string, DriftJudgement> = new Map(),
): Preflight {
  const [name, ...words] = text.split(' ');
  const operation = operations.find((one) => one.name === name);
  const readings = readingsOf(world, 0, caseStartMs);
  const preflight = operation?.judge(words, { readings, computes });
  if (preflight === undefined) throw new Error(`"${text}" cannot be understood`);
  return preflight;
}

function judged(changed: Partial<DriftJudgement>): ReadonlyMap<string, DriftJudgement> {
  const row = { nextStartAgreement: 'right', live: 'a:1' } as DriftJudgement['rows'][number];
  const stripe = { intendedBlocks: 2048, liveBlocks: 2048, nextStartBlocks: 2048 };
  const judgement = {
    compute: 'main',
    tenantId: shardText('02'),
    state: 'IN_SYNC',
    rows: [row, row],
    stripe,
    causes: [],
  };
  return new Map([['main', { ...judgement, isMasked: false, ...changed } as DriftJudgement]]);
}

describe('preflight', () => {
  it.each<[string, string, World, string, RegExp]>([
    ['a drain with warm secondaries', 'drain 3', well, 'go', /all 2 shards/],
    [
      'a drain that would leave shards whose secondaries are cold',
      'drain 3',
      [...without('pageserver_secondaries'), secondaries(1, { [first]: 'cold', [second]: 'warm' })],
      'no',
      /1 of 2 shards would be left: secondary cold/,
    ],
    [
      'a drain whose warmth nobody asked',
      'drain 3',
      without('pageserver_secondaries'),
      'unknown',
      /warmth not known/,
    ],
    [
      'a drain of pinned shards',
      'drain 3',
      withNodes(undefined, sharded('02', 2, { at: 3, with: [1], flags: { schedulingPolicy: 'Pause' } })),
      'no',
      /2 of 2 shards would be left: pinned/,
    ],
    [
      'a drain while another runs',
      'drain 3',
      withNodes([node(1), node(2, { scheduling: 'Draining' }), node(3)]),
      'no',
      /node 2 is Draining/,
    ],
    [
      'a drain with a dead hook',
      'drain 3',
      [...without('compute_hook'), hook(false)],
      'no',
      /would not be told/,
    ],
    [
      'a drain with a hook that nobody asked',
      'drain 3',
      without('compute_hook'),
      'unknown',
      /computeHook.url/,
    ],
    [
      'a drain of a node that is not Active',
      'drain 3',
      withNodes([node(1), node(2), node(3, { scheduling: 'Pause' })]),
      'no',
      /policy is Pause/,
    ],
    ['a drain of the last node', 'drain 3', withNodes([node(3)]), 'no', /no other pageserver/],
    ['a drain of a node that is not there', 'drain 99', well, 'no', /no node 99; there are 1, 2, 3/],
    ['a drain that the controller cannot be asked about', 'drain 3', [], 'unknown', /could not be read/],
    [
      'the removal of a node that serves',
      'remove 3',
      well,
      'no',
      /2 shards are attached to it: drain it first/,
    ],
    ['the removal of an empty node', 'remove 2', well, 'go', /nothing is attached/],
    ['a restart of a pageserver that serves', 'restart pageserver 3', well, 'no', /not drained/],
    ['a restart of an empty pageserver', 'restart pageserver 2', well, 'go', /nobody will notice/],
    ['a restart of the controller', 'restart controller', well, 'go', /database answers/],
    [
      'one whose database nobody asked',
      'restart controller',
      without('controller_database'),
      'unknown',
      /storageController.dsn/,
    ],
    [
      'one while a fill runs',
      'restart controller',
      withNodes([node(1, { scheduling: 'Filling' })]),
      'no',
      /node 1 is Filling/,
    ],
    ['a restart of the hook', 'restart hook', well, 'go', /it answers now/],
    [
      'a migration to a warm secondary',
      `migrate ${first} 1`,
      withNodes(undefined, sharded('02', 2, { at: 3, with: [1], az: 'az-a' })),
      'go',
      /secondary on node 1 is warm/,
    ],
    ['a migration out of the preferred zone', `migrate ${first} 1`, well, 'no', /prefers zone az-c/],
    [
      'a migration to where there is no secondary',
      `migrate ${first} 2`,
      well,
      'no',
      /no secondary on node 2/,
    ],
    ['a migration to where it is', `migrate ${first} 3`, well, 'no', /attached to node 3 already/],
    [
      'a migration of a shard that cannot be',
      `migrate ${shardText('02', 0, 4)} 1`,
      well,
      'no',
      /there is no such shard; the tenant has/,
    ],
  ])('judges %s', (_, text, world, verdict, sentence) => {
    const preflight = ask(text, world);
    expect({ verdict: verdictOf(preflight), checks: preflight.checks }).toMatchObject({ verdict });
    expect(preflight.checks.map((check) => check.text).join('\n')).toMatch(sentence);
  });

  it.each<[string, Partial<DriftJudgement>, string]>([
    ['goes when its compute asks the right pageservers', {}, 'go'],
    ['does not when it is drifted, though it does not show', { state: 'WRONG_ORDER', isMasked: true }, 'no'],
    ['does not while shards move', { state: 'MIGRATING' }, 'no'],
    ['cannot be told when the compute could not be judged', { state: 'UNKNOWN' }, 'unknown'],
  ])('a schema change %s', (_, changed, verdict) => {
    expect(verdictOf(ask(`ddl ${shardText('02')}`, well, judged(changed)))).toBe(verdict);
  });

  const row = (agreement: string) => ({ nextStartAgreement: agreement }) as DriftJudgement['rows'][number];
  it.each<[string, Partial<DriftJudgement>, string]>([
    ['goes when its config.json is right', {}, 'go'],
    ['does not when that is older', { rows: [row('wrong'), row('right')] }, 'no'],
    [
      'does not when its stripe size is older',
      { stripe: { intendedBlocks: 2048, liveBlocks: 2048, nextStartBlocks: 8 } },
      'no',
    ],
    ['cannot be told when that cannot be read', { rows: [row('unknown')] }, 'unknown'],
  ])('a restart of a compute %s', (_, changed, verdict) => {
    expect(verdictOf(ask('restart compute main', well, judged(changed)))).toBe(verdict);
  });

  it('names the origin in a migration, so that a shard that moved meanwhile stays where it is', () => {
    const [step] = ask(`migrate ${first} 1`, well).steps;
    expect(step?.command).toContain(`/control/v1/tenant/${first}/migrate`);
    expect(step?.command).toContain('"origin_node_id":3');
    expect(step?.command).toContain(`http://${controller}`);
  });

  it.each([
    'drain',
    'drain x',
    'remove -1',
    'restart',
    'restart everything',
    'ddl 12',
    'migrate 1 2',
    `migrate ${first}`,
  ])('does not understand "%s"', (text) => {
    expect(() => ask(text, well)).toThrow('cannot be understood');
  });

  it('never says go when something that it needs could not be read', () => {
    const needs: Readonly<Record<string, readonly string[]>> = {
      'drain 3': ['controller_health', 'nodes', 'tenants', 'pageserver_secondaries', 'compute_hook'],
      'remove 2': ['controller_health', 'nodes', 'tenants'],
      'restart pageserver 2': ['controller_health', 'nodes', 'tenants'],
      'restart controller': ['nodes', 'tenants', 'controller_database'],
      'restart hook': ['controller_health', 'compute_hook'],
      'ddl 02000000000000000000000000000002': ['controller_health'],
    };
    fc.assert(
      fc.property(
        fc
          .constantFrom(...Object.keys(needs))
          .chain((text) =>
            fc.tuple(fc.constant(text), fc.subarray([...(needs[text] ?? [])], { minLength: 1 })),
          ),
        ([text, missing]) => {
          expect(verdictOf(ask(text, without(...missing), judged({})))).not.toBe('go');
        },
      ),
    );
  });
});
