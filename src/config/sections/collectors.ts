import { z } from 'zod';
import { Duration } from '../../settings/duration.ts';
import { type CollectorDefaults, type CollectorName, collectorDefaults } from '../collector-names.ts';

/** A duration with its own default, or one that follows the setting `fallback` when absent. */
function span(defaultText: string | undefined, fallback: string, description: string) {
  return defaultText === undefined
    ? Duration.optional().meta({ description, fallback })
    : Duration.prefault(defaultText).meta({ description });
}

function collector(name: string, { interval, timeout, enabled = true }: CollectorDefaults) {
  return z
    .strictObject({
      enabled: z
        .boolean()
        .default(enabled)
        .meta({ description: `Run \`${name}\`.` }),
      interval: span(interval, 'collection.interval', `Time between two runs of \`${name}\` on a target.`),
      timeout: span(timeout, 'collection.timeout', `Deadline of one run of \`${name}\`.`),
      maxSeries: z
        .int()
        .min(0)
        .max(100_000_000)
        .default(200_000)
        .meta({
          description: `Series budget of \`${name}\`, over all targets; beyond it per-shard series go first.`,
        }),
    })
    .prefault({});
}

// Object.fromEntries forgets which keys it got.
const sections = Object.fromEntries(
  Object.entries(collectorDefaults).map(([name, defaults]) => [name, collector(name, defaults)]),
) as Record<CollectorName, ReturnType<typeof collector>>;

export const Collectors = z
  .strictObject(sections)
  .prefault({})
  .meta({ description: 'Each collector by name.' });
