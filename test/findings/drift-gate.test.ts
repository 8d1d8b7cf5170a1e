import { describe, expect, it } from 'vitest';
import { type GateMemory, gatedJudgements } from '../../src/alerts/drift/gate.ts';
import { Thresholds } from '../../src/alerts/thresholds.ts';
import type { Observation, Readings } from '../../src/collection/store.ts';
import { controller } from './controller-world.ts';
import { clusterWorld, computeOn, health, mainCompute, placed, sharded, tenantOn } from './drift-world.ts';
import { caseStartMs, reading, readingsOf, type World } from './world.ts';

const minute = 60_000;

/** When each collector was read, in milliseconds from the start of the case. */
type Instants = Readonly<Record<string, number>>;

/** Each reading takes half a second. */
function readAt(world: World, instants: Instants): Readings {
  const readings = readingsOf(world, 0, caseStartMs);
  const all = ((name: Parameters<Readings['all']>[0]) =>
    readings.all(name).map((one): Observation<unknown> => {
      const firstReadAtMs = caseStartMs + (instants[name] ?? 0);
      return { ...one, firstReadAtMs, lastReadAtMs: firstReadAtMs + 500 };
    })) as Readings['all'];
  return { all, one: (name) => all(name)[0], locations: () => readings.locations() };
}

interface Look {
  readonly world: World;
  readonly instants: Instants;
  readonly nowMs: number;
}

/** Why the last of these looks does not count; undefined when it does. */
async function waitAfter(looks: readonly Look[]): Promise<string | undefined> {
  let memory: GateMemory | undefined;
  let wait: string | undefined = 'there was no look';
  for (const { world, instants, nowMs } of looks) {
    const input = {
      readings: readAt(world, instants),
      thresholds: Thresholds.parse({}),
      breathe: () => undefined,
    };
    const result = await gatedJudgements({ ...input, nowMs: caseStartMs + nowMs }, memory);
    memory = result.memory;
    wait = result.gated.get(mainCompute)?.wait;
  }
  return wait;
}

const well = [...clusterWorld(), computeOn([1, 2])];
const moved = [...placed(tenantOn([1, 3])), computeOn([1, 2])];
const atFirst: Look = {
  world: well,
  instants: { tenants: 0, nodes: 0, pageserver_locations: 1000, compute_settings: 2000 },
  nowMs: 3000,
};

describe('a look at a placement that is new', () => {
  it.each<[string, Instants, boolean]>([
    [
      'counts when pageservers and compute were read after it',
      { tenants: 15_000, nodes: 15_000, pageserver_locations: 16_000, compute_settings: 16_000 },
      true,
    ],
    [
      'does not when the compute was read before',
      { tenants: 15_000, nodes: 15_000, pageserver_locations: 16_000, compute_settings: 14_000 },
      false,
    ],
    [
      'does not when the pageservers were read before',
      { tenants: 15_000, nodes: 15_000, pageserver_locations: 14_000, compute_settings: 16_000 },
      false,
    ],
    [
      'does not when the compute was read while the list came in',
      { tenants: 15_000, nodes: 15_000, pageserver_locations: 16_000, compute_settings: 15_200 },
      false,
    ],
    [
      'does not when the nodes were listed afterwards',
      { tenants: 15_000, nodes: 17_000, pageserver_locations: 16_000, compute_settings: 16_000 },
      false,
    ],
  ])('%s', async (_, instants, counts) => {
    const wait = await waitAfter([atFirst, { world: moved, instants, nowMs: 20_000 }]);
    if (counts) expect(wait).toBeUndefined();
    else expect(wait).toContain('TRANSITION');
  });

  it('counts once both were read again, though the list of tenants is older then', async () => {
    const stale = { tenants: 15_000, nodes: 15_000, pageserver_locations: 1000, compute_settings: 2000 };
    const fresh = { tenants: 15_000, nodes: 15_000, pageserver_locations: 16_000, compute_settings: 17_000 };
    const wait = await waitAfter([
      atFirst,
      { world: moved, instants: stale, nowMs: 15_600 },
      { world: moved, instants: fresh, nowMs: 18_000 },
    ]);
    expect(wait).toBeUndefined();
  });

  it('goes on counting while the same placement is listed again later than the compute was read', async () => {
    const later = { tenants: 30_000, nodes: 30_000, pageserver_locations: 16_000, compute_settings: 17_000 };
    const wait = await waitAfter([atFirst, { world: well, instants: later, nowMs: 31_000 }]);
    expect(wait).toBeUndefined();
  });
});

/** Read in good order, so that only windows are left. */
const framed: Instants = { tenants: 0, nodes: 0, pageserver_locations: 1000, compute_settings: 2000 };

function metrics(startedAtMs: number, name = controller) {
  return reading('controller_metrics', name, {
    startedAtMs: caseStartMs + startedAtMs,
    reconcileComplete: new Map(),
    longRunning: [],
    databaseQueryErrors: new Map(),
    pageserverRequestErrors: new Map(),
    safekeeperRequestErrors: new Map(),
  });
}

describe('the window after a start of the controller', () => {
  it.each<[string, World, boolean]>([
    ['is open a minute after it', [...well, metrics(-minute)], true],
    ['is closed two minutes after it', [...well, metrics(-2 * minute)], false],
    [
      'is not opened by an instance that does not lead',
      [...well, metrics(-minute, 'other:1234'), metrics(-5 * minute)],
      false,
    ],
  ])('%s', async (_, world, isOpen) => {
    const wait = await waitAfter([{ world, instants: framed, nowMs: 3000 }]);
    expect(wait?.includes('controller started') ?? false).toBe(isOpen);
  });

  it('opens when another instance leads', async () => {
    const other = [
      ...clusterWorld({ without: [`controller_health ${controller}`] }),
      health(true, 'other:1234'),
      computeOn([1, 2]),
    ];
    const looks = [atFirst, { world: other, instants: framed, nowMs: 20_000 }];
    expect(await waitAfter(looks)).toContain('controller started');
    expect(
      await waitAfter([...looks, { world: other, instants: framed, nowMs: 20_000 + 2 * minute }]),
    ).toBeUndefined();
  });

  it('closes by our own clock when that of the controller is ahead', async () => {
    const ahead = [...well, metrics(60 * minute)];
    const first = { world: ahead, instants: framed, nowMs: 3000 };
    expect(await waitAfter([first])).toContain('controller started');
    expect(await waitAfter([first, { ...first, nowMs: 3000 + 2 * minute }])).toBeUndefined();
  });
});

it('remembers a compute over a look without the controller', async () => {
  const blind = well.filter(({ collector }) => collector !== 'tenants');
  const looks = [atFirst, { world: blind, instants: framed, nowMs: 20_000 }];
  expect(await waitAfter(looks)).toContain('tenants: no fresh reading');
  const again = { tenants: 30_000, nodes: 30_000, pageserver_locations: 1000, compute_settings: 2000 };
  expect(await waitAfter([...looks, { world: well, instants: again, nowMs: 31_000 }])).toBeUndefined();
});

it('survives JSON, and is small', async () => {
  const input = {
    readings: readAt(well, framed),
    thresholds: Thresholds.parse({}),
    breathe: () => undefined,
  };
  const { memory } = await gatedJudgements({ ...input, nowMs: caseStartMs + 3000 }, undefined);
  expect(JSON.parse(JSON.stringify(memory))).toEqual(memory);
  expect(JSON.stringify(memory)).toContain(sharded);
  expect(JSON.stringify(memory).length).toBeLessThan(1000);
});
