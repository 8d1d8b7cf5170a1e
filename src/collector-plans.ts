import type { CollectorPlan } from './collection/schedule.ts';
import type { CollectorName } from './collectors/registry.ts';
import { collectorNames } from './config/collector-names.ts';
import { collectorSchedule } from './config/collector-schedule.ts';
import type { Config } from './config/schema.ts';
import type { Budgets } from './render/budget.ts';

/** What the configuration says of each collector. Without samples to take there is no run of the secondaries. */
export function collectorPlans(config: Config): Readonly<Record<CollectorName, CollectorPlan>> {
  const plans = collectorNames.map((name) => {
    const { intervalMs, timeoutMs } = collectorSchedule(config, name);
    const isIdle = name === 'pageserver_secondaries' && config.pageservers.warmthSamples === 0;
    return [name, { enabled: config.collectors[name].enabled && !isIdle, intervalMs, timeoutMs }];
  });
  // Object.fromEntries forgets that every name is there.
  return Object.fromEntries(plans) as Record<CollectorName, CollectorPlan>;
}

/** The series budgets: over all, and of each collector. Views have only the one over all. */
export function seriesBudgets(config: Config): Budgets {
  const perCollector = new Map(collectorNames.map((name) => [name, config.collectors[name].maxSeries]));
  return { maxSeries: config.series.max, perCollector };
}
