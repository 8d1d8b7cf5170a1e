import { describe, expect, it } from 'vitest';
import type { World } from '../../src/simulator/world/api.ts';
import type { Reply } from '../../src/simulator/world/wire.ts';
import { createWorld } from '../../src/simulator/world/world.ts';
import { moveRows } from '../simulator/world/recorded-moves.ts';
import { operationRows } from '../simulator/world/recorded-operations.ts';
import type { Row } from '../simulator/world/recorded-row.ts';
import {
  nodesIn,
  type Poll,
  placedAs,
  placesOf,
  pollWorld,
  recordedPolls,
  recordingNames,
  shardsIn,
} from '../simulator/world/recording.ts';

/**
 * The simulator against recordings of operations in progress on a real cluster. The world starts where the recording
 * does, the same is done to it, and it is held to: every recorded phase (availability and policy of the nodes, number
 * of shards, flags) in its order, within a tolerance of its time; and at the recording's end every shard in its place.
 *
 * Taken from the recording's end, because nothing else tells: which secondaries were cold in the drains and in
 * `graceful_migration`. Taken from its times: when the background pass came, where the optimizer is what is recorded.
 */
const rows: readonly Row[] = [...operationRows, ...moveRows];

interface Run {
  readonly world: World;
  readonly polls: readonly Poll[];
  readonly replies: readonly unknown[];
}

/** A pass that does not come. */
const never = 3_600;

function openWorld(row: Row, first: Poll): World {
  const start = row.start?.(first) ?? first;
  const before = Math.max(0, -(row.act[0]?.at ?? 0));
  return createWorld({
    seed: 7,
    pageservers: Object.keys(start.nodes).length,
    azs: 3,
    tenants: 0,
    heartbeatMs: 2_000,
    offlineMs: 10_000,
    warmingUpMs: 30_000,
    firstBackgroundMs: 1_000 * (before + (row.passAt ?? never)),
    initial: placedAs(start, row.placing),
  });
}

function play(row: Row, recorded: readonly Poll[]): Run {
  const first = recorded[0];
  if (first === undefined) throw new Error('an empty recording');
  const world = openWorld(row, first);
  const waiting = [...row.act];
  const begin = Math.min(0, waiting[0]?.at ?? 0);
  const until = (recorded.at(-1)?.t ?? 0) + row.tolerance;
  const stepMs = until < 3 ? 5 : 25;
  const startMs = world.nowMs() - begin * 1_000;
  const polls: Poll[] = [pollWorld(world, startMs)];
  const replies: unknown[] = [];
  for (let at = 0; begin + at / 1_000 <= until; at += stepMs) {
    while (waiting[0] !== undefined && waiting[0].at <= begin + at / 1_000)
      replies.push(waiting.shift()?.step(world));
    polls.push(pollWorld(world, startMs));
    world.advance(stepMs);
  }
  return { world, polls: polls.filter(({ t }) => t >= 0), replies };
}

/** The recorder asked for the nodes first and for the shards a little later. */
const tornSeconds = 0.06;

/** Recorded phases that the world did not go through in that order and at about that time. */
function missedPhases(row: Row, recorded: readonly Poll[], polls: readonly Poll[]): string[] {
  const simulated = polls.map((poll) => ({ t: poll.t, nodes: nodesIn(poll), shards: shardsIn(poll) }));
  let from = 0;
  return recorded.flatMap((poll) => {
    const [nodes, shards] = [nodesIn(poll), shardsIn(poll)];
    const found = simulated.findIndex((each, at) => {
      if (at < from || each.shards !== shards || Math.abs(each.t - poll.t) > row.tolerance) return false;
      for (let torn = at; torn >= 0 && each.t - (simulated[torn]?.t ?? 0) <= tornSeconds; torn -= 1)
        if (simulated[torn]?.nodes === nodes) return true;
      return false;
    });
    if (found === -1) return [`at ${poll.t}: ${nodes}; ${shards}`];
    from = found;
    return [];
  });
}

/** The world's poll whose shards are in the places of the recording's end, by the differences of the nearest. */
function misplaced(row: Row, recorded: readonly Poll[], polls: readonly Poll[]): string[] {
  const end = recorded.at(-1);
  if (end === undefined) return ['an empty recording'];
  const expected = placesOf(end);
  const differences = polls
    .filter(({ t, error }) => error === undefined && Math.abs(t - end.t) <= row.tolerance)
    .map((poll) => {
      const places = placesOf(poll);
      return [...new Set([...Object.keys(expected), ...Object.keys(places)])]
        .filter((shard) => places[shard] !== expected[shard])
        .map((shard) => `${shard}: ${places[shard]} instead of ${expected[shard]}`);
    });
  return differences.sort((some, other) => some.length - other.length)[0] ?? ['no poll at that time'];
}

describe('the simulator goes through what was recorded', () => {
  it('and no recording of an operation is left out', () => {
    expect(rows.map(({ recording }) => recording).sort()).toEqual(recordingNames());
  });

  it.for(rows)('$recording: $does', (row) => {
    const recorded = recordedPolls(row.recording).filter(({ shards }) => shards !== undefined);
    const { world, polls, replies } = play(row, recorded);
    for (const reply of replies as (Reply<unknown> | undefined)[])
      if (reply?.answer !== undefined)
        expect(reply.answer).toMatchObject(row.timesOut === true ? { status: 408 } : { ok: true });
    expect(missedPhases(row, recorded, polls)).toEqual([]);
    expect(misplaced(row, recorded, polls)).toEqual([]);
    if (row.endsAs === undefined) return;
    world.advance(10_000);
    const { node, scheduling } = row.endsAs;
    expect(world.controller.node(node)).toMatchObject({ body: { scheduling } });
  });
});
