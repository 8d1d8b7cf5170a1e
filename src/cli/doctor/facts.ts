import type { Readings } from '../../collection/store.ts';

/** What is so, by name: what a later look is compared with, over an upgrade say. */
export type Facts = Readonly<Record<string, string | number>>;

function* controllerFacts(readings: Readings): Generator<[string, string | number]> {
  for (const { nodeId, az, availability, scheduling, pgAddress } of readings.one('nodes')?.reading.nodes ??
    []) {
    yield [`node ${nodeId} availability`, availability];
    yield [`node ${nodeId} scheduling`, scheduling];
    yield [`node ${nodeId} az`, az];
    yield [`node ${nodeId} pg address`, pgAddress];
  }
  const totals = readings.one('tenants')?.reading.totals;
  if (totals === undefined) return;
  yield ['shards', totals.shards];
  yield ['shards missing secondaries', totals.shardsMissingSecondaries];
  for (const [policy, count] of totals.tenantsByPolicy) yield [`tenants ${policy}`, count];
}

function* safekeeperFacts(readings: Readings): Generator<[string, string | number]> {
  for (const safekeeper of readings.one('safekeepers')?.reading.safekeepers ?? []) {
    yield [`safekeeper ${safekeeper.safekeeperId} scheduling`, safekeeper.schedulingPolicy];
  }
}

function* computeFacts(readings: Readings): Generator<[string, string | number]> {
  for (const { target, reading } of readings.all('postgres')) {
    yield [`${target.name} Postgres version`, reading.server.shortVersion];
  }
  for (const { target, reading } of readings.all('compute_settings')) {
    const { live } = reading;
    if (live === undefined) continue;
    if (live.tenantId !== undefined) yield [`${target.name} tenant`, live.tenantId];
    if (live.stripeSizeBlocks !== undefined) yield [`${target.name} stripe size`, live.stripeSizeBlocks];
    if (live.connstring !== undefined && 'endpoints' in live.connstring) {
      yield [
        `${target.name} pageservers`,
        live.connstring.endpoints.map(({ host, port }) => `${host}:${port}`).join(', '),
      ];
    }
  }
  for (const { target, reading } of readings.all('vector_indexes')) {
    for (const [database, indexes] of reading.databases) {
      for (const [am, same] of Map.groupBy(indexes, (index) => index.am)) {
        yield [`${target.name}/${database} vector indexes ${am}`, same.length];
      }
    }
  }
  for (const { target, reading } of readings.all('neurondb')) {
    for (const { database, extension, libraryVersion } of reading.databases) {
      if (extension !== undefined) yield [`${target.name}/${database} NeuronDB extension`, extension.version];
      if (libraryVersion !== undefined) yield [`${target.name}/${database} NeuronDB library`, libraryVersion];
    }
  }
}

/** Versions, states and sizes of everything that was read. No secret and no query is among them. */
export function factsOf(readings: Readings): Facts {
  return Object.fromEntries([
    ...controllerFacts(readings),
    ...safekeeperFacts(readings),
    ...computeFacts(readings),
  ]);
}
