import { describe, expect, it } from 'vitest';
import { breatheBy } from '../../../src/breathe.ts';
import { tenantLines } from '../../../src/cli/doctor/tenant-report.ts';
import { tenantJson, tenantTable } from '../../../src/cli/doctor/tenant-table.ts';
import { node, nodes } from '../../findings/controller-world.ts';
import {
  computeOn,
  heldAsMeant,
  locations,
  nextStart,
  sharded,
  shardIdOf,
  tenantOn,
  tenants,
  unsharded,
} from '../../findings/drift-world.ts';
import { caseStartMs, readingsOf, type World } from '../../findings/world.ts';
import { manualClock } from '../../support/manual-clock.ts';

const meant = [tenantOn([2, 3]), tenantOn([1])];
const cluster: World = [nodes([node(1), node(2), node(3)]), tenants(meant), ...heldAsMeant(meant, [1, 2, 3])];
const [first, second] = [shardIdOf(sharded, 0, 2).text, shardIdOf(sharded, 1, 2).text];

function table(world: World, prefix: string) {
  const readings = readingsOf(world, 1, caseStartMs);
  return tenantTable(readings, prefix, {}, breatheBy(manualClock()));
}

async function lines(world: World, prefix = sharded): Promise<string[]> {
  return tenantLines(prefix, await table(world, prefix), { width: undefined, isColoured: false });
}

/** Cells of the row that begins with a text. */
async function row(world: World, beginning: string): Promise<string[] | undefined> {
  const found = (await lines(world)).find((line) => line.startsWith(`  ${beginning} `));
  return found?.trim().split(/ {2,}/);
}

describe('doctor --tenant', () => {
  it.each<[string, World, string, string[]]>([
    [
      'where all agree',
      cluster,
      first,
      [first, '2 pageserver2:6400; secondary on 3', '2 AttachedSingle g1, 3 Secondary'],
    ],
    [
      'that nobody holds',
      [nodes([node(2)]), tenants(meant), locations(2, [])],
      first,
      [first, '2 pageserver2:6400; secondary on 3', 'nobody'],
    ],
    [
      'whose pageserver is not listed',
      [nodes([]), tenants(meant)],
      second,
      [second, '3 (not listed); secondary on 1', 'nobody'],
    ],
    [
      'that moves, with a notification pending',
      [
        nodes([node(2)]),
        tenants([tenantOn([2, 3], { flags: { isReconciling: true, isPendingComputeNotification: true } })]),
      ],
      first,
      [first, '2 pageserver2:6400; secondary on 3; reconciling; notification pending', 'nobody'],
    ],
    [
      'that is attached nowhere, with a policy of its own',
      [tenants([tenantOn([undefined, 3], { flags: { schedulingPolicy: 'Stop' } })])],
      first,
      [first, 'nowhere; policy Stop', 'nobody'],
    ],
    [
      'that the controller does not know',
      [tenants([tenantOn([1])]), locations(2, [[first, 'AttachedSingle', 7]])],
      first,
      [first, 'unknown to it', '2 AttachedSingle g7'],
    ],
  ])('shows a shard %s', async (_, world, beginning, cells) => {
    expect(await row(world, beginning)).toEqual(cells);
  });

  it.each<[string, World[number], string, string[]]>([
    [
      'that asks right',
      computeOn([2, 3], { nextStart: nextStart([2, 3]) }),
      '1',
      ['1', 'pageserver3:6400', 'pageserver3:6400 (node 3)', 'pageserver3:6400', 'right', 'yes'],
    ],
    [
      'that asks the wrong pageserver',
      computeOn([2, 1], { nextStart: nextStart([2, 3]) }),
      '1',
      ['1', 'pageserver3:6400', 'pageserver1:6400 (node 1)', 'pageserver3:6400', 'wrong', 'no'],
    ],
    [
      'that asks where no pageserver is known',
      computeOn([2, 'host=elsewhere port=1'], { nextStart: nextStart([2, 3]) }),
      '1',
      ['1', 'pageserver3:6400', 'elsewhere:1 (no node)', 'pageserver3:6400', 'wrong', expect.any(String)],
    ],
    [
      'that has too few entries',
      computeOn([2], { tenantId: sharded, nextStart: nextStart([2, 3]) }),
      '1',
      ['1', 'pageserver3:6400', 'no entry', 'pageserver3:6400', expect.any(String), expect.any(String)],
    ],
  ])('shows a compute %s', async (_, compute, beginning, cells) => {
    expect(await row([...cluster, compute], beginning)).toEqual(cells);
  });

  it('says the stripe size of the three witnesses, for a tenant that is sharded', async () => {
    const compute = computeOn([2, 3], {
      stripeSizeBlocks: 32768,
      nextStart: nextStart([2, 3], { stripeSizeBlocks: 2048 }),
    });
    expect((await lines([...cluster, compute])).at(-1)).toBe(
      '  stripe size in blocks: 2048 meant, 32768 live, 2048 at the next start',
    );
  });

  it.each<[string, World, string, RegExp]>([
    [
      'the beginning of one id is enough',
      cluster,
      '2',
      new RegExp(`^tenant ${sharded}: 2 shards, policy Attached\\(1\\)$`),
    ],
    ['an unsharded tenant has one row', cluster, unsharded, new RegExp(`^tenant ${unsharded}: 1 shard,`)],
    [
      'nobody names it',
      cluster,
      'dead',
      /^No tenant begins with dead: neither controller nor pageserver nor compute/,
    ],
    [
      'several begin so',
      cluster,
      '',
      /^2 tenants begin with {2}?; write more of the id:$|^2 tenants begin with/,
    ],
    [
      'only a pageserver names it',
      [locations(2, [[first, 'Secondary']])],
      '2',
      /^The controller does not list this tenant: it is detached, deleted, or never was/,
    ],
  ])('when %s', async (_, world, prefix, line) => {
    expect((await lines(world, prefix))[0]).toMatch(line);
  });

  it('names twenty tenants that begin alike, and that there are more', async () => {
    const many = Array.from({ length: 30 }, (_, at) =>
      tenantOn([1], { tenantId: `ab${String(at).padStart(30, '0')}` }),
    );
    const all = await lines([tenants(many)], 'ab');
    expect(all).toHaveLength(22);
    expect(all.at(-1)).toBe('  …');
  });

  it('says when no compute of it was read', async () => {
    expect((await lines(cluster)).join(' ')).toMatch(
      /No compute that was read has it as its neon\.tenant_id/,
    );
  });

  it('is the same as JSON', async () => {
    const json = tenantJson(await table([...cluster, computeOn([2, 1])], sharded));
    expect(JSON.parse(JSON.stringify(json))).toMatchObject({
      tenantId: sharded,
      policy: 'Attached(1)',
      shards: [
        { shardId: first, attached: 2, secondaries: [3], held: [{ nodeId: 2 }, { nodeId: 3 }] },
        { shardId: second, attached: 3, secondaries: [1] },
      ],
      computes: [
        { compute: 'main', state: 'WRONG_NODE', shards: [{ agreement: 'right' }, { agreement: 'wrong' }] },
      ],
    });
    expect(tenantJson(await table(cluster, 'dead'))).toEqual({ candidates: [] });
  });
});
