import type { CollectorName } from './collector-names.ts';
import type { Config } from './schema.ts';

/** When one collector runs, after `collectors.<name>` and `collection` were put together. */
interface CollectorSchedule {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The settings that had the say: `collectors.leader.interval` or `collection.interval`. */
  readonly intervalSetting: string;
  readonly timeoutSetting: string;
}

export function collectorSchedule(
  config: Pick<Config, 'collection' | 'collectors'>,
  name: CollectorName,
): CollectorSchedule {
  const { interval, timeout } = config.collectors[name];
  return {
    intervalMs: interval ?? config.collection.interval,
    timeoutMs: timeout ?? config.collection.timeout,
    intervalSetting: interval === undefined ? 'collection.interval' : `collectors.${name}.interval`,
    timeoutSetting: timeout === undefined ? 'collection.timeout' : `collectors.${name}.timeout`,
  };
}
