import { type Breathe, rowsPerBreath } from '../../breathe.ts';
import type { Readings } from '../../collection/store.ts';
import type { TenantPlacement } from '../../neon/placement.ts';
import type { Seen } from '../../views/agreement-facts.ts';
import { judgeAll } from '../../views/drift/judge-all.ts';
import type { DriftJudgement } from '../../views/drift/judgement.ts';
import type { Aliases } from '../../views/drift/places.ts';

/** What all witnesses say of one tenant. */
export interface TenantTable {
  /** Undefined when the controller does not list it, which is also how a detached tenant looks. */
  readonly tenant: TenantPlacement | undefined;
  /** Locations by shard id, as the pageservers told; of shards that the controller does not know, too. */
  readonly held: ReadonlyMap<string, readonly Seen[]>;
  /** `host:port` that computes are to use, by node id. */
  readonly addresses: ReadonlyMap<number, string>;
  /** One for each compute whose live `neon.tenant_id` is this tenant. */
  readonly computes: readonly DriftJudgement[];
}

/** Several tenants begin like that, or none does. */
export interface TenantChoice {
  readonly candidates: readonly string[];
}

/** All tenant ids that anybody named and that begin so. */
async function candidatesOf(readings: Readings, prefix: string, breathe: Breathe): Promise<string[]> {
  const found = new Set<string>();
  let rows = 0;
  const add = async (tenantId: string): Promise<void> => {
    if (tenantId.startsWith(prefix)) found.add(tenantId);
    rows += 1;
    if (rows % rowsPerBreath === 0) await breathe();
  };
  for (const { tenantId } of readings.one('tenants')?.reading.tenants ?? []) await add(tenantId);
  for (const { locations } of readings.locations()) for (const { id } of locations) await add(id.tenantId);
  for (const { reading } of readings.all('compute_settings')) {
    if (reading.live?.tenantId !== undefined) await add(reading.live.tenantId);
  }
  return [...found].sort();
}

/** Puts together what the controller, the pageservers and the computes say of the tenant whose id begins so. */
export async function tenantTable(
  readings: Readings,
  prefix: string,
  aliases: Aliases,
  breathe: Breathe,
): Promise<TenantTable | TenantChoice> {
  const candidates = await candidatesOf(readings, prefix, breathe);
  const [tenantId, ...others] = candidates;
  if (tenantId === undefined || others.length > 0) return { candidates };
  const held = new Map<string, Seen[]>();
  for (const { nodeId, locations } of readings.locations()) {
    for (const { id, mode, generation = -1 } of locations) {
      if (id.tenantId !== tenantId) continue;
      held.set(id.text, [...(held.get(id.text) ?? []), { nodeId, mode, generation }]);
    }
    await breathe();
  }
  const nodes = readings.one('nodes')?.reading.nodes ?? [];
  const judgements = await judgeAll(readings, aliases, breathe);
  return {
    tenant: readings.one('tenants')?.reading.tenants.find((one) => one.tenantId === tenantId),
    held,
    addresses: new Map(nodes.map(({ nodeId, pgAddress }) => [nodeId, pgAddress])),
    computes: [...judgements.values()].filter((judgement) => judgement.tenantId === tenantId),
  };
}

/** The table as `doctor --tenant ID --json` has it. */
export function tenantJson(table: TenantTable | TenantChoice) {
  if ('candidates' in table) return table;
  const { tenant, held, computes } = table;
  const meant = new Map((tenant?.shards ?? []).map((shard) => [shard.id.text, shard]));
  const shardIds = [...new Set([...meant.keys(), ...held.keys()])].sort();
  return {
    tenantId: tenant?.tenantId,
    policy: tenant?.policy?.text,
    shards: shardIds.map((shardId) => {
      const shard = meant.get(shardId);
      return {
        shardId,
        attached: shard?.nodeAttached,
        secondaries: shard?.nodeSecondary,
        held: held.get(shardId) ?? [],
      };
    }),
    computes: computes.map(({ compute, state, causes, isMasked, stripe, rows }) => ({
      compute,
      state,
      causes,
      isMasked,
      stripe,
      shards: rows.map(({ shardNumber, intended, live, nextStart, agreement, serving }) => ({
        shardNumber,
        intended,
        live,
        nextStart,
        agreement,
        serving,
      })),
    })),
  };
}
