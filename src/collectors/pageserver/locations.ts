import { z } from 'zod';
import { family } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import { type LocationFact, locationModes, type NodeLocations } from '../../neon/location.ts';
import { parseShardId } from '../../neon/shard-id.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';
import { countSetAside } from '../set-aside.ts';
import { readNodeId } from './node-id.ts';

/** `LocationConfig` (libs/pageserver_api/src/models.rs), only the fields we use; null is a slot in progress. */
const Location = z.object({ mode: z.string(), generation: z.int().nullish() }).nullable();
/** An element of `GET /v1/location_config`: a pair, not an object. */
const Row = z.tuple([z.string(), Location]);

export interface LocationsReading extends NodeLocations, ReadingBase {
  readonly locationsByMode: ReadonlyMap<string, number>;
}

type Input = TargetReading<LocationsReading>;

const locationCount = family({
  name: 'neon_pageserver_locations',
  type: 'gauge',
  help: 'Tenant shard locations on a pageserver by mode; InProgress is a slot that is being changed.',
  labels: ['node_id', 'mode'],
  cardinality: 'node',
  *samples({ reading }: Input) {
    for (const [mode, count] of reading.locationsByMode) {
      yield sample({ node_id: String(reading.nodeId), mode }, count);
    }
  },
});

const shardGeneration = family({
  name: 'neon_shard_location_generation',
  type: 'gauge',
  help: 'Generation of a location that has one; of two attached locations of a shard the higher is the true one.',
  labels: ['tenant_id', 'shard_id', 'node_id', 'mode'],
  cardinality: 'shard',
  *samples({ reading }: Input) {
    const nodeId = String(reading.nodeId);
    for (const { id, mode, generation } of reading.locations) {
      if (generation === undefined) continue;
      yield sample({ tenant_id: id.tenantId, shard_id: id.slug, node_id: nodeId, mode }, generation);
    }
  },
});

/** The same string for the same mode: tens of thousands of equal ones would be kept otherwise. */
function knownMode(mode: string): string {
  return locationModes.find((known) => known === mode) ?? mode;
}

/** What a pageserver really holds: the witness against which the controller's intent is compared. */
export const pageserverLocations = {
  name: 'pageserver_locations',
  summary: 'Every tenant shard location on each pageserver: mode and generation.',
  kind: 'pageserver',
  families: [locationCount, shardGeneration],
  async collect({ http, target, signal }) {
    const nodeId = await readNodeId(http, target, signal);
    const rows = await http.getJsonList('/v1/location_config', Row, signal, { property: 'tenant_shards' });
    const setAside = countSetAside();
    const byId = new Map<string, LocationFact>();
    const locationsByMode = new Map<string, number>(locationModes.map((mode) => [mode, 0]));
    for (const [shardId, location] of rows) {
      const id = parseShardId(shardId);
      if (id === undefined) setAside.add('bad_id');
      else if (byId.has(shardId)) setAside.add('duplicate');
      else {
        const mode = knownMode(location?.mode ?? 'InProgress');
        byId.set(shardId, { id, mode, generation: location?.generation ?? undefined });
        locationsByMode.set(mode, (locationsByMode.get(mode) ?? 0) + 1);
      }
    }
    return { nodeId, locations: [...byId.values()], locationsByMode, setAside: setAside.total() };
  },
} as const satisfies Collector<LocationsReading>;
