import type { FindingsSnapshot } from '../../../src/alerts/snapshot.ts';
import type { Target } from '../../../src/collectors/target.ts';
import { type Config, ConfigSchema } from '../../../src/config/schema.ts';
import type { World, WorldConfig } from '../../../src/simulator/world/api.ts';
import { createRandom } from '../../../src/simulator/world/random.ts';
import { createWorld } from '../../../src/simulator/world/world.ts';
import { simulatedClock } from './simulated-clock.ts';
import { firingOf, watchOver } from './watching.ts';
import { worldComputes } from './world-computes.ts';
import { plainKeys, ports, worldAddress, worldWire } from './world-wire.ts';

/** One finding while it fired. */
export interface Fired {
  /** `node_offline node 3`. */
  readonly key: string;
  readonly id: string;
  readonly className: string | undefined;
  /** Key of what it was folded under, at the last evaluation at which it was folded. */
  readonly explainedBy: string | undefined;
  readonly summary: string;
  /** World time. */
  readonly atMs: number;
}

export interface WatchedWorld {
  readonly world: World;
  /** What has fired so far, once a key, class and time, in order. */
  readonly fired: readonly Fired[];
  readonly snapshot: () => FindingsSnapshot;
  /** Whether the compute was ever set by the hook, which leaves its file behind. */
  readonly wasSet: (compute: string) => boolean;
  advance(ms: number): Promise<void>;
  /** Resolves when so much time has passed; somebody else has to let it pass. */
  wait(ms: number): Promise<void>;
  /** Lets time pass until `work` is done, which waits by `wait`. */
  during<Result>(work: Result | Promise<Result>): Promise<Result>;
  stop(): Promise<void>;
}

export interface WatchedWorldOptions {
  readonly seed: number;
  readonly world?: Partial<WorldConfig>;
  readonly disabled?: readonly string[];
}

const host = '127.0.0.1';
const stepMs = 1_000;

/** The configuration that an operator would write; every interval and threshold is the default. */
function configFor(world: World, disabled: readonly string[]): Config {
  return ConfigSchema.parse({
    http: {},
    log: {},
    limits: {},
    series: {},
    sql: {},
    storageController: { url: `http://${host}:${ports.controller}` },
    broker: { url: `http://${host}:${ports.broker}` },
    computeHook: { url: `http://${host}:${ports.hook}` },
    computes: world.computes().map(({ tenantId }, at) => ({
      name: tenantId,
      dsn: `postgresql://neonwatch@${host}:${55_433 + at}/postgres`,
      computeCtlUrl: `http://${host}:${ports.compute + at}`,
    })),
    findings: { disabled },
  });
}

function tokenFor({ kind }: Target): string | undefined {
  switch (kind) {
    case 'storage_controller':
    case 'controller_instance':
      return plainKeys.issue({ scope: 'admin' });
    case 'pageserver':
      return plainKeys.issue({ scope: 'pageserverapi' });
    case 'safekeeper':
      return plainKeys.issue({ scope: 'safekeeperdata' });
    case 'compute_ctl':
      return plainKeys.issue({ scope: 'compute_ctl:admin', aud: ['compute'] });
    default:
      return undefined;
  }
}

/** A simulated Neon of upstream's times, and neonwatch looking at it, each request at an instant of its own. */
export function watchWorld({ seed, world: given = {}, disabled = [] }: WatchedWorldOptions): WatchedWorld {
  const world = createWorld({ seed, tenants: 8, computes: 4, ...given, address: worldAddress });
  const random = createRandom(seed ^ 0x5eed);
  // Most requests are quick; one in twenty is not.
  const latencyMs = (): number => (random.below(20) === 0 ? 50 + random.below(1_500) : 1 + random.below(20));
  const clock = simulatedClock(world.nowMs(), (ms) => {
    world.advance(ms);
    wire.sync();
  });
  const wire = worldWire(world, clock, true);
  const openCompute = worldComputes(world, clock, latencyMs);
  const fired = new Map<string, Fired>();
  const set = new Set<string>();
  world.onComputeSettings(({ tenantId }) => void set.add(tenantId));
  const note = (snapshot: FindingsSnapshot): void => {
    for (const { key, detector, alert, explainedBy } of firingOf(snapshot)) {
      const { className, summary } = alert.finding;
      const name = `${key} [${className ?? ''}] ${alert.firedAtMs}`;
      const before = fired.get(name);
      const atMs = before?.atMs ?? world.nowMs();
      const cause = explainedBy ?? before?.explainedBy;
      fired.set(name, { key, id: detector.id, className, explainedBy: cause, summary, atMs });
    }
  };
  const watching = watchOver({
    config: configFor(world, disabled),
    clock,
    random: random.next,
    wire,
    latencyMs,
    tokenFor,
    openSql: ({ name }) => openCompute(name),
    onEvaluated: note,
  });
  return {
    world,
    get fired() {
      return [...fired.values()];
    },
    snapshot: watching.snapshot,
    wasSet: (compute) => set.has(compute),
    advance: (ms) => clock.advance(ms),
    wait: (ms) =>
      new Promise((resolve) => {
        clock.after(ms, resolve);
      }),
    async during(work) {
      if (!(work instanceof Promise)) return work;
      let isDone = false;
      const done = (): void => {
        isDone = true;
      };
      work.then(done, done);
      while (!isDone) await clock.advance(stepMs);
      return work;
    },
    stop: watching.stop,
  };
}
