import { detectors as allDetectors } from '../../../src/alerts/registry.ts';
import type { FindingsSnapshot, ShownAlert } from '../../../src/alerts/snapshot.ts';
import { watchFindings } from '../../../src/alerts/watch.ts';
import type { Clock } from '../../../src/clock.ts';
import { httpRun } from '../../../src/collection/run.ts';
import { createSchedule, type OpenTarget } from '../../../src/collection/schedule.ts';
import { createStore, type Store } from '../../../src/collection/store.ts';
import { collectorPlans } from '../../../src/collector-plans.ts';
import type { CollectInputs } from '../../../src/collectors/collector.ts';
import { erasedCollectors } from '../../../src/collectors/registry.ts';
import type { Target } from '../../../src/collectors/target.ts';
import { collectorSchedule } from '../../../src/config/collector-schedule.ts';
import type { Config } from '../../../src/config/schema.ts';
import { effectiveThresholds } from '../../../src/open-findings.ts';
import { watchedTargets } from '../../../src/watched-targets.ts';
import { type Wire, wireReader } from './wire-reader.ts';

export interface WatchOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly wire: Wire;
  readonly latencyMs: () => number;
  readonly tokenFor: (target: Target) => string | undefined;
  /** Computes, and the controller's database: what is not read over HTTP. */
  readonly openSql: (target: Target) => OpenTarget;
  readonly onEvaluated: (snapshot: FindingsSnapshot) => void;
}

export interface Watching {
  readonly store: Store;
  readonly snapshot: () => FindingsSnapshot;
  readonly stop: () => Promise<void>;
}

/** As open-target.ts has it: the leader may take longer, and where silence is a fact it is told before the deadline. */
function headersTimeoutMs({ kind }: Target, config: Config): number {
  const limitMs = config.limits.headersTimeout;
  if (kind === 'broker' || kind === 'compute_hook') {
    return Math.min(limitMs, Math.floor(collectorSchedule(config, kind).timeoutMs * 0.3));
  }
  const isController = kind === 'storage_controller' || kind === 'controller_instance';
  return isController ? Math.max(limitMs, config.collectors.leader.timeout ?? 0) : limitMs;
}

type Shared = Pick<CollectInputs, 'locations' | 'areLocationsTried'>;

function openOverWire(target: Target, options: WatchOptions, shared: Shared): OpenTarget {
  const { config, wire, clock, latencyMs } = options;
  const common = {
    wire,
    url: target.url,
    headersTimeoutMs: headersTimeoutMs(target, config),
    clock,
    latencyMs,
  };
  const http = wireReader({ ...common, token: options.tokenFor(target) });
  const withoutToken = wireReader({ ...common, token: undefined });
  const settings = { ...config.storageController, warmthSamples: config.pageservers.warmthSamples };
  const inputs = { settings, describe: http, withoutToken, ...shared };
  return {
    runs: erasedCollectors
      .filter(({ kind }) => kind === target.kind)
      .map((collector) => httpRun(collector, target, http, inputs, clock)),
    close: () => http.close(),
  };
}

/**
 * neonwatch without its sockets: the schedule, collectors, store, detectors and life cycle of the server, with the
 * configuration's intervals, over whatever answers as `wire`.
 */
export function watchOver(options: WatchOptions): Watching {
  const { config, clock } = options;
  const store = createStore(clock);
  const follow = (): void => schedule.watch(watchedTargets(config, store).targets);
  const areLocationsTried = (): boolean =>
    schedule
      .statuses()
      .every(({ collector, attempts }) => collector !== 'pageserver_locations' || attempts > 0);
  const schedule = createSchedule({
    plans: collectorPlans(config),
    keepIntervals: config.collection.keepIntervals,
    store,
    clock,
    random: options.random,
    open: (target) =>
      target.kind === 'compute' || target.kind === 'controller_database'
        ? options.openSql(target)
        : openOverWire(target, options, { locations: store.locations, areLocationsTried }),
    onTaken: (collector) => {
      if (collector === 'nodes' || collector === 'safekeepers') follow();
    },
    onEnd: () => undefined,
  });
  const findings = watchFindings({
    detectors: allDetectors.filter(({ id }) => !config.findings.disabled.includes(id)),
    readings: store,
    looks: schedule.statuses,
    thresholds: effectiveThresholds(config),
    intervalMs: config.findings.interval,
    clock,
    saved: undefined,
    save: async () => undefined,
    onError: (error) => {
      throw error;
    },
    onEvaluated: () => options.onEvaluated(findings.snapshot()),
  });
  follow();
  return {
    store,
    snapshot: findings.snapshot,
    async stop() {
      await findings.stop();
      await schedule.stop();
    },
  };
}

/** `connstring_drift compute main`: what fires, in order. */
export function firingOf(snapshot: FindingsSnapshot): readonly ShownAlert[] {
  return snapshot.alerts.filter(({ alert }) => alert.phase === 'firing');
}
