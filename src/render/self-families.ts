import { family } from '../metrics/family.ts';
import type { DroppedSeries, ServedSeries } from './budget.ts';
import type { QuarantineReason } from './row.ts';

/** How often one family of one collector was quarantined since the start. */
export interface QuarantineCount {
  readonly family: string;
  readonly collector: string;
  readonly reason: QuarantineReason;
  readonly count: number;
}

/** What a snapshot says about itself and about the publisher that made it. */
export interface SnapshotFacts {
  /** When the snapshot was assembled, by the wall clock. */
  readonly builtAtMs: number;
  /** What the build before took, compression included; undefined at the first. */
  readonly lastBuildMs: number | undefined;
  readonly builds: { readonly ok: number; readonly failed: number };
  readonly quarantines: readonly QuarantineCount[];
}

/** The facts, and what is only known once the budgets are divided. */
export interface SelfReading extends SnapshotFacts {
  readonly series: number;
  readonly dropped: readonly DroppedSeries[];
  readonly served: readonly ServedSeries[];
}

const about = { cardinality: 'process' } as const;

const snapshotSeries = family({
  ...about,
  name: 'neonwatch_snapshot_series',
  type: 'gauge',
  help: 'Series in this exposition, those of neonwatch itself included.',
  labels: [],
  samples: ({ series }: SelfReading) => [{ labels: {}, value: series }],
});

const snapshotTimestamp = family({
  ...about,
  name: 'neonwatch_snapshot_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When this exposition was put together, in seconds since the Unix epoch.',
  labels: [],
  samples: ({ builtAtMs }: SelfReading) => [{ labels: {}, value: builtAtMs / 1_000 }],
});

const snapshotBuild = family({
  ...about,
  name: 'neonwatch_snapshot_build_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'Time the exposition before this one took to render and compress.',
  labels: [],
  *samples({ lastBuildMs }: SelfReading) {
    if (lastBuildMs !== undefined) yield { labels: {}, value: lastBuildMs / 1_000 };
  },
});

const snapshotBuilds = family({
  ...about,
  name: 'neonwatch_snapshot_builds_total',
  type: 'counter',
  help: 'Expositions put together before this one, by outcome; failed ones leave the former in place.',
  labels: ['outcome'],
  samples: ({ builds }: SelfReading) => [
    { labels: { outcome: 'ok' }, value: builds.ok },
    { labels: { outcome: 'failed' }, value: builds.failed },
  ],
});

const collectorSeries = family({
  ...about,
  name: 'neonwatch_collector_series',
  type: 'gauge',
  help: 'Series in this exposition from a collector at a target.',
  labels: ['collector', 'target'],
  samples: ({ served }: SelfReading) =>
    served.map(({ collector, target, series }) => ({ labels: { collector, target }, value: series })),
});

const seriesDropped = family({
  ...about,
  name: 'neonwatch_series_dropped',
  type: 'gauge',
  help: 'Series left out of this exposition because a series budget is spent.',
  labels: ['collector', 'reason'],
  samples: ({ dropped }: SelfReading) =>
    dropped.map(({ collector, reason, series }) => ({ labels: { collector, reason }, value: series })),
});

const familiesQuarantined = family({
  ...about,
  name: 'neonwatch_families_quarantined_total',
  type: 'counter',
  help: 'Times a family was left out because one of its rows could not be exposed.',
  labels: ['family', 'collector', 'reason'],
  samples: ({ quarantines }: SelfReading) =>
    quarantines.map(({ family, collector, reason, count }) => ({
      labels: { family, collector, reason },
      value: count,
    })),
});

/** The families every exposition ends with. */
export const selfFamilies = [
  snapshotSeries,
  snapshotTimestamp,
  snapshotBuild,
  snapshotBuilds,
  collectorSeries,
  seriesDropped,
  familiesQuarantined,
] as const;
