import type { World } from '../../../src/simulator/world/api.ts';
import type { MigrateRequest } from '../../../src/simulator/world/wire.ts';
import { type Placing, type Poll, recordedPolls, recordedZones, type ShardFacts } from './recording.ts';

/** A recording of an operation, and how a world comes to go through the same. */
export interface Row {
  readonly recording: string;
  readonly does: string;
  readonly placing: Placing;
  /** What the recording's operator did, and when, in seconds of the recording: below 0 before it began. */
  readonly act: readonly { readonly at: number; readonly step: (world: World) => unknown }[];
  /** How far apart the times of a phase may be, in seconds. */
  readonly tolerance: number;
  /** When the controller's background pass came, as the recording shows; none when it does not. */
  readonly passAt?: number;
  /** A start that differs from the first poll, which came too late. */
  readonly start?: (poll: Poll) => Poll;
  /** The request is answered with 408, as it was. */
  readonly timesOut?: boolean;
  /** What the scheduling of the operation's node is in the end, when the recording stops before. */
  readonly endsAs?: { readonly node: number; readonly scheduling: string };
}

export const [one, two, eight] = [
  '10000000000000000000000000000001',
  '20000000000000000000000000000002',
  '80000000000000000000000000000008',
];
const firstZones: Readonly<Record<string, string>> = { [one]: 'az-a', [two]: 'az-b', [eight]: 'az-c' };
const scaleZones = recordedZones();

/** Before and after the operator took tenant eight's preferred zone away, and in the cluster that was grown later. */
export const zoned: Placing = { zone: (id) => firstZones[id] ?? null };
export const zoneless: Placing = { zone: (id) => (id === eight ? null : (firstZones[id] ?? null)) };
export const grown: Placing = { zone: (id) => scaleZones.get(id) ?? null };

export const at0 = (step: (world: World) => unknown) => [{ at: 0, step }];
export const shardOf = (tenant: string, slug: string) => `${tenant}-${slug}`;
export const override = (node: number, prewarm: boolean): MigrateRequest => ({
  node_id: node,
  migration_config: { override_scheduler: true, prewarm },
});
export const notMoved = (recording: string, from: number): ((shard: string) => boolean) => {
  const polls = recordedPolls(recording);
  const end = polls.at(-1);
  return (shard) => end?.shards[shard]?.attached === from;
};

export function slowDown(world: World, ms: number): void {
  for (const { id } of world.pageservers()) world.faults.on('node_slow', { node: id, ms });
}

export function replaced(poll: Poll, shard: string, place: Pick<ShardFacts, 'attached' | 'secondary'>): Poll {
  const before = poll.shards[shard];
  if (before === undefined) throw new Error(`no shard ${shard}`);
  return { ...poll, shards: { ...poll.shards, [shard]: { ...before, ...place } } };
}
