import { z } from 'zod';
import { isGone, SourceError } from '../../errors.ts';
import { family } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import type { CollectContext, Collector, ReadingBase, TargetReading } from '../collector.ts';
import { readNodeId } from './node-id.ts';

/** `GET /v1/tenant/:tenant_shard_id/secondary/status` (scope `pageserverapi`). */
const SecondaryStatus = z.object({
  heatmap_mtime: z.string().nullish(),
  bytes_downloaded: z.int().nonnegative(),
  bytes_total: z.int().nonnegative(),
});

/**
 * `cold`: no heatmap yet, so a fill or drain passes the shard over, whatever the byte counts say (0 of 0 is not
 * warm); `warming`: some bytes are missing; `warm`: all of them are there; `unknown`: not asked yet.
 */
const warmths = ['warm', 'warming', 'cold', 'unknown'] as const;
type Warmth = (typeof warmths)[number];

interface Sampled {
  readonly warmth: Warmth;
  readonly missingBytes: number;
}

export interface SecondariesReading extends ReadingBase {
  readonly nodeId: number;
  /** Secondary locations on this pageserver, asked or not. */
  readonly secondaries: number;
  /** By shard id, longest not asked first: see `inTurn` for how the next runs ask. */
  readonly sampled: ReadonlyMap<string, Sampled>;
}

type Input = TargetReading<SecondariesReading>;

const secondariesByWarmth = family({
  name: 'neon_pageserver_secondaries',
  type: 'gauge',
  help: 'Secondary locations on a pageserver by warmth, as far as they were asked: a few a run, in turn; unknown ones were not asked yet.',
  labels: ['node_id', 'warmth'],
  cardinality: 'node',
  *samples({ reading }: Input) {
    const counts = new Map<Warmth, number>(warmths.map((warmth) => [warmth, 0]));
    for (const { warmth } of reading.sampled.values()) counts.set(warmth, (counts.get(warmth) ?? 0) + 1);
    const notAsked = reading.secondaries - reading.sampled.size;
    counts.set('unknown', (counts.get('unknown') ?? 0) + notAsked);
    for (const [warmth, count] of counts) yield sample({ node_id: String(reading.nodeId), warmth }, count);
  },
});

const missingBytes = family({
  name: 'neon_pageserver_secondary_missing_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Bytes that the asked secondaries on a pageserver have yet to download; cold ones cannot say and add nothing.',
  labels: ['node_id'],
  cardinality: 'node',
  samples: ({ reading }: Input) => {
    let bytes = 0;
    for (const one of reading.sampled.values()) bytes += one.missingBytes;
    return [sample({ node_id: String(reading.nodeId) }, bytes)];
  },
});

function judge(status: z.infer<typeof SecondaryStatus>): Sampled {
  if (status.heatmap_mtime == null) return { warmth: 'cold', missingBytes: 0 };
  const missing = Math.max(0, status.bytes_total - status.bytes_downloaded);
  return { warmth: missing === 0 ? 'warm' : 'warming', missingBytes: missing };
}

/** Undefined when the shard has gone or has become attached since the locations were read; an error about it alone is given. */
async function ask(
  { http, signal }: CollectContext<SecondariesReading>,
  shardId: string,
): Promise<Sampled | SourceError | undefined> {
  try {
    return judge(await http.getJson(`/v1/tenant/${shardId}/secondary/status`, SecondaryStatus, signal));
  } catch (thrown) {
    if (isGone(thrown)) return undefined;
    if (thrown instanceof SourceError && (thrown.status ?? 0) >= 500) return thrown;
    throw thrown;
  }
}

/** Asks the shards in turn and notes what they say in `known`, the last asked last; gives those that have gone. */
async function askAll(
  context: CollectContext<SecondariesReading>,
  shardIds: readonly string[],
  known: Map<string, Sampled>,
): Promise<readonly string[]> {
  const gone: string[] = [];
  let failed = 0;
  for (const shardId of shardIds) {
    const answer = await ask(context, shardId);
    // Deleting first moves the shard to the end, which is what makes the asking go round.
    known.delete(shardId);
    if (answer === undefined) gone.push(shardId);
    else if (!(answer instanceof SourceError)) known.set(shardId, answer);
    else {
      failed += 1;
      known.set(shardId, { warmth: 'unknown', missingBytes: 0 });
      // One sick shard is unknown; when none of several can be told, it is the pageserver that is sick.
      if (failed === shardIds.length) throw answer;
    }
  }
  return gone;
}

/**
 * Whom to ask now: new ones first, then those that were not warm for half of what is left, so that it is soon known when
 * they are; then whoever was not asked for longest.
 */
function inTurn(
  present: ReadonlySet<string>,
  known: ReadonlyMap<string, Sampled>,
  most: number,
): readonly string[] {
  const turn = [...present].filter((shardId) => !known.has(shardId)).slice(0, most);
  const restless = [...known].filter(([, { warmth }]) => warmth !== 'warm').map(([shardId]) => shardId);
  const again = restless.slice(0, Math.ceil((most - turn.length) / 2));
  const chosen = new Set([...new Set([...again, ...known.keys()])].slice(0, most - turn.length));
  return [...turn, ...[...known.keys()].filter((shardId) => chosen.has(shardId))];
}

/** Warmth of secondaries, sampled: one request each is too many at thousands of shards, and it changes slowly. */
export const pageserverSecondaries = {
  name: 'pageserver_secondaries',
  summary: 'Whether the secondaries on each pageserver are warm, asking a few of them a run in turn.',
  kind: 'pageserver',
  families: [secondariesByWarmth, missingBytes],
  async collect(context) {
    const { http, target, inputs, previous, signal } = context;
    const nodeId = await readNodeId(http, target, signal);
    const node = inputs.locations().find((candidate) => candidate.nodeId === nodeId);
    if (node === undefined) return { skipped: 'waiting_for_locations' };
    const present = new Set(
      node.locations.filter(({ mode }) => mode === 'Secondary').map(({ id }) => id.text),
    );
    const known = new Map([...(previous?.sampled ?? [])].filter(([shardId]) => present.has(shardId)));
    const turn = inTurn(present, known, inputs.settings.warmthSamples);
    const gone = await askAll(context, turn, known);
    return { nodeId, secondaries: present.size - gone.length, sampled: known };
  },
} as const satisfies Collector<SecondariesReading>;
