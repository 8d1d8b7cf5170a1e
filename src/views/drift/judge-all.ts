import { type Breathe, rowsPerBreath } from '../../breathe.ts';
import type { Readings } from '../../collection/store.ts';
import type { TenantPlacement } from '../../neon/placement.ts';
import type { Seen } from '../agreement-facts.ts';
import { distinctProcesses } from '../distinct-processes.ts';
import { listedTenants } from '../listed-tenants.ts';
import { locationIndex } from '../location-index.ts';
import { oncePer } from '../once.ts';
import { frozen, judgedBy } from './frozen.ts';
import { judge } from './judge.ts';
import { type DriftJudgement, type DriftReason, isWrong } from './judgement.ts';
import { type Aliases, placesOf } from './places.ts';
import type { ClusterWitness, ComputeWitness } from './rows.ts';

/** Why the controller cannot be believed: it says itself that it is not the leader, or several say they are. */
function controllerProblem(readings: Readings): DriftReason | undefined {
  const health = readings.all('controller_health');
  const live = health.filter(({ reading }) => reading.isReady && reading.isLive);
  // Without a look at its health the lists that it gave still stand; a health that is bad does not.
  if (health.length > 0 && live.length === 0) return 'controller_not_live';
  if (distinctProcesses(readings, live).length > 1) return 'several_controllers';
  const tenants = readings.one('tenants');
  if (tenants === undefined) return 'placement_missing';
  // Placement that came from the pageservers is no second witness.
  if (tenants.reading.source === 'locations') return 'placement_without_intent';
  return readings.one('nodes') === undefined ? 'nodes_missing' : undefined;
}

/** What the pageservers hold of those tenants. */
async function locationsOf(
  readings: Readings,
  tenants: Iterable<TenantPlacement>,
  breathe: Breathe,
): Promise<Pick<ClusterWitness, 'seen' | 'readNodes'>> {
  const index = await locationIndex(readings.locations(), breathe);
  const seen = new Map<string, readonly Seen[]>();
  for (const { shards } of tenants) for (const { id } of shards) seen.set(id.text, index.seenOf(id.text));
  return { seen, readNodes: index.readNodes };
}

/** A compute whose string may be another tenant's, with what is compared for each of many tenants. */
interface Suspect {
  readonly compute: string;
  readonly tenantId: string | undefined;
  readonly stripeBlocks: number | undefined;
  /** By position: nodes that announce the address. */
  readonly nodeIds: readonly (readonly number[])[];
}

function suspectOf({ compute, tenantId, stripe, rows }: DriftJudgement): Suspect {
  const nodeIds = rows.flatMap(({ live, liveNodeIds }) => (live === undefined ? [] : [liveNodeIds]));
  return { compute, tenantId, stripeBlocks: stripe.liveBlocks, nodeIds };
}

function isStringOf(tenant: TenantPlacement, { tenantId, stripeBlocks, nodeIds }: Suspect): boolean {
  if (tenant.tenantId === tenantId) return false;
  if (tenant.shards.length > 1 && tenant.stripeSizeBlocks !== stripeBlocks) return false;
  return tenant.shards.every(
    ({ id, nodeAttached }) =>
      nodeAttached !== undefined && nodeIds[id.number]?.includes(nodeAttached) === true,
  );
}

/** For each compute whose string is not its tenant's: the other tenant whose it is, if there is exactly one. */
async function otherTenants(
  readings: Readings,
  judgements: readonly DriftJudgement[],
  breathe: Breathe,
): Promise<ReadonlyMap<string, string>> {
  const suspects = judgements.filter(({ state }) => isWrong(state)).map(suspectOf);
  if (suspects.length === 0) return new Map();
  const byCount = Map.groupBy(suspects, ({ nodeIds }) => nodeIds.length);
  const found = new Map<string, string[]>(suspects.map(({ compute }) => [compute, []]));
  let rows = 0;
  for (const tenant of readings.one('tenants')?.reading.tenants ?? []) {
    for (const suspect of byCount.get(tenant.shards.length) ?? []) {
      const own = found.get(suspect.compute);
      // Two are as good as none.
      if (own !== undefined && own.length < 2 && isStringOf(tenant, suspect)) own.push(tenant.tenantId);
      rows += 1;
      if (rows % rowsPerBreath === 0) await breathe();
    }
  }
  return new Map(
    [...found].flatMap(([compute, [only, ...more]]) =>
      only === undefined || more.length > 0 ? [] : [[compute, only]],
    ),
  );
}

/** Computes judged between two chances to breathe. */
const computesPerBreath = 32;

/** Judged once for the same readings and aliases. */
const once = oncePer<ReadonlyMap<string, DriftJudgement>>();

/**
 * Judges every compute whose settings were read, by compute name. Intent from `tenants` and `nodes`, what is held from
 * `pageserver_locations`, the rest from `compute_settings`. A reading that is missing makes the computes `UNKNOWN`.
 *
 * @param aliases addresses that lead to the same place: announced ones and those that computes use
 */
export async function judgeAll(
  live: Readings,
  aliases: Aliases,
  breathe: Breathe,
): Promise<ReadonlyMap<string, DriftJudgement>> {
  const readings = frozen(live);
  const [first, ...others] = judgedBy.flatMap((name): readonly object[] => readings.all(name));
  if (first === undefined) return new Map();
  // Two settings may hold the same aliases.
  return once(first, [...others, JSON.stringify(aliases)], () => judgeEach(readings, aliases, breathe));
}

async function judgeEach(
  readings: Readings,
  aliases: Aliases,
  breathe: Breathe,
): Promise<ReadonlyMap<string, DriftJudgement>> {
  const settings = readings.all('compute_settings');
  const tenantIds = new Set(settings.flatMap(({ reading }) => reading.live?.tenantId ?? []));
  const tenants = await listedTenants(readings, tenantIds, breathe);
  const { seen, readNodes } = await locationsOf(readings, tenants.values(), breathe);
  const places = placesOf(readings.one('nodes')?.reading.nodes ?? [], aliases);
  const cluster: ClusterWitness = { problem: controllerProblem(readings), places, readNodes, seen };
  const judged = new Map<string, readonly [ComputeWitness, DriftJudgement]>();
  for (const { target, reading } of settings) {
    const tenant = reading.live?.tenantId === undefined ? undefined : tenants.get(reading.live.tenantId);
    const witness = { compute: target.name, live: reading.live, tenant };
    judged.set(target.name, [witness, judge(cluster, witness)]);
    if (judged.size % computesPerBreath === 0) await breathe();
  }
  const judgements = [...judged.values()].map(([, judgement]) => judgement);
  const others = await otherTenants(readings, judgements, breathe);
  return new Map(
    [...judged].map(([compute, [witness, judgement]]) => {
      const otherTenantId = others.get(compute);
      return [
        compute,
        otherTenantId === undefined ? judgement : judge(cluster, { ...witness, otherTenantId }),
      ];
    }),
  );
}
