import { findingFamilies } from './alerts/families.ts';
import type { FindingsSnapshot } from './alerts/snapshot.ts';
import { breatheBy } from './breathe.ts';
import type { Clock } from './clock.ts';
import { type HostFacts, hostFamilies } from './collection/host-families.ts';
import type { JobStatus } from './collection/job.ts';
import { buildInfo, collectionFamilies } from './collection/self-families.ts';
import type { Observation, Store } from './collection/store.ts';
import type { ReadingBase, TargetReading } from './collectors/collector.ts';
import { serverLabel } from './collectors/postgres/server-label.ts';
import { postgresUp } from './collectors/postgres/up.ts';
import {
  type ErasedCollector,
  type ErasedSqlCollector,
  erasedCollectors,
  erasedSqlCollectors,
} from './collectors/registry.ts';
import { isExported, type OptIn } from './metrics/cardinality.ts';
import type { Family } from './metrics/family.ts';
import { type ChunkSource, chunkSource } from './render/chunk-source.ts';
import { type ErasedView, views } from './views/registry.ts';
import type { ViewSettings } from './views/view.ts';

export interface ExpositionOptions {
  readonly store: Store;
  readonly statuses: () => readonly JobStatus[];
  readonly optIn: OptIn;
  readonly clock: Clock;
  readonly version: string;
  readonly hosts: readonly HostFacts[];
  readonly viewSettings?: ViewSettings | undefined;
  /** Undefined when findings are switched off. */
  readonly findings?: (() => FindingsSnapshot) | undefined;
}

/**
 * Two targets that lead to one server would give every series twice: a pageserver or safekeeper under two addresses, a Postgres server
 * under two names. The first by target name is the one that counts.
 */
function onePerServer(
  collector: string,
  observations: readonly Observation<ReadingBase>[],
): readonly Observation<ReadingBase>[] {
  const seen = new Set<unknown>();
  return observations.filter(({ target, reading }) => {
    const { nodeId, safekeeperId } = reading as { readonly nodeId?: number; readonly safekeeperId?: number };
    const server = collector === 'postgres' ? serverLabel(target) : (nodeId ?? safekeeperId ?? target);
    const isFirst = !seen.has(server);
    seen.add(server);
    return isFirst;
  });
}

function collectorSources(
  collector: ErasedCollector | ErasedSqlCollector,
  { store, optIn }: ExpositionOptions,
): ChunkSource[] {
  const observations = store.all(collector.name) as readonly Observation<ReadingBase>[];
  return onePerServer(collector.name, observations).map((observation) => {
    const { target, reading, version } = observation;
    const identity = {
      key: `${collector.name}/${target.name}`,
      version,
      collector: collector.name,
      target: target.name,
    };
    const input = { target, reading };
    const families = familiesOf(collector, input).filter(({ cardinality }) => isExported(cardinality, optIn));
    return chunkSource(identity, families, input);
  });
}

function familiesOf(
  collector: ErasedCollector | ErasedSqlCollector,
  input: TargetReading<ReadingBase>,
): readonly Family<TargetReading<ReadingBase>>[] {
  if (!('dynamicFamilies' in collector)) return collector.families as Family<TargetReading<ReadingBase>>[];
  // The reading came from this very collector: the store keeps them by its name.
  const dynamic = collector.dynamicFamilies?.(input as never) ?? [];
  return [...collector.families, ...dynamic] as Family<TargetReading<ReadingBase>>[];
}

/** The looks at plain Postgres, one a server. */
function postgresLooks(statuses: readonly JobStatus[]): readonly JobStatus[] {
  const byServer = new Map<string, JobStatus>();
  for (const status of statuses) {
    if (status.collector !== 'postgres') continue;
    const server = serverLabel(status.target);
    if (!byServer.has(server)) byServer.set(server, status);
  }
  return [...byServer.values()];
}

interface Built {
  readonly inputs: string;
  readonly version: number;
  readonly facts: unknown;
  readonly families: readonly Family<unknown>[];
}

/** The same families, each of which is quarantined for this reason: a mistake in one view costs nothing else. */
function failing(families: readonly Family<unknown>[], thrown: unknown): readonly Family<unknown>[] {
  const samples = () => {
    throw thrown;
  };
  return families.map((one) => ({ ...one, samples }));
}

/** Builds a view again only when one of the readings it needs is another one, or has gone. */
function viewSource(view: ErasedView, { store, optIn, clock, viewSettings }: ExpositionOptions) {
  const families = view.families.filter(({ cardinality }) => isExported(cardinality, optIn));
  let built: Built | undefined;
  return async (): Promise<ChunkSource[]> => {
    const versions = view.needs.map((name) => store.all(name).map(({ version }) => version));
    const inputs = JSON.stringify(versions);
    if (built?.inputs !== inputs) {
      const version = (built?.version ?? 0) + 1;
      built = await view.build(store, breatheBy(clock), viewSettings).then(
        (facts) => ({ inputs, version, facts, families }),
        (thrown: unknown) => ({ inputs, version, facts: null, families: failing(families, thrown) }),
      );
    }
    if (built.facts === undefined) return [];
    const identity = { key: view.name, version: built.version, collector: view.name, target: '' };
    return [chunkSource(identity, built.families, built.facts)];
  };
}

/** All that is fresh, in the order of the page: collectors, views, and what neonwatch says of its own looking. */
export function createExpositionSources(options: ExpositionOptions): () => Promise<readonly ChunkSource[]> {
  const viewSources = views.map((view) => viewSource(view, options));
  let builds = 0;
  return async () => {
    builds += 1;
    const sources = [...erasedCollectors, ...erasedSqlCollectors].flatMap((collector) =>
      collectorSources(collector, options),
    );
    for (const source of viewSources) sources.push(...(await source()));
    const identity = { key: 'neonwatch', version: builds, collector: 'neonwatch', target: '' };
    const statuses = options.statuses();
    sources.push(chunkSource(identity, collectionFamilies, statuses));
    sources.push(chunkSource({ ...identity, key: 'pg_up' }, [postgresUp], postgresLooks(statuses)));
    sources.push(chunkSource({ ...identity, key: 'build', version: 1 }, [buildInfo], options.version));
    sources.push(chunkSource({ ...identity, key: 'hosts', version: 1 }, hostFamilies, options.hosts));
    const found = options.findings?.();
    if (found !== undefined) {
      const { version } = found;
      sources.push(chunkSource({ ...identity, key: 'findings', version }, findingFamilies, found));
    }
    return sources;
  };
}
