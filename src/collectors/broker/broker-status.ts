import type { FailureReason } from '../../errors.ts';
import { SourceError } from '../../errors.ts';
import { family } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import type { WantedMetrics } from '../../sources/json-reader.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';
import { metricInstantMs, metricTotal } from '../metric-values.ts';
import { readResponding } from '../responding.ts';
import { countSetAside } from '../set-aside.ts';

export interface BrokerReading extends ReadingBase {
  readonly isResponding: boolean;
  /** Why there was no answer: `refused` or `timeout`. */
  readonly reason?: FailureReason | undefined;
  readonly startedAtMs?: number | undefined;
  /** Safekeepers that publish to it. */
  readonly publishers?: number | undefined;
  /** Subscriptions, of pageservers and safekeepers, to all timelines and to single ones. */
  readonly subscribers?: number | undefined;
}

const wanted = {
  process_start_time_seconds: [],
  storage_broker_active_publishers: [],
  storage_broker_all_keys_active_subscribers: [],
  storage_broker_per_timeline_active_subscribers: [],
} as const satisfies WantedMetrics;

type Input = TargetReading<BrokerReading>;

const shape = { labels: ['target'], cardinality: 'cluster' } as const;

function perBroker(pick: (reading: BrokerReading) => number | undefined) {
  return ({ target, reading }: Input) => {
    const value = pick(reading);
    return value === undefined ? [] : [sample({ target: target.name }, value)];
  };
}

const responding = family({
  ...shape,
  name: 'neon_broker_responding',
  type: 'gauge',
  help: 'Whether the storage broker answers on /status; 0 when the connection is refused or nothing answers in time.',
  samples: perBroker((reading) => flag(reading.isResponding)),
});

const publishers = family({
  ...shape,
  name: 'neon_broker_publishers',
  type: 'gauge',
  help: 'Publications that the storage broker has open: safekeepers that tell what they have.',
  samples: perBroker((reading) => reading.publishers),
});

const subscribers = family({
  ...shape,
  name: 'neon_broker_subscribers',
  type: 'gauge',
  help: 'Subscriptions that the storage broker has open, to all timelines and to single ones.',
  samples: perBroker((reading) => reading.subscribers),
});

function sum(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : left + right;
}

/** `/status` answers 200 with nothing in it; `/metrics` is asked only when it does. Neither needs a token. */
export const broker = {
  name: 'broker',
  summary: 'Whether the storage broker answers, and how many publish and subscribe.',
  kind: 'broker',
  families: [responding, publishers, subscribers],
  async collect({ http, target, signal }): Promise<BrokerReading> {
    const { isResponding, status, reason } = await readResponding(http, '/status', signal);
    if (!isResponding) return { isResponding, reason };
    if (status !== 200) {
      const problem = `GET /status on ${target.name} answered ${status}; is broker.url a storage broker?`;
      throw new SourceError('unexpected', problem, status === undefined ? {} : { status });
    }
    const metrics = await http.getMetrics('/metrics', wanted, signal);
    const setAside = countSetAside();
    setAside.add('bad_line', metrics.badLines);
    return {
      isResponding,
      startedAtMs: metricInstantMs(metrics, 'process_start_time_seconds'),
      publishers: metricTotal(metrics, 'storage_broker_active_publishers'),
      subscribers: sum(
        metricTotal(metrics, 'storage_broker_all_keys_active_subscribers'),
        metricTotal(metrics, 'storage_broker_per_timeline_active_subscribers'),
      ),
      setAside: setAside.total(),
    };
  },
} as const satisfies Collector<BrokerReading>;
