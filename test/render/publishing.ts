import type { Sample } from '../../src/metrics/family.ts';
import type { Quarantine } from '../../src/render/chunk-renderer.ts';
import type { ChunkSource } from '../../src/render/chunk-source.ts';
import { createPublisher, type PublisherOptions } from '../../src/render/publisher.ts';
import { manualClock } from '../support/manual-clock.ts';
import { declare, textOf } from './rows.ts';

interface SourceSpec {
  readonly key: string;
  readonly version?: number;
  readonly family?: string;
  readonly samples?: () => Iterable<Sample>;
}

/** One family `neon_rows` with one row, unless told otherwise. */
export function source({ key, version = 1, family = 'neon_rows', samples }: SourceSpec): ChunkSource {
  const rows = samples ?? (() => [{ labels: { a: key }, value: version }]);
  const declaration = declare({ name: family, labels: ['a'] });
  return { key, version, collector: 'nodes', target: key, families: [{ declaration, samples: rows }] };
}

/** A publisher on a manual clock, and what it reported. */
export function publisherOf(sources: PublisherOptions['sources'], overrides: Partial<PublisherOptions> = {}) {
  const clock = manualClock();
  const errors: unknown[] = [];
  const quarantines: Quarantine[] = [];
  const publisher = createPublisher({
    clock,
    sources,
    budgets: { maxSeries: 1_000, perCollector: new Map() },
    onError: (error) => errors.push(error),
    onQuarantine: (quarantine) => quarantines.push(quarantine),
    ...overrides,
  });
  const text = () => textOf(publisher.current()?.identity.text ?? []);
  return { clock, publisher, errors, quarantines, text };
}
