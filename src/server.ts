import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import { pageserverTargets } from './collection/discovery.ts';
import type { JobStatus } from './collection/job.ts';
import { createJobLog } from './collection/job-log.ts';
import { createSchedule, type OpenTarget, type Schedule } from './collection/schedule.ts';
import { createStore, type Store } from './collection/store.ts';
import { collectorPlans, seriesBudgets } from './collector-plans.ts';
import type { Target } from './collectors/target.ts';
import type { Config } from './config/schema.ts';
import { createExpositionSources } from './exposition-sources.ts';
import { createApp } from './http/app.ts';
import { listen } from './http/listen.ts';
import { createRepeatLimit, type RepeatLimit } from './log.ts';
import { hostFacts, openPostgresTarget, postgresTargets } from './open-postgres.ts';
import { openTarget } from './open-target.ts';
import { collectorStatuses, notReady } from './readiness.ts';
import { createProcessMetrics } from './render/process-metrics.ts';
import { createPublisher } from './render/publisher.ts';

/** Scrapes under way at a stop may take this long; together with the rest a stop stays under five seconds. */
const graceMs = 4_000;

export interface ServerOptions {
  readonly config: Config;
  readonly version: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** From 0 to 1; spreads the collectors' runs. */
  readonly random: () => number;
}

export interface RunningServer {
  /** Where it listens: `http://127.0.0.1:9795`. */
  readonly url: string;
  /** Lets scrapes under way finish, then ends everything; within five seconds. */
  readonly stop: () => Promise<void>;
}

function controllerTargets({ storageController }: Config): Target[] {
  const { url } = storageController;
  return url === undefined ? [] : [{ kind: 'storage_controller', name: new URL(url).host, url }];
}

function open(
  target: Target,
  config: Config,
  clock: Clock,
  shared: Parameters<typeof openTarget>[3],
): OpenTarget {
  const postgres = postgresTargets(config).find(
    (one) => one.target.kind === target.kind && one.target.name === target.name,
  );
  return postgres === undefined
    ? openTarget(target, config, clock, shared)
    : openPostgresTarget(postgres, config, clock);
}

/** Keeps the watched pageservers in step with the newest node list; the last one stays in force while none comes. */
function followNodes(config: Config, store: Store, logger: Logger, limit: RepeatLimit) {
  const settings = { ...config.pageservers, addresses: config.addresses };
  const postgres = postgresTargets(config).map(({ target }) => target);
  return (schedule: Schedule): void => {
    const nodes = store.one('nodes')?.reading.nodes ?? [];
    const { targets, sharedAddresses, unusableAddresses } = pageserverTargets(nodes, settings);
    for (const address of sharedAddresses) {
      const admitted = limit.admit(`address ${address}`, 'shared');
      if (admitted) logger.warn({ address, ...admitted }, 'two pageservers are announced at one address');
    }
    for (const address of unusableAddresses) {
      const admitted = limit.admit(`address ${address}`, 'unusable');
      if (admitted) logger.warn({ address, ...admitted }, 'a pageserver is announced at an unusable address');
    }
    schedule.watch([...controllerTargets(config), ...targets, ...postgres]);
  };
}

/**
 * Puts the parts together and starts them: targets → collectors → store → snapshot → HTTP.
 *
 * @throws an `Error` that names `http.listen` when the address cannot be bound; nothing is left running then.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, logger, clock, version } = options;
  const store = createStore(clock);
  const processMetrics = createProcessMetrics();
  const logJob = createJobLog(logger, clock);
  const limit = createRepeatLimit(clock);
  const follow = followNodes(config, store, logger, limit);
  let isStopping = false;

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
    open: (target) => open(target, config, clock, { locations: store.locations, areLocationsTried }),
    onTaken: (collector) => {
      if (collector === 'nodes') follow(schedule);
    },
    onEnd: (status: JobStatus) => {
      logJob(status);
      publisher.markDirty();
    },
  });
  const statuses = schedule.statuses;
  const hosts = hostFacts(config);
  const collected = createExpositionSources({ store, statuses, optIn: config.series, clock, version, hosts });
  const publisher = createPublisher({
    clock,
    sources: async () => [...(await collected()), await processMetrics.source()],
    budgets: seriesBudgets(config),
    onError: (error) => logger.error({ err: error }, 'the exposition could not be put together'),
    onQuarantine: (quarantine) => {
      const { collector, target, family, reason } = quarantine;
      const admitted = limit.admit(`family ${collector} ${target} ${family}`, reason);
      if (admitted) logger.error({ ...quarantine, ...admitted }, 'a family is left out of the exposition');
    },
  });
  const app = createApp({
    version,
    openMetrics: config.http.openMetrics,
    snapshots: publisher,
    readiness: () => notReady(statuses(), isStopping),
    status: () => collectorStatuses(statuses()),
    clock,
    onRequest: processMetrics.observeHttp,
    onError: (error) => logger.error({ err: error }, 'a request failed'),
  });

  await publisher.publishNow();
  const onError = (error: Error): void => logger.error({ err: error }, 'the listening socket failed');
  const server = await listen(app, { ...config.http.listen, clock, onError }).catch((error: unknown) => {
    publisher.stop();
    throw error;
  });
  follow(schedule);
  return {
    url: server.url,
    async stop() {
      isStopping = true;
      publisher.stop();
      await Promise.all([schedule.stop(), server.close(graceMs)]);
    },
  };
}
