import type {
  CollectContext,
  CollectInputs,
  Collector,
  ReadingBase,
  Skipped,
} from '../../src/collectors/collector.ts';
import type { Target } from '../../src/collectors/target.ts';
import type { NodeLocations } from '../../src/neon/location.ts';
import { parseShardId } from '../../src/neon/shard-id.ts';
import type { JsonReader } from '../../src/sources/json-reader.ts';
import { manualClock } from './manual-clock.ts';

export const controllerTarget: Target = {
  kind: 'storage_controller',
  name: 'controller:1234',
  url: 'http://controller:1234',
};
export const pageserverTarget: Target = {
  kind: 'pageserver',
  name: 'pageserver2:9898',
  url: 'http://localhost:9899',
  nodeId: 2,
};

interface Options<Reading> {
  readonly target?: Target;
  readonly previous?: Reading;
  readonly describe?: JsonReader;
  /** The same server asked without a token; the reader itself unless said otherwise. */
  readonly withoutToken?: JsonReader;
  readonly locations?: readonly NodeLocations[];
  readonly areLocationsTried?: boolean;
  readonly settings?: Partial<CollectInputs['settings']>;
}

/** What a collector is told from outside its target. */
export function collectInputs(
  options: Omit<Options<unknown>, 'previous'> & { readonly describe: JsonReader },
): CollectInputs {
  return {
    settings: { pageSize: 2, placement: 'auto', warmthSamples: 2, ...options.settings },
    describe: options.describe,
    withoutToken: options.withoutToken ?? options.describe,
    locations: () => options.locations ?? [],
    areLocationsTried: () => options.areLocationsTried ?? true,
  };
}

/** One run of a collector against a reader, with everything else as the defaults have it. */
export function collectOnce<Reading extends ReadingBase>(
  collector: Collector<Reading>,
  http: JsonReader,
  options: Options<Reading> = {},
): Promise<Reading | Skipped> {
  const target = options.target ?? (collector.kind === 'pageserver' ? pageserverTarget : controllerTarget);
  const context: CollectContext<Reading> = {
    http,
    target,
    previous: options.previous,
    inputs: collectInputs({
      ...options,
      describe: options.describe ?? http,
      withoutToken: options.withoutToken ?? http,
    }),
    clock: manualClock(),
    signal: AbortSignal.any([]),
  };
  return collector.collect(context);
}

/** The samples of all families as `name{label="value"} number`, which is how an operator reads them. */
export function seriesOf<Reading extends ReadingBase>(
  collector: Collector<Reading>,
  reading: Reading | Skipped,
  target: Target = collector.kind === 'pageserver' ? pageserverTarget : controllerTarget,
): string[] {
  if ('skipped' in reading) return [];
  return collector.families.flatMap((family) =>
    [...family.samples({ target, reading })].map(({ labels, value }) =>
      seriesText(family.name, labels, value),
    ),
  );
}

function seriesText(name: string, labels: Readonly<Record<string, string>>, value: number | bigint): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

/** Locations of a node written as `[shard id, mode, generation]`. */
export function nodeLocations(
  nodeId: number,
  rows: readonly (readonly [string, string, number?])[],
): NodeLocations {
  return {
    nodeId,
    locations: rows.map(([text, mode, generation]) => {
      const id = parseShardId(text);
      if (id === undefined) throw new Error(`the test's own shard id ${text} is none`);
      return { id, mode, generation };
    }),
  };
}

/** A tenant as the controller answers, with what the test says changed. */
export function tenantRow(
  tenantId: string,
  shards: readonly object[],
  policy: unknown = { Attached: 1 },
): object {
  return { tenant_id: tenantId, shards, stripe_size: 2048, policy, config: {} };
}

export function shardRow(shardId: string, changed: object = {}): object {
  return {
    tenant_shard_id: shardId,
    node_attached: 1,
    node_secondary: [2],
    last_error: '',
    is_reconciling: false,
    is_pending_compute_notification: false,
    is_splitting: false,
    is_importing: false,
    scheduling_policy: 'Active',
    preferred_az_id: 'az-a',
    ...changed,
  };
}
