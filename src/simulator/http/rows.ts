import type { Pageserver, World } from '../world/api.ts';
import type { JsonRows } from './answer.ts';

type Row = readonly [key: string, row: string];

/** Rows behind `startAfter`, also when their maker began from the start again. */
function* behind(rows: Iterable<Row>, startAfter: string | undefined): Iterable<Row> {
  for (const row of rows) {
    if (startAfter === undefined || row[0] > startAfter) yield row;
  }
}

function* mapRows<Value>(values: Iterable<Value>, keyOf: (value: Value) => string): Iterable<Row> {
  for (const value of values) yield [keyOf(value), JSON.stringify(value)];
}

/** `GET /control/v1/tenant`: `limit` 0 gives one, absent gives all. */
export function tenantRows(
  { controller }: World,
  page: { readonly startAfter?: string; readonly limit?: number },
): JsonRows {
  let left = page.limit === undefined ? Number.POSITIVE_INFINITY : Math.max(1, page.limit);
  return {
    before: '[',
    after: ']',
    *rows(last) {
      const startAfter = last ?? page.startAfter;
      if (left <= 0) return;
      const rest = {
        ...(startAfter === undefined ? {} : { startAfter }),
        ...(Number.isFinite(left) ? { limit: left } : {}),
      };
      for (const row of mapRows(controller.tenants(rest), ({ tenant_id }) => tenant_id)) {
        left -= 1;
        yield row;
        if (left <= 0) return;
      }
    },
  };
}

/** `GET /debug/v1/tenant`. */
export function dumpRows({ controller }: World): JsonRows {
  return {
    before: '[',
    after: ']',
    rows: (last) =>
      behind(
        mapRows(controller.shardDumps(last), ({ tenant_shard_id }) => tenant_shard_id),
        last,
      ),
  };
}

/** `GET /control/v1/node/:id/shards`; an unknown node has none. */
export function nodeShardRows({ controller }: World, nodeId: number): JsonRows {
  return {
    before: `{"node_id":${nodeId},"shards":[`,
    after: ']}',
    rows: (last) =>
      behind(
        mapRows(controller.nodeShards(nodeId).shards, ({ tenant_shard_id }) => tenant_shard_id),
        last,
      ),
  };
}

/** `POST /control/v1/metadata_health/outdated`: shards that nobody has scrubbed since; a record is made with its shard. */
export function healthRows({ controller }: World, notSinceMs: number): JsonRows {
  return {
    before: '{"health_records":[',
    after: ']}',
    *rows(last) {
      for (const { tenant_id, shards } of controller.tenants(
        last === undefined ? {} : { startAfter: last },
      )) {
        const records = shards.flatMap(({ tenant_shard_id }) => {
          const { healthy, scrubbedAtMs } = controller.health(tenant_shard_id);
          if (scrubbedAtMs > notSinceMs) return [];
          const last_scrubbed_at = new Date(scrubbedAtMs).toISOString().replace('Z', '000Z');
          return [JSON.stringify({ tenant_shard_id, healthy, last_scrubbed_at })];
        });
        if (records.length > 0) yield [tenant_id, records.join(',')];
      }
    },
  };
}

/** `GET /v1/location_config`. */
export function locationRows(pageserver: Pageserver): JsonRows {
  return {
    before: '{"tenant_shards":[',
    after: ']}',
    rows: (last) =>
      behind(
        mapRows(pageserver.locations(last), ([shardId]) => shardId),
        last,
      ),
  };
}

/** `GET /v1/tenant` of a pageserver. */
export function attachedRows(pageserver: Pageserver): JsonRows {
  return {
    before: '[',
    after: ']',
    rows: (last) =>
      behind(
        mapRows(pageserver.tenants(last), ({ id }) => id),
        last,
      ),
  };
}
