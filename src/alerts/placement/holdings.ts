import { type Breathe, eachBreathing, rowsPerBreath } from '../../breathe.ts';
import type { Readings } from '../../collection/store.ts';
import { isAttached } from '../../neon/location.ts';
import type { NodeFact } from '../../neon/node.ts';
import type { ShardPlacement, TenantPlacement } from '../../neon/placement.ts';
import { classify, type Seen, type UnexpectedReason, type Witnesses } from '../../views/agreement-facts.ts';
import { type LocationIndex, locationIndex, matchTenants } from '../../views/location-index.ts';
import { oncePer } from '../../views/once.ts';
import { addAt, type Few } from './few.ts';
import { type FirstFew, firstFew, keepFirst } from './first-few.ts';

/** Shards with two owners that are named; the others are counted. */
export const maxSplits = 50;

/** A shard that two pageservers hold AttachedSingle, neither with the lower generation. */
export interface Split {
  readonly shardId: string;
  /** All that hold it AttachedSingle with the highest generation, or with an unknown one. */
  readonly holders: readonly Seen[];
  /** Where the controller means it to be; undefined where it says nothing of the shard. */
  readonly meant: number | undefined;
}

/** A location that is attached with a lower generation than the true one. */
export interface Stale {
  readonly shardId: string;
  readonly loser: Seen;
  readonly winner: Seen;
  /** As in `Split`. */
  readonly meant: number | undefined;
}

/** A shard that is not attached where the controller means it to be. */
export interface Contradiction {
  readonly shard: ShardPlacement;
  readonly meant: number;
  /** Where it is instead; undefined: nowhere. */
  readonly holder: Seen | undefined;
}

/** A location that nobody means to be there. */
export interface Orphan {
  readonly shardId: string;
  readonly location: Seen;
  readonly reason: UnexpectedReason;
}

/** What the pageservers hold against what the controller means, from one walk over all locations. */
export interface HoldingFacts {
  readonly nodes: ReadonlyMap<number, NodeFact>;
  readonly readNodes: ReadonlySet<number>;
  /** Whether the locations of every pageserver of the node list were read. */
  readonly isComplete: boolean;
  /** Whether a pageserver has a slot of the shard that is being changed: then it cannot be judged. */
  readonly isInProgress: (shardId: string) => boolean;
  /** Whether the pageserver has the shard attached; also where it was not read, as it may have. */
  readonly isAttachedAt: (nodeId: number, shardId: string) => boolean;
  /** The first by shard id, and how many there are. */
  readonly splits: FirstFew<Split>;
  /** What is stale of one shard, of which there may be too many to keep; `tenant` as the controller lists it. */
  readonly staleOf: (shardId: string, tenant: TenantPlacement | undefined) => readonly Stale[];
  /** By the pageserver with the lower generation. */
  readonly staleAt: ReadonlyMap<number, Few<Stale>>;
  /** By the pageserver that the controller means: attached nowhere, or elsewhere. */
  readonly absentAt: ReadonlyMap<number, Few<Contradiction>>;
  readonly elsewhereAt: ReadonlyMap<number, Few<Contradiction>>;
  /** By reason, then by the pageserver that holds them. */
  readonly orphansAt: Readonly<Record<UnexpectedReason, ReadonlyMap<number, Few<Orphan>>>>;
  /** Whether intent was known: without it only `splits` and what is stale are filled. */
  readonly knowsIntent: boolean;
}

interface Tally {
  readonly splits: FirstFew<Split>;
  readonly staleAt: Map<number, Few<Stale>>;
  readonly absentAt: Map<number, Few<Contradiction>>;
  readonly elsewhereAt: Map<number, Few<Contradiction>>;
  readonly orphansAt: Record<UnexpectedReason, Map<number, Few<Orphan>>>;
}

/** Of two AttachedSingle the lower generation is stale. With equal or unknown ones nobody can say which it is. */
function judgeGenerations(
  seen: readonly Seen[],
  { shardId, meant }: Pick<Split, 'shardId' | 'meant'>,
): { split?: Split; stale: readonly Stale[] } {
  const single = seen.filter(({ mode }) => mode === 'AttachedSingle');
  const highest = Math.max(...single.map(({ generation }) => generation));
  const holders = single.filter(({ generation }) => generation === highest || generation < 0);
  if (holders.length > 1) return { split: { shardId, holders, meant }, stale: [] };
  const [winner] = holders;
  if (winner === undefined) return { stale: [] };
  return {
    stale: single.filter((one) => one !== winner).map((loser) => ({ shardId, loser, winner, meant })),
  };
}

function addGenerations(
  tally: Tally,
  seen: readonly Seen[],
  which: Pick<Split, 'shardId' | 'meant'>,
  isContradicted: boolean,
): boolean {
  const { split, stale } = judgeGenerations(seen, which);
  if (split !== undefined) keepFirst(tally.splits, split.shardId, split);
  // Where the controller means the lower one, that is what is wrong.
  if (isContradicted || stale.length === 0) return split !== undefined;
  for (const one of stale) addAt(tally.staleAt, one.loser.nodeId, one);
  return split !== undefined;
}

/** A slot is being changed: nothing can be said of the shard. */
function isChanging(seen: readonly Seen[]): boolean {
  return seen.some(({ mode }) => mode === 'InProgress');
}

function highest(seen: readonly Seen[]): Seen | undefined {
  const attached = seen.filter(({ mode }) => isAttached(mode));
  return attached.reduce<Seen | undefined>(
    (best, one) => (best !== undefined && best.generation >= one.generation ? best : one),
    undefined,
  );
}

interface Intended {
  readonly shard: ShardPlacement;
  readonly wantsAttached: boolean;
}

function judgeIntended(
  tally: Tally,
  { shard, wantsAttached }: Intended,
  seen: readonly Seen[],
  witnesses: Witnesses,
) {
  const { flags, nodeAttached } = shard;
  const shardId = shard.id.text;
  if (isChanging(seen)) return;
  const agreement = classify(shard, seen, witnesses, wantsAttached);
  const isContradicted = agreement === 'absent' || agreement === 'elsewhere';
  const isSplit = addGenerations(tally, seen, { shardId, meant: nodeAttached }, isContradicted);
  // Which of two equal ones the controller means says nothing.
  if (isContradicted && nodeAttached !== undefined && !isSplit) {
    const found = { shard, meant: nodeAttached, holder: highest(seen) };
    addAt(agreement === 'absent' ? tally.absentAt : tally.elsewhereAt, nodeAttached, found);
  }
  // Under policy Stop nothing is cleaned up because somebody wants it so.
  if (flags?.isReconciling === true || flags?.isSplitting === true || flags?.schedulingPolicy === 'Stop')
    return;
  for (const location of seen) {
    // An attached one that is not intended is judged by its generation, above.
    if (location.mode !== 'Secondary') continue;
    const { nodeId } = location;
    if (nodeId === nodeAttached || shard.nodeSecondary.includes(nodeId)) continue;
    addAt(tally.orphansAt.not_intended, nodeId, { shardId, location, reason: 'not_intended' });
  }
}

interface Gathered {
  readonly index: LocationIndex;
  readonly witnesses: Witnesses;
  readonly breathe: Breathe;
}

/** Walks all shards of the controller; what is left for the others are the tenants that it lists, and those that split. */
async function walkIntent(
  tally: Tally,
  tenants: readonly TenantPlacement[],
  rows: Int32Array,
  { index, witnesses, breathe }: Gathered,
): Promise<ReadonlySet<string>> {
  const splitting = new Set<string>();
  let at = 0;
  for (const { tenantId, policy, shards } of tenants) {
    for (const shard of shards) {
      const row = rows[at] ?? -1;
      at += 1;
      if (shard.flags?.isSplitting === true) splitting.add(tenantId);
      if (!index.isAsMeant(row, shard)) {
        const intended = { shard, wantsAttached: policy?.wantsAttached ?? true };
        judgeIntended(tally, intended, index.seenAt(row), witnesses);
      }
      if (at % rowsPerBreath === 0) await breathe();
    }
  }
  return splitting;
}

/** Judges shards that the controller does not list. */
async function walkStrangers(
  tally: Tally,
  strangers: readonly number[],
  tenants: readonly TenantPlacement[],
  splitting: ReadonlySet<string>,
  { index, breathe }: Gathered,
): Promise<void> {
  if (strangers.length === 0) return;
  const known = new Set<string>();
  await eachBreathing(tenants, breathe, ({ tenantId }) => known.add(tenantId));
  await eachBreathing(strangers, breathe, (row) => {
    const shardId = index.shardIds[row] ?? '';
    const seen = index.seenAt(row);
    if (isChanging(seen)) return;
    if (seen.length > 1) addGenerations(tally, seen, { shardId, meant: undefined }, false);
    const tenantId = shardId.slice(0, 32);
    if (splitting.has(tenantId)) return;
    const reason = known.has(tenantId) ? 'unknown_shard' : 'unknown_tenant';
    for (const location of seen) {
      // Detached ones are no claim.
      if (!isAttached(location.mode) && location.mode !== 'Secondary') continue;
      addAt(tally.orphansAt[reason], location.nodeId, { shardId, location, reason });
    }
  });
}

/** Without intent only the generations say something, of whatever is held twice. */
async function walkLocations(tally: Tally, { index, breathe }: Gathered): Promise<void> {
  await eachBreathing(index.rows, breathe, ([shardId, row]) => {
    if (index.singles(row) < 2) return;
    const seen = index.seenAt(row);
    if (!isChanging(seen)) addGenerations(tally, seen, { shardId, meant: undefined }, false);
  });
}

/** As the walks judge it. */
function staleOf(
  { index, witnesses }: Gathered,
  shardId: string,
  tenant: TenantPlacement | undefined,
): readonly Stale[] {
  const seen = index.seenOf(shardId);
  const shard = tenant?.shards.find(({ id }) => id.text === shardId);
  if (seen.length < 2 || isChanging(seen)) return [];
  if (shard !== undefined) {
    const agreement = classify(shard, seen, witnesses, tenant?.policy?.wantsAttached ?? true);
    if (agreement === 'absent' || agreement === 'elsewhere') return [];
  }
  return judgeGenerations(seen, { shardId, meant: shard?.nodeAttached }).stale;
}

async function walk(readings: Readings, breathe: Breathe): Promise<HoldingFacts | undefined> {
  const nodes = readings.one('nodes')?.reading.nodes;
  if (nodes === undefined) return undefined;
  const tenants = readings.one('tenants')?.reading;
  const index = await locationIndex(readings.locations(), breathe);
  const { readNodes } = index;
  const isComplete = nodes.every(({ nodeId }) => readNodes.has(nodeId));
  const gathered = { index, witnesses: { readNodes, isComplete }, breathe };
  const knowsIntent = tenants !== undefined && tenants.source !== 'locations';
  const tally: Tally = {
    splits: firstFew(maxSplits),
    staleAt: new Map(),
    absentAt: new Map(),
    elsewhereAt: new Map(),
    orphansAt: { unknown_tenant: new Map(), unknown_shard: new Map(), not_intended: new Map() },
  };
  if (knowsIntent) {
    const { rows, strangers } = await matchTenants(tenants.tenants, index, breathe);
    const splitting = await walkIntent(tally, tenants.tenants, rows, gathered);
    await walkStrangers(tally, strangers, tenants.tenants, splitting, gathered);
  } else await walkLocations(tally, gathered);
  return {
    ...tally,
    nodes: new Map(nodes.map((node) => [node.nodeId, node])),
    readNodes,
    isComplete,
    knowsIntent,
    isInProgress: (shardId) => isChanging(index.seenOf(shardId)),
    staleOf: (shardId, tenant) => staleOf(gathered, shardId, knowsIntent ? tenant : undefined),
    isAttachedAt: (nodeId, shardId) =>
      !readNodes.has(nodeId) ||
      index.seenOf(shardId).some((one) => one.nodeId === nodeId && one.mode === 'AttachedSingle'),
  };
}

const once = oncePer<HoldingFacts | undefined>();

/** The walk, made once an evaluation; undefined without a node list. */
export async function holdingFacts(input: {
  readonly readings: Readings;
  readonly breathe: Breathe;
}): Promise<HoldingFacts | undefined> {
  const { readings, breathe } = input;
  const nodes = readings.one('nodes')?.reading;
  if (nodes === undefined) return undefined;
  const others = [readings.one('tenants')?.reading, ...readings.locations()];
  return once(nodes, others, () => walk(readings, breathe));
}
