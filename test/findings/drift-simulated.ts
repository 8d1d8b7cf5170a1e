import type { Detector, Json, Look } from '../../src/alerts/detector.ts';
import { evaluate } from '../../src/alerts/evaluate.ts';
import { subjectText } from '../../src/alerts/finding.ts';
import { type Alert, type AlertState, advance, emptyState } from '../../src/alerts/lifecycle.ts';
import { Thresholds } from '../../src/alerts/thresholds.ts';
import { createStore } from '../../src/collection/store.ts';
import type { ReadingBase } from '../../src/collectors/collector.ts';
import { pageserverLocations } from '../../src/collectors/pageserver/locations.ts';
import type { CollectorName } from '../../src/collectors/registry.ts';
import { controllerHealth } from '../../src/collectors/storage-controller/controller-health.ts';
import { nodes } from '../../src/collectors/storage-controller/nodes.ts';
import { tenants } from '../../src/collectors/storage-controller/tenants.ts';
import type { Target } from '../../src/collectors/target.ts';
import { parseConnstring } from '../../src/neon/connstring.ts';
import type { World } from '../../src/simulator/world/api.ts';
import type { Compute } from '../../src/simulator/world/hook-api.ts';
import { judgeAll } from '../../src/views/drift/judge-all.ts';
import { collectOnce, controllerTarget } from '../support/collect.ts';
import { fakeReader } from '../support/fake-reader.ts';
import { computeOn, nextStart } from './drift-world.ts';

const everyMs = 15_000;
/** As the default of `collection`: three intervals. */
const keepMs = 45_000;

type Collected = ReadingBase | undefined;

/** One thing that is read again and again, at its own moment within the interval. */
interface Job {
  readonly collector: CollectorName;
  readonly target: Target;
  readonly phaseMs: number;
  readonly read: () => Promise<Collected>;
}

export interface DriftWatch {
  /** Lets the world go on, reads it and evaluates. */
  run(ms: number): Promise<void>;
  /** Every alert that has fired since the start: `connstring_drift compute 2000…` with its class. */
  readonly fired: ReadonlySet<string>;
  /** States of each compute in the order in which they were seen, without repetitions. */
  readonly states: ReadonlyMap<string, readonly string[]>;
}

function spelled({ detectorId, finding: { subject, className } }: Alert): string {
  return `${detectorId} ${subjectText(subject)}${className === undefined ? '' : ` [${className}]`}`;
}

/** Settings as SQL would show them; the SQL itself is tested against real servers. */
function settingsOf(compute: Compute, loadedAtMs: number): ReadingBase {
  return computeOn([], {
    connstring: parseConnstring(compute.connstring),
    stripeSizeBlocks: compute.stripeSize,
    tenantId: compute.tenantId,
    confLoadedAtMs: loadedAtMs,
    postmasterStartedAtMs: compute.startTimeMs,
    nextStart: nextStart([], {
      connstring: parseConnstring(compute.fileConnstring),
      stripeSizeBlocks: compute.fileStripeSize,
    }),
  }).reading as ReadingBase;
}

function jobsOf(world: World, random: () => number, latency: () => void): readonly Job[] {
  const phaseMs = () => Math.floor(random() * everyMs);
  const controller = (name: CollectorName, read: () => Promise<unknown>): Job => ({
    collector: name,
    target: controllerTarget,
    phaseMs: phaseMs(),
    async read() {
      latency();
      if (world.controller.admit('GET', '/control/v1/node') !== undefined) return undefined;
      const reading = (await read()) as ReadingBase;
      latency();
      return reading;
    },
  });
  const list = (path: string) => (path.includes('start_after') ? [] : [...world.controller.tenants()]);
  const loads = new Map<string, number>();
  world.onComputeSettings(({ tenantId }) => loads.set(tenantId, world.nowMs()));
  return [
    controller('controller_health', () =>
      collectOnce(
        controllerHealth,
        fakeReader({ '/ready': world.controller.ready(), '/live': world.controller.live() }),
      ),
    ),
    controller('nodes', () =>
      collectOnce(nodes, fakeReader({ '/control/v1/node': world.controller.nodes() })),
    ),
    controller('tenants', () =>
      collectOnce(tenants, fakeReader({ '/control/v1/tenant': list }), { settings: { pageSize: 1000 } }),
    ),
    ...world.pageservers().map(({ id }): Job => {
      const target: Target = { kind: 'pageserver', name: `pageserver${id}`, url: '', nodeId: id };
      return {
        collector: 'pageserver_locations',
        target,
        phaseMs: phaseMs(),
        async read() {
          latency();
          const pageserver = world.pageserver(id);
          if (pageserver?.state !== 'up') return undefined;
          const body = { tenant_shards: [...pageserver.locations()] };
          const reader = fakeReader({ '/v1/status': { id }, '/v1/location_config': body });
          return (await collectOnce(pageserverLocations, reader, { target })) as ReadingBase;
        },
      };
    }),
    ...world.computes().map(
      ({ tenantId }): Job => ({
        collector: 'compute_settings',
        target: { kind: 'compute', name: tenantId, url: '' },
        phaseMs: phaseMs(),
        async read() {
          latency();
          const compute = world.computes().find((one) => one.tenantId === tenantId);
          if (compute?.state !== 'up') return undefined;
          return settingsOf(compute, Math.max(compute.startTimeMs, loads.get(tenantId) ?? 0));
        },
      }),
    ),
  ];
}

/** Watches a simulated Neon through the real collectors, each read taking its time, and evaluates these detectors. */
export function watchDrift(world: World, watched: readonly Detector[], random: () => number): DriftWatch {
  const clock = {
    monotonicMs: () => world.nowMs(),
    wallMs: () => world.nowMs(),
    after: () => () => undefined,
  };
  const store = createStore(clock);
  const latency = () => world.advance(5 + Math.floor(random() * 150));
  const jobs = jobsOf(world, random, latency);
  const looks = new Map<Job, Look>();
  const fired = new Set<string>();
  const states = new Map<string, string[]>();
  let memories = new Map<string, Json>();
  let state: AlertState = emptyState;

  async function look(job: Job): Promise<void> {
    const firstReadAtMs = world.nowMs();
    const reading = await job.read();
    const { collector, target } = job;
    const up = reading !== undefined;
    const shared = { collector, target, skippedParts: [], skipped: new Map(), lastError: undefined };
    looks.set(job, { ...shared, up, lastSuccessAtMs: undefined });
    if (reading !== undefined) {
      store.put(collector, { target, reading, firstReadAtMs, lastReadAtMs: world.nowMs() }, keepMs);
    }
  }

  async function evaluateAll(): Promise<void> {
    const nowMs = world.nowMs();
    const breathe = () => undefined;
    const evaluations = await evaluate(watched, {
      ...{ readings: store, looks: [...looks.values()], thresholds: Thresholds.parse({}) },
      ...{ nowMs, memories, breathe, hosts: [] },
    });
    memories = new Map(
      evaluations.flatMap(({ detector, memory }) => (memory === undefined ? [] : [[detector.id, memory]])),
    );
    const next = advance(state, evaluations, nowMs);
    state = next.state;
    for (const { kind, alert } of next.changes) {
      if (kind !== 'resolved') fired.add(spelled(alert));
    }
    for (const [compute, judgement] of await judgeAll(store, {}, breathe)) {
      const seen = states.get(compute) ?? [];
      if (seen.at(-1) !== judgement.state) states.set(compute, [...seen, judgement.state]);
    }
  }

  const due = [...jobs.map((job) => ({ atMs: world.nowMs() + job.phaseMs, run: () => look(job) }))];
  const timeline = [...due, { atMs: world.nowMs() + everyMs + 3_000, run: evaluateAll }];
  return {
    fired,
    states,
    async run(ms) {
      const endMs = world.nowMs() + ms;
      for (;;) {
        const next = timeline.reduce((first, one) => (one.atMs < first.atMs ? one : first));
        if (next.atMs > endMs) break;
        world.advance(Math.max(0, next.atMs - world.nowMs()));
        await next.run();
        next.atMs += everyMs;
      }
      world.advance(Math.max(0, endMs - world.nowMs()));
    },
  };
}
