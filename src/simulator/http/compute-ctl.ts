import type { World } from '../world/api.ts';
import type { Compute } from '../world/hook-api.ts';
import { type HttpAnswer, jsonAnswer } from './answer.ts';
import { expositionAnswer } from './exposition.ts';
import type { Route } from './router.ts';
import type { TokenKeys } from './tokens.ts';

/** compute_ctl's external interface: neon-contract.md 4.4. Nothing of it was recorded. */

function refused(status: number, error: string): HttpAnswer {
  return jsonAnswer(status, { error });
}

/** How the compute is called in a token's `compute_id`. */
export function computeIdOf(tenantId: string): string {
  return `compute-${tenantId}`;
}

/**
 * Checks tokens as compute_ctl does: no header 400, a bad token 401, the token of another compute 403. One of scope
 * `compute_ctl:admin` for the audience `compute` is good for all of them.
 */
export function computeKeys(keys: TokenKeys, tenantId: string): TokenKeys {
  return {
    issue: keys.issue,
    check(header, nowMs) {
      if (header === undefined || !header.startsWith('Bearer '))
        return refused(400, 'missing authorization token');
      const claims = keys.check(header, nowMs);
      if ('status' in claims) return refused(401, 'invalid authorization token');
      if (claims.scope === 'compute_ctl:admin')
        return claims.aud?.includes('compute') === true
          ? claims
          : refused(401, 'invalid audience in authorization token claims');
      if (claims.compute_id === undefined) return refused(401, 'invalid authorization token');
      return claims.compute_id === computeIdOf(tenantId)
        ? claims
        : refused(403, 'invalid compute ID in authorization token claims');
    },
  };
}

interface Wanted {
  readonly connstring: string;
  readonly stripeSize: number | null;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** A setting of `cluster.settings`, which stands in for a member that is missing. */
function settingOf(spec: Readonly<Record<string, unknown>>, name: string): unknown {
  const settings = record(spec['cluster'])['settings'];
  if (!Array.isArray(settings)) return undefined;
  return record(settings.find((setting: unknown) => record(setting)['name'] === name))['value'];
}

/** What the spec in a request wants of the storage, or what is wrong with it. */
function wantedOf(text: string): Wanted | string {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return 'the request is no JSON';
  }
  const spec = record(body)['spec'];
  if (typeof spec !== 'object' || spec === null) return 'missing field `spec`';
  const given = record(spec);
  const connstring = given['pageserver_connstring'] ?? settingOf(given, 'neon.pageserver_connstring');
  if (typeof connstring !== 'string') return 'pageserver_connstring not found';
  const stripe = given['shard_stripe_size'] ?? settingOf(given, 'neon.stripe_size');
  const stripeSize = stripe === undefined || stripe === null ? null : Number(stripe);
  if (stripeSize === null && connstring.includes(',')) return 'shard_stripe_size is missing';
  return { connstring, stripeSize };
}

function statusBody(world: World, compute: Compute): unknown {
  const time = (ms: number): string => new Date(ms).toISOString();
  const { startTimeMs, tenantId, timelineId, status } = compute;
  return {
    start_time: time(startTimeMs),
    tenant: tenantId,
    timeline: timelineId,
    status,
    last_active: status === 'running' ? time(world.nowMs()) : null,
    error: status === 'failed' ? 'could not apply the configuration' : null,
  };
}

function configure(world: World, compute: () => Compute, text: string): HttpAnswer {
  const wanted = wantedOf(text);
  if (typeof wanted === 'string') return refused(400, wanted);
  const { tenantId, status } = compute();
  const outcome = world.reconfigureCompute({ tenantId, ...wanted });
  return outcome === 'done'
    ? jsonAnswer(200, statusBody(world, compute()))
    : refused(412, `invalid compute status for configuration request: ${status}`);
}

/** The world's computes are always used: `last_active` is now. */
export function computeRoutes(world: World, own: () => Compute): readonly Route[] {
  const route = (
    method: string,
    path: string,
    allowed: Route['allowed'],
    answer: Route['answer'],
  ): Route => ({ method, path, name: path, allowed, answer });
  return [
    route('GET', '/status', 'any token', () => jsonAnswer(200, statusBody(world, own()))),
    route('POST', '/configure', 'any token', ({ text }) => configure(world, own, text)),
    route('GET', '/metrics', 'no token', () => {
      const { status } = own();
      return expositionAnswer([
        {
          name: 'compute_ctl_up',
          type: 'gauge',
          help: 'Whether compute_ctl is running',
          samples: [[{ build_tag: 'simulated', status: status.replaceAll('_', '-') }, 1]],
        },
      ]);
    }),
  ];
}
