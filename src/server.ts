import type { Logger } from 'pino';
import { findingsJson } from './alerts/snapshot.ts';
import type { Clock } from './clock.ts';
import type { JobStatus } from './collection/job.ts';
import { createJobLog } from './collection/job-log.ts';
import { createSchedule, type Schedule } from './collection/schedule.ts';
import { createStore, type Store } from './collection/store.ts';
import { collectorPlans, seriesBudgets } from './collector-plans.ts';
import type { Config } from './config/schema.ts';
import { createExpositionSources } from './exposition-sources.ts';
import { createApp } from './http/app.ts';
import { listen } from './http/listen.ts';
import { createRepeatLimit, type RepeatLimit } from './log.ts';
import { effectiveThresholds, openFindings } from './open-findings.ts';
import { hostFacts } from './open-postgres.ts';
import { collectorStatuses, notReady } from './readiness.ts';
import { createProcessMetrics } from './render/process-metrics.ts';
import { createPublisher } from './render/publisher.ts';
import { openWatched, watchedTargets } from './watched-targets.ts';

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

/** Keeps the watched servers in step with the newest lists of the controller; the last ones stay in force while none come. */
function followLists(config: Config, store: Store, logger: Logger, limit: RepeatLimit) {
  return (schedule: Schedule): void => {
    const { targets, sharedAddresses, unusableAddresses } = watchedTargets(config, store);
    for (const address of sharedAddresses) {
      const admitted = limit.admit(`address ${address}`, 'shared');
      if (admitted) logger.warn({ address, ...admitted }, 'two servers are announced at one address');
    }
    for (const address of unusableAddresses) {
      const admitted = limit.admit(`address ${address}`, 'unusable');
      if (admitted) logger.warn({ address, ...admitted }, 'a server is announced at an unusable address');
    }
    schedule.watch(targets);
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
  const follow = followLists(config, store, logger, limit);
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
    open: (target) => openWatched(target, config, clock, { locations: store.locations, areLocationsTried }),
    onTaken: (collector) => {
      if (collector === 'nodes' || collector === 'safekeepers') follow(schedule);
    },
    onEnd: (status: JobStatus) => {
      logJob(status);
      publisher.markDirty();
    },
  });
  const statuses = schedule.statuses;
  const hosts = hostFacts(config);
  const onEvaluated = (): void => publisher.markDirty();
  const found = await openFindings({ config, readings: store, statuses, hosts, logger, clock, onEvaluated });
  const findings = found?.snapshot;
  const optIn = config.series;
  const viewSettings = { aliases: effectiveThresholds(config).drift.aliases };
  const shown = { store, statuses, optIn, clock, version, hosts, viewSettings, findings };
  const collected = createExpositionSources(shown);
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
    findings: () => findings && findingsJson(findings()),
    clock,
    onRequest: processMetrics.observeHttp,
    onError: (error) => logger.error({ err: error }, 'a request failed'),
  });

  await publisher.publishNow();
  const onError = (error: Error): void => logger.error({ err: error }, 'the listening socket failed');
  const server = await listen(app, { ...config.http.listen, clock, onError }).catch(
    async (error: unknown) => {
      publisher.stop();
      await found?.stop();
      throw error;
    },
  );
  follow(schedule);
  return {
    url: server.url,
    async stop() {
      isStopping = true;
      publisher.stop();
      await Promise.all([found?.stop(), schedule.stop(), server.close(graceMs)]);
    },
  };
}
