import { setImmediate } from 'node:timers/promises';
import type { Clock } from './clock.ts';
import type { JobStatus } from './collection/job.ts';
import { buildInfo, collectionFamilies } from './collection/self-families.ts';
import type { Observation, Store } from './collection/store.ts';
import type { ReadingBase } from './collectors/collector.ts';
import { type ErasedCollector, erasedCollectors } from './collectors/registry.ts';
import { isExported, type OptIn } from './metrics/cardinality.ts';
import { type ChunkSource, chunkSource } from './render/chunk-source.ts';
import { type ErasedView, views } from './views/registry.ts';
import type { Breathe } from './views/view.ts';

/** A view may hold the event loop this long before it lets others run. */
const breathAfterMs = 8;

export interface ExpositionOptions {
  readonly store: Store;
  readonly statuses: () => readonly JobStatus[];
  readonly optIn: OptIn;
  readonly clock: Clock;
  readonly version: string;
}

/** Two targets that lead to one pageserver would give every series twice; the first by name is the one that counts. */
function onePerNode<Reading>(observations: readonly Observation<Reading>[]): readonly Observation<Reading>[] {
  const seen = new Set<unknown>();
  return observations.filter(({ reading }) => {
    const { nodeId } = reading as { readonly nodeId?: number };
    if (nodeId === undefined) return true;
    const isFirst = !seen.has(nodeId);
    seen.add(nodeId);
    return isFirst;
  });
}

function collectorSources(collector: ErasedCollector, { store, optIn }: ExpositionOptions): ChunkSource[] {
  const families = collector.families.filter(({ cardinality }) => isExported(cardinality, optIn));
  const observations = store.all(collector.name) as readonly Observation<ReadingBase>[];
  return onePerNode(observations).map((observation) => {
    const { target, reading, version } = observation;
    const identity = {
      key: `${collector.name}/${target.name}`,
      version,
      collector: collector.name,
      target: target.name,
    };
    return chunkSource(identity, families, { target, reading });
  });
}

function breatheBy(clock: Clock): Breathe {
  let sinceMs = clock.monotonicMs();
  return () => {
    if (clock.monotonicMs() - sinceMs < breathAfterMs) return undefined;
    return setImmediate().then(() => {
      sinceMs = clock.monotonicMs();
    });
  };
}

interface Built {
  readonly inputs: string;
  readonly version: number;
  readonly facts: unknown;
}

/** Builds a view again only when one of the readings it needs is another one, or has gone. */
function viewSource(view: ErasedView, { store, optIn, clock }: ExpositionOptions) {
  const families = view.families.filter(({ cardinality }) => isExported(cardinality, optIn));
  let built: Built | undefined;
  return async (): Promise<ChunkSource[]> => {
    const versions = view.needs.map((name) => store.all(name).map(({ version }) => version));
    const inputs = JSON.stringify(versions);
    if (built?.inputs !== inputs) {
      const facts = await view.build(store, breatheBy(clock));
      built = { inputs, version: (built?.version ?? 0) + 1, facts };
    }
    if (built.facts === undefined) return [];
    const identity = { key: view.name, version: built.version, collector: view.name, target: '' };
    return [chunkSource(identity, families, built.facts)];
  };
}

/** All that is fresh, in the order of the page: collectors, views, and what neonwatch says of its own looking. */
export function createExpositionSources(options: ExpositionOptions): () => Promise<readonly ChunkSource[]> {
  const viewSources = views.map((view) => viewSource(view, options));
  let builds = 0;
  return async () => {
    builds += 1;
    const sources = erasedCollectors.flatMap((collector) => collectorSources(collector, options));
    for (const source of viewSources) sources.push(...(await source()));
    const identity = { key: 'neonwatch', version: builds, collector: 'neonwatch', target: '' };
    sources.push(chunkSource(identity, collectionFamilies, options.statuses()));
    sources.push(chunkSource({ ...identity, key: 'build', version: 1 }, [buildInfo], options.version));
    return sources;
  };
}
