import type { Clock } from '../../src/clock.ts';
import { pageserverTargets } from '../../src/collection/discovery.ts';
import { createStore, type Store } from '../../src/collection/store.ts';
import { type ErasedCollector, erasedCollectors } from '../../src/collectors/registry.ts';
import type { Target } from '../../src/collectors/target.ts';
import type { Config } from '../../src/config/schema.ts';
import { asSourceError, type SourceError } from '../../src/errors.ts';
import { createExpositionSources } from '../../src/exposition-sources.ts';
import { openHttp } from '../../src/open-target.ts';
import { createPublisher } from '../../src/render/publisher.ts';
import type { Snapshot } from '../../src/render/snapshot.ts';
import { manualClock } from './manual-clock.ts';

export interface Look {
  readonly store: Store;
  /** `collector target` → why it could not be read. */
  readonly failures: ReadonlyMap<string, SourceError>;
}

/** Every collector once, over real sockets, in an order that gives each what it needs; only the timers are left out. */
export async function lookOnce(config: Config, clock: Clock = manualClock()): Promise<Look> {
  const store = createStore(clock);
  const failures = new Map<string, SourceError>();
  const settings = { ...config.storageController, warmthSamples: config.pageservers.warmthSamples };
  const { locations } = store;

  const look = async (collector: ErasedCollector, target: Target): Promise<void> => {
    const { http, describe, withoutToken } = openHttp(target, config);
    const signal = AbortSignal.timeout(20_000);
    const inputs = { settings, describe, withoutToken, locations, areLocationsTried: () => true };
    try {
      const context = { http, target, previous: undefined, inputs, clock, signal };
      const reading = await collector.collect(context);
      if (!('skipped' in reading)) {
        store.put(collector.name, { target, reading, firstReadAtMs: 0, lastReadAtMs: 0 }, 60_000);
      }
    } catch (thrown) {
      failures.set(`${collector.name} ${target.name}`, asSourceError(thrown));
    } finally {
      await Promise.all([http, describe, withoutToken].map((one) => one.close()));
    }
  };

  const url = config.storageController.url;
  const controller: Target[] =
    url === undefined ? [] : [{ kind: 'storage_controller', name: 'controller', url }];
  const named = (names: readonly string[]) => erasedCollectors.filter(({ name }) => names.includes(name));
  const lookAll = async (
    collectors: readonly ErasedCollector[],
    targets: readonly Target[],
  ): Promise<void> => {
    for (const collector of collectors) for (const target of targets) await look(collector, target);
  };
  await lookAll(named(['controller_health', 'leader', 'nodes', 'safekeepers']), controller);
  const nodes = store.one('nodes')?.reading.nodes ?? [];
  const { targets } = pageserverTargets(nodes, { ...config.pageservers, addresses: config.addresses });
  await lookAll(named(['pageserver_status', 'pageserver_locations', 'pageserver_utilization']), targets);
  await lookAll(named(['tenants']), controller);
  await lookAll(named(['pageserver_secondaries']), targets);
  return { store, failures };
}

/** The exposition of what was seen, made by the same renderer as the server's. */
export async function exposition(look: Look, config: Config): Promise<Snapshot> {
  const clock = manualClock();
  const optIn = config.series;
  const sources = createExpositionSources({
    store: look.store,
    statuses: () => [],
    optIn,
    clock,
    version: 'test',
    hosts: [],
  });
  const budgets = { maxSeries: 1_000_000, perCollector: new Map() };
  const fail = (error: unknown): never => {
    throw error;
  };
  const publisher = createPublisher({ clock, sources, budgets, onError: fail, onQuarantine: fail });
  await publisher.publishNow();
  publisher.stop();
  const snapshot = publisher.current();
  if (snapshot === undefined) throw new Error('nothing was published');
  return snapshot;
}
