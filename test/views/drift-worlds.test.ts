import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/collection/store.ts';
import type { ReadingBase } from '../../src/collectors/collector.ts';
import { judgeAll } from '../../src/views/drift/judge-all.ts';
import type { DriftState } from '../../src/views/drift/judgement.ts';
import { loadWith } from '../config/load-with.ts';
import { computeOn } from '../findings/drift-world.ts';
import { type Replay, startReplay } from '../replay/replay-server.ts';
import { worldNames } from '../replay/world.ts';
import { lookOnce } from '../support/look-once.ts';

type Counts = Readonly<Partial<Record<DriftState, number>>>;

/**
 * How computes are judged that are set just as the controller means their tenants now, in each recorded state; by hand
 * from the description of the world. What cannot be seen is unknown, what moves is waited for, and nothing is wrong.
 */
const expected: Readonly<Record<string, Counts>> = {
  // One tenant was created before any node.
  healthy: { IN_SYNC: 3, UNSCHEDULED: 1 },
  empty: {},
  imbalance: { IN_SYNC: 3, UNSCHEDULED: 1 },
  filling: { IN_SYNC: 2, MIGRATING: 1, UNSCHEDULED: 1 },
  after_fill: { IN_SYNC: 3, UNSCHEDULED: 1 },
  draining: { IN_SYNC: 2, MIGRATING: 1, UNSCHEDULED: 1 },
  drained_node3: { IN_SYNC: 3, UNSCHEDULED: 1 },
  // The list is older than what the pageservers say; policy Stop keeps the intent from being done.
  drained_paused_shards: { IN_SYNC: 3, MIGRATING: 1 },
  shards_stopped: { IN_SYNC: 3, MIGRATING: 1 },
  before_node_down: { IN_SYNC: 4 },
  // A dead pageserver does not blind the judgement of tenants that have left it.
  node_down_just_detected: { IN_SYNC: 4 },
  node_down: { IN_SYNC: 4 },
  // Older generations on a pageserver that is cut off are no witness.
  node3_partitioned: { IN_SYNC: 4 },
  leftovers: { MIGRATING: 3 },
  hook_503: { MIGRATING: 1, IN_SYNC: 4 },
  migration_in_progress: { MIGRATING: 1, IN_SYNC: 4 },
  // From here on most pageservers do not answer.
  splitting_0: { SPLITTING: 1, UNKNOWN: 2 },
  splitting_3: { UNKNOWN: 3 },
  warming_up: { UNKNOWN: 3 },
  unscheduled: { UNSCHEDULED: 1 },
  db_down: { UNKNOWN: 27 },
  stepped_down_alone: {},
  stepped_down_leader_dead: {},
  cold_start_no_secondaries: { UNKNOWN: 27 },
  with_detached_and_secondary: { IN_SYNC: 9, UNKNOWN: 16, NOT_ATTACHED: 1 },
  auth: { IN_SYNC: 9, UNKNOWN: 16, NOT_ATTACHED: 1 },
  ps4_joined: { UNKNOWN: 27 },
  scale_filled: { UNKNOWN: 503 },
};

/** A compute for every listed tenant, set as the controller means it. */
function addComputes(store: Store): void {
  const nodes = store.one('nodes')?.reading.nodes ?? [];
  const addresses = new Map(nodes.map(({ nodeId, pgAddress }) => [nodeId, pgAddress]));
  for (const { tenantId, shards, stripeSizeBlocks } of store.one('tenants')?.reading.tenants ?? []) {
    const entries = shards.map(({ nodeAttached = 0 }) => {
      const [host = '', port = ''] = (addresses.get(nodeAttached) ?? 'nowhere:1').split(':');
      return `host=${host} port=${port}`;
    });
    const { reading } = computeOn(entries, { tenantId, stripeSizeBlocks });
    const target = { kind: 'compute', name: tenantId, url: '' } as const;
    const taken = { target, reading: reading as ReadingBase, firstReadAtMs: 0, lastReadAtMs: 0 };
    store.put('compute_settings', taken, 60_000);
  }
}

describe.for(worldNames)('computes that follow the controller in the recorded world %s', (world) => {
  let replay: Replay;
  beforeAll(async () => {
    replay = await startReplay({ world });
  });
  afterAll(() => replay.stop());

  it('are judged as its description says', async () => {
    const { controllerUrl: url, addresses } = replay;
    const file = JSON.stringify({ storageController: { url }, addresses });
    const { store } = await lookOnce((await loadWith({ file })).config);
    addComputes(store);
    const counts: Record<string, number> = {};
    for (const { state } of (await judgeAll(store, {}, () => undefined)).values()) {
      counts[state] = (counts[state] ?? 0) + 1;
    }
    expect(counts).toEqual(expected[world]);
  });
});
