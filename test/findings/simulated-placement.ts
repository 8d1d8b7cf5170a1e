import type { Json, Look } from '../../src/alerts/detector.ts';
import { evaluate } from '../../src/alerts/evaluate.ts';
import { subjectText } from '../../src/alerts/finding.ts';
import { advance, emptyState } from '../../src/alerts/lifecycle.ts';
import { detectors } from '../../src/alerts/registry.ts';
import { Thresholds } from '../../src/alerts/thresholds.ts';
import type { Observation, Readings } from '../../src/collection/store.ts';
import type { Collector, ReadingBase } from '../../src/collectors/collector.ts';
import { pageserverLocations } from '../../src/collectors/pageserver/locations.ts';
import { pageserverSecondaries } from '../../src/collectors/pageserver/secondaries.ts';
import { pageserverUtilization } from '../../src/collectors/pageserver/utilization.ts';
import { nodes } from '../../src/collectors/storage-controller/nodes.ts';
import { safekeepers } from '../../src/collectors/storage-controller/safekeepers.ts';
import { tenants } from '../../src/collectors/storage-controller/tenants.ts';
import type { Target } from '../../src/collectors/target.ts';
import { asSourceError, SourceError } from '../../src/errors.ts';
import type { NodeLocations } from '../../src/neon/location.ts';
import type { Pageserver, World } from '../../src/simulator/world/api.ts';
import { collectOnce } from '../support/collect.ts';
import { fakeReader } from '../support/fake-reader.ts';

/** Findings about where shards are. */
export const placementIds: readonly string[] = [
  'split_brain',
  'intent_contradicted',
  'stale_generation',
  'orphan_location',
  'unscheduled_shard',
  'missing_secondaries',
  'shard_imbalance',
  'az_violation',
  'cold_secondary',
  'pair_in_one_az',
  'safekeepers_in_one_az',
];
const placementDetectors = detectors.filter(({ id }) => placementIds.includes(id));

const tickMs = 15_000;
/** Between two readings of one look: intent and locations are never of one instant. */
const apartMs = 400;

type Observed = Observation<ReadingBase> & { readonly collector: string; readonly look: Look };

function controllerReader(world: World) {
  const { controller } = world;
  const admitted = (path: string, body: () => unknown) => () => {
    const admit = controller.admit('GET', path);
    if (admit !== undefined) throw new SourceError('refused', 'the controller does not answer');
    return body();
  };
  const tenantPage = (path: string) => {
    const startAfter = new URLSearchParams(path.split('?')[1]).get('start_after');
    return [...controller.tenants(startAfter === null ? { limit: 100 } : { startAfter, limit: 100 })];
  };
  return fakeReader({
    '/control/v1/node': admitted('/control/v1/node', () => controller.nodes()),
    '/control/v1/safekeeper': admitted('/control/v1/safekeeper', () => controller.safekeepers()),
    '/control/v1/tenant': (path: string) => admitted('/control/v1/tenant', () => tenantPage(path))(),
  });
}

function pageserverReader(world: World, { id }: Pageserver) {
  const up = (body: (pageserver: Pageserver) => unknown) => () => {
    const pageserver = world.pageserver(id);
    if (pageserver?.state !== 'up') throw new SourceError('refused', `pageserver ${id} does not answer`);
    return body(pageserver);
  };
  const status = (path: string) =>
    up((pageserver) => {
      const answer = pageserver.secondaryStatus(path.split('/')[3] ?? '');
      if (answer.status !== 200) throw new SourceError('unsupported', 'gone', { status: answer.status });
      return answer.body;
    })();
  const secondaryPaths = [...(world.pageserver(id)?.locations() ?? [])].map(
    ([shardId]) => [`/v1/tenant/${shardId}/secondary/status`, status] as const,
  );
  return fakeReader({
    '/v1/status': up(() => ({ id })),
    '/v1/location_config': up((pageserver) => ({ tenant_shards: [...pageserver.locations()] })),
    '/v1/utilization': up((pageserver) => pageserver.utilization()),
    ...Object.fromEntries(secondaryPaths),
  });
}

/** Watches a simulated world with the real collectors, detectors and life cycle. */
export function watchPlacement(world: World) {
  let state = emptyState;
  let memories: ReadonlyMap<string, Json> = new Map();
  let version = 0;
  const known = new Map<string, Observed>();
  /** `finding subject [class]` → when it fired first, milliseconds of the world. */
  const fired = new Map<string, number>();

  async function read<Reading extends ReadingBase>(
    collector: Collector<Reading>,
    target: Target,
    http: ReturnType<typeof fakeReader>,
  ): Promise<void> {
    const key = `${collector.name} ${target.name}`;
    const look = { collector: collector.name, target, skipped: new Map(), skippedParts: [] };
    const locations = [...known.values()].flatMap(({ collector: name, reading }) =>
      name === 'pageserver_locations' ? [reading as unknown as NodeLocations] : [],
    );
    const before = known.get(key)?.reading as Reading | undefined;
    const previous = before === undefined ? {} : { previous: before };
    const at = { firstReadAtMs: world.nowMs(), lastReadAtMs: world.nowMs() };
    known.delete(key);
    try {
      const options = { target, locations, settings: { warmthSamples: 20, pageSize: 100 }, ...previous };
      const reading = await collectOnce(collector, http, options);
      if ('skipped' in reading) return;
      version += 1;
      const up = { ...look, up: true, lastSuccessAtMs: world.nowMs(), lastError: undefined };
      known.set(key, { collector: collector.name, target, reading, ...at, version, look: up });
    } catch (thrown) {
      failed.set(key, { ...look, up: false, lastSuccessAtMs: undefined, lastError: asSourceError(thrown) });
    }
  }
  const failed = new Map<string, Look>();

  function readings(): Readings {
    const all = (name: string) =>
      [...known.values()]
        .filter(({ collector }) => collector === name)
        .sort((left, right) => (left.target.name < right.target.name ? -1 : 1)) as never;
    return {
      one: (name) => (all(name) as never[])[0],
      all,
      locations: () => (all('pageserver_locations') as Observed[]).map(({ reading }) => reading as never),
    };
  }

  async function look(): Promise<void> {
    failed.clear();
    const startedMs = world.nowMs();
    const controller: Target = { kind: 'storage_controller', name: 'controller', url: 'http://controller' };
    const http = controllerReader(world);
    await read(nodes, controller, http);
    await read(safekeepers, controller, http);
    await read(tenants, controller, http);
    for (const pageserver of world.pageservers()) {
      world.advance(apartMs);
      const name = `pageserver${pageserver.id}`;
      const target: Target = { kind: 'pageserver', name, url: `http://${name}`, nodeId: pageserver.id };
      const reader = pageserverReader(world, pageserver);
      await read(pageserverLocations, target, reader);
      await read(pageserverUtilization, target, reader);
      await read(pageserverSecondaries, target, reader);
    }
    const nowMs = world.nowMs();
    const looks = [...[...known.values()].map((one) => one.look), ...failed.values()];
    const thresholds = Thresholds.parse({});
    const input = { readings: readings(), looks, thresholds, nowMs, memories, breathe: () => undefined };
    const evaluations = await evaluate(placementDetectors, input);
    const next = advance(state, evaluations, nowMs);
    state = next.state;
    memories = new Map(
      evaluations.flatMap(({ detector, memory }) => (memory === undefined ? [] : [[detector.id, memory]])),
    );
    for (const change of next.changes) {
      if (change.kind !== 'fired') continue;
      const { detectorId, finding } = change.alert;
      const className = finding.className === undefined ? '' : ` [${finding.className}]`;
      const name = `${detectorId} ${subjectText(finding.subject)}${className}`;
      if (!fired.has(name)) fired.set(name, nowMs);
    }
    world.advance(Math.max(0, startedMs + tickMs - world.nowMs()));
  }

  return {
    fired,
    /** Looks every 15 s for as long. */
    async watch(forMs: number): Promise<void> {
      const endMs = world.nowMs() + forMs;
      while (world.nowMs() < endMs) await look();
    },
    firing: (): readonly string[] =>
      [...state.alerts.values()]
        .filter(({ phase }) => phase === 'firing')
        .map(({ detectorId, finding }) => `${detectorId} ${subjectText(finding.subject)}`)
        .sort(),
  };
}
