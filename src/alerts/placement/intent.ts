import { rowsPerBreath } from '../../breathe.ts';
import type { NodeFact } from '../../neon/node.ts';
import type { ShardPlacement, TenantPlacement } from '../../neon/placement.ts';
import { oncePer } from '../../views/once.ts';
import { type DetectInput, type Json, type Verdict, whyMissing } from '../detector.ts';
import { addAt, addTo, type Few, few } from './few.ts';

/** Shards of one preferred zone that are attached to one pageserver. */
export interface PoolOnNode {
  attached: number;
  /** Of these, with a policy other than Active: somebody keeps them where they are. */
  pinned: number;
  /** The first of them that may be moved: for commands. */
  readonly movable: ShardPlacement[];
}

/** Placed and not splitting, with fewer secondaries than their policy asks for. */
interface Bare extends Few<ShardPlacement> {
  tenants: number;
  /** Of these, shards for whose secondaries there are not pageservers enough. */
  hopeless: number;
  mostWanted: number;
}

/** What the controller means, from one walk over all shards. */
export interface IntentFacts {
  readonly nodes: ReadonlyMap<number, NodeFact>;
  /** Pageservers that may be given shards: availability Active, policy Active or Filling. */
  readonly schedulable: ReadonlySet<number>;
  readonly schedulableAzs: ReadonlySet<string>;
  /** Preferred zone, empty for none → node id → shards attached there. */
  readonly pools: ReadonlyMap<string, ReadonlyMap<number, PoolOnNode>>;
  /** By node id: shards that a fill of it could bring, because a secondary is there already. */
  readonly promotable: ReadonlyMap<number, number>;
  /** By node id: secondaries that it is meant to have. */
  readonly secondaries: ReadonlyMap<number, number>;
  /** By the pageserver where they are: attached in another zone than they prefer, though theirs could take them or is none of this cluster. */
  readonly outsideAt: ReadonlyMap<number, Few<ShardPlacement>>;
  /** By zone: with a secondary in the zone where they are attached, though another could have it. */
  readonly pairedIn: ReadonlyMap<string, Few<ShardPlacement>>;
  readonly bare: Bare;
  /** To be attached by their policy, and attached nowhere. */
  readonly unscheduled: Few<ShardPlacement> & { readonly tenants: number };
  readonly shards: number;
}

const movableKept = 3;

interface Tally {
  readonly nodes: ReadonlyMap<number, NodeFact>;
  readonly schedulableAzs: ReadonlySet<string>;
  readonly azs: ReadonlySet<string>;
  readonly pools: Map<string, Map<number, PoolOnNode>>;
  readonly promotable: Map<number, number>;
  readonly secondaries: Map<number, number>;
  readonly outsideAt: Map<number, Few<ShardPlacement>>;
  readonly pairedIn: Map<string, Few<ShardPlacement>>;
  readonly bare: Bare;
  readonly unscheduled: Few<ShardPlacement> & { tenants: number };
  readonly schedulable: ReadonlySet<number>;
}

function increment(counts: Map<number, number>, nodeId: number): void {
  counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
}

function poolOnNode({ pools }: Tally, az: string, nodeId: number): PoolOnNode {
  const pool = pools.get(az) ?? new Map<number, PoolOnNode>();
  pools.set(az, pool);
  const known = pool.get(nodeId);
  if (known !== undefined) return known;
  const fresh = { attached: 0, pinned: 0, movable: [] };
  pool.set(nodeId, fresh);
  return fresh;
}

function addAttached(tally: Tally, shard: ShardPlacement, nodeAttached: number): void {
  const preferredAz = shard.flags?.preferredAz ?? '';
  const policy = shard.flags?.schedulingPolicy;
  const pool = poolOnNode(tally, preferredAz, nodeAttached);
  pool.attached += 1;
  if (policy !== 'Active') pool.pinned += 1;
  // Pause and Stop are kept where they are also when somebody asks for a migration.
  const isMovable = policy === 'Active' || policy === 'Essential';
  if (isMovable && pool.movable.length < movableKept) pool.movable.push(shard);
  const az = tally.nodes.get(nodeAttached)?.az;
  if (az === undefined) return;
  const isAway = preferredAz !== '' && az !== preferredAz;
  // Home is nowhere while none of its pageservers may take it; a zone that does not exist will never take it.
  if (isAway && (tally.schedulableAzs.has(preferredAz) || !tally.azs.has(preferredAz))) {
    addAt(tally.outsideAt, nodeAttached, shard);
  }
  for (const nodeId of shard.nodeSecondary) {
    if (preferredAz === '' || (isAway && tally.nodes.get(nodeId)?.az === preferredAz)) {
      increment(tally.promotable, nodeId);
    }
  }
  const isPaired = shard.nodeSecondary.some((nodeId) => tally.nodes.get(nodeId)?.az === az);
  // In a cluster of one zone there is no other way.
  if (!isPaired || tally.schedulableAzs.size === (tally.schedulableAzs.has(az) ? 1 : 0)) return;
  const paired = tally.pairedIn.get(az) ?? few<ShardPlacement>();
  tally.pairedIn.set(az, paired);
  addTo(paired, shard);
}

function addTenant(tally: Tally, { policy, shards }: TenantPlacement): void {
  const { bare, unscheduled } = tally;
  const [bareBefore, unscheduledBefore] = [bare.count, unscheduled.count];
  const wanted = policy?.secondariesWanted ?? 0;
  for (const shard of shards) {
    if (shard.nodeAttached !== undefined) addAttached(tally, shard, shard.nodeAttached);
    else if (policy?.wantsAttached === true) addTo(unscheduled, shard);
    for (const nodeId of shard.nodeSecondary) increment(tally.secondaries, nodeId);
    const isPlaced = shard.nodeAttached !== undefined || policy?.wantsAttached !== true;
    // Children of a split get theirs when it is done.
    if (!isPlaced || shard.flags?.isSplitting === true || shard.nodeSecondary.length >= wanted) continue;
    addTo(bare, shard);
    bare.mostWanted = Math.max(bare.mostWanted, wanted);
    if (tally.schedulable.size < wanted + 1) bare.hopeless += 1;
  }
  if (bare.count > bareBefore) bare.tenants += 1;
  if (unscheduled.count > unscheduledBefore) unscheduled.tenants += 1;
}

type Input = Pick<DetectInput<Json>, 'readings' | 'breathe'>;
type IntentReadings = NonNullable<ReturnType<typeof intentReadings>>;

function intentReadings({ readings }: Pick<Input, 'readings'>) {
  const nodes = readings.one('nodes');
  const tenants = readings.one('tenants');
  return nodes === undefined || tenants === undefined ? undefined : { nodes, tenants };
}

async function walk({ nodes, tenants }: IntentReadings, { breathe }: Input): Promise<IntentFacts> {
  const facts = nodes.reading.nodes;
  const able = facts.filter(
    ({ availability, scheduling }) =>
      availability === 'Active' && (scheduling === 'Active' || scheduling === 'Filling'),
  );
  const tally: Tally = {
    nodes: new Map(facts.map((node) => [node.nodeId, node])),
    schedulable: new Set(able.map(({ nodeId }) => nodeId)),
    schedulableAzs: new Set(able.map(({ az }) => az)),
    azs: new Set(facts.map(({ az }) => az)),
    pools: new Map(),
    promotable: new Map(),
    secondaries: new Map(),
    outsideAt: new Map(),
    pairedIn: new Map(),
    bare: { ...few<ShardPlacement>(), tenants: 0, hopeless: 0, mostWanted: 0 },
    unscheduled: { ...few<ShardPlacement>(), tenants: 0 },
  };
  let shards = 0;
  let breathed = 0;
  for (const tenant of tenants.reading.tenants) {
    addTenant(tally, tenant);
    shards += tenant.shards.length;
    if (shards - breathed < rowsPerBreath) continue;
    breathed = shards;
    await breathe();
  }
  return { ...tally, shards };
}

const once = oncePer<IntentFacts>();

/** The controller's intent, walked once an evaluation; undefined when a reading is missing or knows no intent. */
export async function intentFacts(input: Input): Promise<IntentFacts | undefined> {
  const found = intentReadings(input);
  if (found === undefined || found.tenants.reading.source === 'locations') return undefined;
  return once(found.tenants.reading, [found.nodes.reading], () => walk(found, input));
}

/** The verdict where `intentFacts` gave nothing. */
export function withoutIntent(input: Pick<DetectInput<Json>, 'readings' | 'looks' | 'memory'>): Verdict {
  const { readings, looks, memory } = input;
  const missing: string[] = [];
  if (readings.one('nodes') === undefined) missing.push(whyMissing(looks, 'nodes'));
  const source = readings.one('tenants')?.reading.source;
  if (source === undefined) missing.push(whyMissing(looks, 'tenants'));
  else if (source === 'locations') {
    missing.push(
      'tenants: known from the pageservers only, which know no intent; needs a token of scope admin or scrubber',
    );
  }
  return { findings: [], unknown: [{ missing }], ...(memory === undefined ? {} : { memory }) };
}
