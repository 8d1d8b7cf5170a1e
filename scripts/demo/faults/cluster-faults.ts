import { shortTenant } from '../narrator.ts';
import { type Scene, startMove } from '../scene.ts';
import type { DemoFault } from './fault.ts';
import { backInService, breakIt, mend } from './simulator-switches.ts';

const nodeDown: DemoFault = {
  name: 'node-down',
  about: 'a pageserver dies: its shards are attached elsewhere, what it had is unknown and not zero',
  watch: [
    'neon_node_availability{node_id="3",availability="Offline"} == 1',
    'neon_node_attached_shards{node_id="3"} == 0',
    'absent(neon_pageserver_answering_info{node_id="3"})',
    'neonwatch_collector_up{collector="pageserver_status"} == 0',
  ],
  async begin(scene) {
    breakIt(scene, 'node-down', { node: 3 });
    return { story: 'pageserver 3 died' };
  },
  async end(scene) {
    mend(scene, 'node-down');
    await backInService(scene, 3);
  },
};

const nodeHung: DemoFault = {
  name: 'node-hung',
  about: 'a pageserver takes connections and never answers: a deadline ends every look at it',
  watch: [
    'increase(neonwatch_collector_failures_total{reason="timeout"}) > 0',
    'neon_node_availability{node_id="6",availability="Offline"} == 1',
  ],
  async begin(scene) {
    breakIt(scene, 'node-hung', { node: 6 });
    return { story: 'pageserver 6 hangs' };
  },
  async end(scene) {
    mend(scene, 'node-hung');
    await backInService(scene, 6);
  },
};

const zoneDown: DemoFault = {
  name: 'zone-down',
  about: 'a whole zone dies: shards live outside the zone that they prefer',
  watch: [
    'neon_nodes{availability="Offline",az="az-c"} == 2',
    'neon_shards_outside_preferred_az > 0',
    'neon_shard_placements{agreement="agree"} > 0',
  ],
  async begin(scene) {
    for (const node of [3, 6]) breakIt(scene, 'node-down', { node });
    return { story: 'zone az-c lost its pageservers 3 and 6' };
  },
  async end(scene) {
    mend(scene, 'node-down');
    await backInService(scene, 3, 6);
  },
};

/** In the world's time; the controller gives up on a heartbeat after a second. */
function slowMs({ speed }: Scene): number {
  return Math.min(400 * speed, 900);
}

const nodeSlow: DemoFault = {
  name: 'node-slow',
  about: 'a pageserver answers late: it still counts as available',
  watch: [
    'neonwatch_collector_duration_seconds{collector="pageserver_status"} > 0.2',
    'neon_node_availability{node_id="4",availability="Active"} == 1',
  ],
  async begin(scene) {
    const ms = slowMs(scene);
    breakIt(scene, 'node-slow', { node: 4, ms });
    return { story: `pageserver 4 answers after ${Math.round(ms / scene.speed)} ms` };
  },
  end: async (scene) => mend(scene, 'node-slow'),
};

const nodeWarming: DemoFault = {
  name: 'node-warming-up',
  about:
    'a pageserver starts and does not get ready: WarmingUp for minutes, while what it held is not served',
  watch: [
    'neon_node_availability{node_id="1",availability="WarmingUp"} == 1',
    'neonwatch_collector_up{collector="pageserver_status"} == 0',
  ],
  async begin(scene) {
    breakIt(scene, 'node-warming', { node: 1 });
    return { story: 'pageserver 1 was restarted and hangs while it loads tenants' };
  },
  async end(scene) {
    mend(scene, 'node-warming');
    await backInService(scene, 1);
  },
};

const coldSecondaries: DemoFault = {
  name: 'secondaries-cold',
  about: 'secondaries get no heatmap: a drain would leave their shards where they are, and say success',
  watch: ['neon_pageserver_secondaries{node_id="2",warmth="cold"} > 0'],
  async begin(scene) {
    breakIt(scene, 'cold-secondaries', { node: 2 });
    return { story: 'secondaries on pageserver 2 are cold' };
  },
  end: async (scene) => mend(scene, 'cold-secondaries'),
};

const coldStart: DemoFault = {
  name: 'secondaries-missing',
  about: 'the controller was up before the pageservers: no shard has a secondary until it is restarted',
  watch: ['neon_shards_missing_secondaries > 0', 'neon_secondaries_present == 0'],
  async begin(scene) {
    breakIt(scene, 'cold-start');
    return { story: 'the storage controller started before the pageservers, shards have no secondaries' };
  },
  async end(scene) {
    breakIt(scene, 'controller-restarted');
    await scene.until('the controller being ready', () => scene.world.controller.ready() === 200);
    await scene.moveAllHome();
  },
};

const fillOrphaned: DemoFault = {
  name: 'fill-orphaned',
  about:
    'the controller was killed in the middle of a fill: the pageserver stays in Filling and nothing fills it',
  watch: [
    'neon_node_scheduling{node_id="5",scheduling="Filling"} == 1',
    'neon_shards_in_state{state="reconciling"} == 0',
  ],
  async begin(scene) {
    breakIt(scene, 'node-slow', { node: 5, ms: slowMs(scene) });
    scene.world.controller.fill(5);
    breakIt(scene, 'controller-restarted');
    return { story: 'the storage controller was killed while it filled pageserver 5' };
  },
  async end(scene) {
    mend(scene, 'node-slow');
    await backInService(scene, 5);
  },
};

const drained: DemoFault = {
  name: 'node-drained',
  about: 'a drain that nobody ended: the pageserver is empty and stays out of service by itself',
  watch: [
    'neon_node_scheduling{node_id="6",scheduling="PauseForRestart"} == 1',
    'neon_node_attached_shards{node_id="6"} == 0',
  ],
  async begin(scene) {
    const reply = scene.world.controller.drain(6);
    if (reply.answer?.ok === false) throw new Error(reply.answer.body.msg);
    return { story: 'pageserver 6 was drained for maintenance and forgotten' };
  },
  end: (scene) => backInService(scene, 6),
};

const shardStopped: DemoFault = {
  name: 'shard-stopped',
  about: 'a tenant with policy Stop is moved: the controller says it is there, and it is not',
  watch: [
    'neon_shards_by_scheduling_policy{scheduling_policy="Stop"} > 0',
    'neon_shard_placements{agreement="elsewhere"} > 0',
    'neon_shard_disagreement_info{agreement="elsewhere"} == 1',
  ],
  async begin(scene) {
    scene.world.controller.setPolicy(stoppedTenant, { scheduling: 'Stop' });
    await startMove(scene, stoppedTenant, 0, 6);
    return { story: `tenant ${shortTenant(stoppedTenant)} was stopped and then moved` };
  },
  async end(scene) {
    scene.world.controller.setPolicy(stoppedTenant, { scheduling: 'Active' });
    await scene.moveHome(stoppedTenant);
  },
};

const stoppedTenant = '10000000000000000000000000000005';

const controllerDown: DemoFault = {
  name: 'controller-down',
  about: 'the storage controller is not there: nothing that it says is shown as if it still held',
  watch: [
    'neonwatch_collector_up{collector="nodes"} == 0',
    'neonwatch_collector_up{collector="pageserver_status"} == 1',
    'absent(neon_node_availability)',
  ],
  async begin(scene) {
    breakIt(scene, 'controller-down');
    return { story: 'the storage controller died' };
  },
  end: async (scene) => mend(scene, 'controller-down'),
};

const steppedDown: DemoFault = {
  name: 'controller-stepped-down',
  about: 'the controller has stepped down and nobody leads: it is ready, and it is not live',
  watch: ['neon_storage_controller_live == 0', 'neon_storage_controller_ready == 1'],
  async begin(scene) {
    breakIt(scene, 'stepped-down');
    return { story: 'the storage controller stepped down, and no other leads' };
  },
  end: async (scene) => mend(scene, 'stepped-down'),
};

const databaseDown: DemoFault = {
  name: 'database-down',
  about: "the controller's database is lost: lists still come from memory, changes and the leader do not",
  watch: [
    'neonwatch_collector_up{collector="leader"} == 0',
    'neonwatch_collector_up{collector="tenants"} == 1',
  ],
  async begin(scene) {
    breakIt(scene, 'database-down');
    return { story: "the storage controller's database was lost" };
  },
  end: async (scene) => mend(scene, 'database-down'),
};

const safekeeperPaused: DemoFault = {
  name: 'safekeeper-paused',
  about: 'a safekeeper takes no new timelines',
  watch: ['neon_safekeeper_scheduling{safekeeper_id="2",scheduling_policy="Pause"} == 1'],
  async begin({ world }) {
    world.controller.setSafekeeperPolicy(2, 'Pause');
    return { story: 'safekeeper 2 was paused' };
  },
  async end({ world }) {
    world.controller.setSafekeeperPolicy(2, 'Active');
  },
};

/** What goes wrong with pageservers, safekeepers and the controller. */
export const clusterFaults: readonly DemoFault[] = [
  nodeDown,
  shardStopped,
  drained,
  nodeHung,
  controllerDown,
  nodeWarming,
  zoneDown,
  databaseDown,
  nodeSlow,
  steppedDown,
  coldSecondaries,
  fillOrphaned,
  coldStart,
  safekeeperPaused,
];
