import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Detector, Json, Look } from '../../src/alerts/detector.ts';
import { evaluate } from '../../src/alerts/evaluate.ts';
import { subjectText } from '../../src/alerts/finding.ts';
import { advance, emptyState } from '../../src/alerts/lifecycle.ts';
import { detectors } from '../../src/alerts/registry.ts';
import { Thresholds } from '../../src/alerts/thresholds.ts';
import type { Readings } from '../../src/collection/store.ts';
import { loadWith } from '../config/load-with.ts';
import { type Replay, startReplay } from '../replay/replay-server.ts';
import { worldNames } from '../replay/world.ts';
import { lookOnce } from '../support/look-once.ts';
import { placementIds } from './simulated-placement.ts';
import { caseStartMs } from './world.ts';

const tickMs = 15_000;
/** Longer than any of them must last. */
const heldMs = 1_800_000;

/** A tenant that was created while there was no pageserver. */
const early = 'unscheduled_shard cluster';
/** Two shards of az-b that were moved to node 1 by hand, and that nothing brought home. */
const moved = 'az_violation node 1';

/**
 * What each recorded state would come to if it stayed for half an hour; the real ones passed in seconds. By hand, from
 * the description of each world and of the recording.
 */
const expected: Readonly<Record<string, readonly string[]>> = {
  // Recorded two minutes after the start: half the secondaries have no heatmap yet.
  healthy: ['cold_secondary node 1', 'cold_secondary node 2', 'cold_secondary node 3', early],
  empty: [],
  imbalance: [moved, 'shard_imbalance node 1 [too_many]', early],
  filling: [moved, early],
  after_fill: [moved, early],
  draining: [moved, early],
  // Node 3 may not be given shards, so that those of az-c are nowhere at home.
  drained_node3: [moved, early],
  // The list is older than what the pageservers say.
  drained_paused_shards: ['intent_contradicted node 3 [elsewhere]', 'orphan_location node 1 [not_intended]'],
  // Intent was moved, and policy Stop keeps the controller from doing it.
  shards_stopped: ['intent_contradicted node 3 [elsewhere]'],
  before_node_down: [],
  node_down_just_detected: [],
  node_down: [],
  // Cut off, it holds what failed over, and secondaries that were made elsewhere since.
  node3_partitioned: ['orphan_location node 3 [not_intended]', 'stale_generation node 3'],
  // The pageservers answer as before a split and two deletions.
  leftovers: [
    'az_violation node 1',
    'intent_contradicted node 1 [absent]',
    'intent_contradicted node 2 [elsewhere]',
    'orphan_location node 1 [unknown_tenant]',
    'orphan_location node 2 [unknown_tenant]',
    'orphan_location node 3 [not_intended]',
  ],
  hook_503: ['az_violation node 2'],
  migration_in_progress: [],
  splitting_0: ['az_violation node 1'],
  splitting_3: ['az_violation node 1'],
  warming_up: ['az_violation node 1'],
  unscheduled: [early],
  db_down: [],
  stepped_down_alone: [],
  stepped_down_leader_dead: [],
  cold_start_no_secondaries: ['missing_secondaries cluster'],
  with_detached_and_secondary: ['az_violation node 1'],
  auth: ['az_violation node 1'],
  // Node 4 is new and empty, in the zone of node 1.
  ps4_joined: ['shard_imbalance node 1 [too_many]'],
  scale_filled: [],
};

async function firingAfter(readings: Readings, looks: readonly Look[]): Promise<readonly string[]> {
  const list = detectors.filter(({ id }) => placementIds.includes(id)) as readonly Detector[];
  let state = emptyState;
  let memories: ReadonlyMap<string, Json> = new Map();
  for (let nowMs = caseStartMs; nowMs < caseStartMs + heldMs; nowMs += tickMs) {
    // Each look has new readings, though they say the same.
    const fresh: Readings = {
      ...readings,
      all: (name) => readings.all(name).map((one) => ({ ...one, version: nowMs, lastReadAtMs: nowMs })),
    };
    const thresholds = Thresholds.parse({});
    const input = { readings: fresh, looks, thresholds, nowMs, memories, breathe: () => undefined };
    const evaluations = await evaluate(list, input);
    state = advance(state, evaluations, nowMs).state;
    memories = new Map(
      evaluations.flatMap(({ detector, memory }) => (memory === undefined ? [] : [[detector.id, memory]])),
    );
  }
  return [...state.alerts.values()]
    .filter(({ phase }) => phase === 'firing')
    .map(
      ({ detectorId, finding: { subject, className } }) =>
        `${detectorId} ${subjectText(subject)}${className === undefined ? '' : ` [${className}]`}`,
    )
    .sort();
}

describe.for(worldNames)('the recorded world %s, if it lasted', (world) => {
  let replay: Replay;
  beforeAll(async () => {
    replay = await startReplay({ world });
  });
  afterAll(() => replay.stop());

  it('has the placement findings that it should have, and no other', async () => {
    const file = JSON.stringify({
      storageController: { url: replay.controllerUrl },
      addresses: replay.addresses,
    });
    const { store } = await lookOnce((await loadWith({ file })).config);
    expect(await firingAfter(store, [])).toEqual(expected[world]);
  });
});
