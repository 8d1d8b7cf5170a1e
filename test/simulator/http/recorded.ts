import { readFileSync } from 'node:fs';
import type { InitialTenant } from '../../../src/simulator/world/api.ts';
import type { TenantDescription } from '../../../src/simulator/world/wire.ts';
import { fixtureIndex, mustHaveRecorded, readFixture } from '../../replay/world.ts';

/** A line of test/fixtures/neon/requests.json. */
export interface RecordedRequest {
  readonly state: string;
  readonly variant?: string;
  /** `storcon`, `ps1`, `sk1`, `broker`. */
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** The body that was sent. */
  readonly sent?: unknown;
  /** 0: the connection was closed, or refused. */
  readonly status: number;
  readonly contentType: string;
  /** Names of the answer's headers, where they were kept. */
  readonly headers?: readonly string[];
  /** Absent where only the status is of interest. */
  readonly body?: unknown;
  /** When the answer was there, in seconds of the recording. */
  readonly at: number;
  readonly seconds: number;
}

const file = new URL('../../fixtures/neon/requests.json', import.meta.url);

/** In the order they were sent. */
export const recordedRequests = JSON.parse(readFileSync(file, 'utf8')) as readonly RecordedRequest[];

/** `PUT /control/v1/node/3/fill` and what else tells one recorded request from another. */
export function titleOf({ state, variant, service, method, path, sent, status }: RecordedRequest): string {
  const body = sent === undefined ? '' : ` ${JSON.stringify(sent)}`;
  return `${state}${variant === undefined ? '' : ` (${variant})`}: ${service} ${method} ${path}${body} -> ${status}`;
}

/** Shards whose secondary had no heatmap yet when it was asked, in that state. */
function coldShards(state: string): ReadonlySet<string> {
  const asked = fixtureIndex.filter(
    (line) => line.state === state && line.status === 200 && line.path.endsWith('/secondary/status'),
  );
  const cold = asked.filter(({ file }) => readFixture(file ?? '').includes('"heatmap_mtime": null'));
  return new Set(cold.map(({ path }) => path.split('/')[3] ?? ''));
}

/** The placements of a recorded tenant list, to start a world from. Every generation is 1, and secondaries are cold that were or `isCold`. */
export function recordedPlacements(
  state: string,
  isCold: (tenantIndex: number) => boolean = () => false,
): readonly InitialTenant[] {
  const { body } = mustHaveRecorded(state, 'storcon', '/control/v1/tenant');
  const cold = coldShards(state);
  const tenants = JSON.parse(body.toString()) as readonly TenantDescription[];
  return tenants.map(({ tenant_id, shards, stripe_size, policy }, at) => ({
    id: tenant_id,
    shardCount: Number.parseInt(shards[0]?.tenant_shard_id.slice(35, 37) || '0', 16),
    stripeSize: stripe_size,
    placement: policy,
    scheduling: shards[0]?.scheduling_policy ?? 'Active',
    shards: shards.map(({ tenant_shard_id, node_attached, node_secondary, preferred_az_id }) => ({
      attached: node_attached,
      secondaries: node_secondary,
      preferredAz: preferred_az_id,
      generation: 1,
      coldSecondaries: cold.has(tenant_shard_id) || isCold(at),
    })),
  }));
}
