import { shortTenant } from '../narrator.ts';
import { type Scene, startMove, watchedTenant } from '../scene.ts';
import type { Began, DemoFault } from './fault.ts';
import { backInService, breakIt, mend } from './simulator-switches.ts';

const tenant = shortTenant(watchedTenant);
/** A shard of the watched tenant that faults move about, and where to. */
const moved = { shardNumber: 3, nodeId: 1 };
const stripe = 2048;

/** Makes the controller notify: a shard of the watched tenant moves to another pageserver. */
function moveOne(scene: Scene): Promise<void> {
  return startMove(scene, watchedTenant, moved.shardNumber, moved.nodeId);
}

/** Where the compute reads each shard from before a fault, for `%was0%`, `%was1%` … */
function addresses(scene: Scene): Readonly<Record<string, string>> {
  const nodes = scene.nodesOf(watchedTenant);
  return Object.fromEntries(nodes.map((node, number) => [`was${number}`, scene.addressOf(node)]));
}

async function setRight(scene: Scene): Promise<void> {
  scene.world.hook.behave('right');
  scene.writeOrder = 'stripe-first';
  await scene.moveHome(watchedTenant);
}

const orderLost: DemoFault = {
  name: 'hook-order',
  about:
    'the hook writes the pageservers in an order of its own: the compute asks the wrong one for most pages',
  watch: ['neon_compute_pageserver_info{compute="shop",shard_number="0",address!="%was0%"} == 1'],
  async begin(scene) {
    const values = addresses(scene);
    scene.world.hook.behave('order-losing');
    await moveOne(scene);
    return { story: `hook lost the order of tenant ${tenant}`, values };
  },
  end: setRight,
};

const tenantBlind: DemoFault = {
  name: 'hook-tenant-blind',
  about: 'the hook takes the notification of another tenant for ours: the compute reads its shards',
  watch: ['neon_compute_shards{compute="shop"} != 4'],
  async begin(scene) {
    scene.world.hook.behave('tenant-blind');
    const other = '10000000000000000000000000000001';
    const [from = 0] = scene.nodesOf(other);
    await startMove(scene, other, 0, from === 2 ? 3 : 2);
    return { story: `hook gave the compute of tenant ${tenant} the pageservers of ${shortTenant(other)}` };
  },
  async end(scene) {
    await setRight(scene);
    await scene.moveHome('10000000000000000000000000000001');
  },
};

/** A hook that says 200 and does nothing, or what it did the last time. */
function unchanged(name: string, behaviour: 'lying' | 'sticky', about: string, story: string): DemoFault {
  return {
    name,
    about,
    watch: [
      `neon_shard_attached_node_info{tenant_id="${watchedTenant}",shard_id="%shard%",node_id="%node%"} == 1`,
      `neon_compute_pageserver_info{compute="shop",shard_number="${moved.shardNumber}",address="%was${moved.shardNumber}%"} == 1`,
      'neon_shards_in_state{state="pending_compute_notification"} == 0',
    ],
    async begin(scene): Promise<Began> {
      const values = addresses(scene);
      const { shardNumber, nodeId } = moved;
      // A hook that is one behind has to have been told of home before.
      await scene.move(watchedTenant, shardNumber, nodeId);
      await scene.moveHome(watchedTenant);
      scene.world.hook.behave(behaviour);
      await moveOne(scene);
      return { story, values: { ...values, shard: `0${shardNumber}04`, node: String(nodeId) } };
    },
    end: setRight,
  };
}

const dead: DemoFault = {
  name: 'hook-dead',
  about:
    'the hook is not there when a pageserver dies: notifications wait, the compute reads where nothing is any more',
  watch: [
    'neon_shards_in_state{state="pending_compute_notification"} > 0',
    `neon_shard_pending_compute_notification{tenant_id="${watchedTenant}"} == 1`,
    'neon_compute_pageserver_info{compute="shop",shard_number="0",address="%was0%"} == 1',
  ],
  async begin(scene) {
    const values = addresses(scene);
    scene.world.hook.behave('dead');
    breakIt(scene, 'node-down', { node: scene.nodesOf(watchedTenant)[0] ?? 0 });
    return { story: `hook died, and with it the pageserver of shard 0 of ${tenant}`, values };
  },
  async end(scene) {
    scene.world.hook.behave('right');
    const nodes = scene.world.snapshot().nodes.filter(({ process }) => process === 'down');
    mend(scene, 'node-down');
    await backInService(scene, ...nodes.map(({ id }) => id));
  },
};

const unavailable: DemoFault = {
  name: 'hook-503',
  about: 'the hook answers 503: a move does not end, two pageservers hold the shard until it recovers',
  watch: [
    `neon_shard_reconciling{tenant_id="${watchedTenant}"} == 1`,
    'neon_pageserver_locations{mode="AttachedStale"} > 0',
    'neon_pageserver_locations{mode="AttachedMulti"} > 0',
  ],
  async begin(scene) {
    scene.world.hook.behave(503);
    await moveOne(scene);
    return { story: `hook answers 503 while a shard of ${tenant} moves` };
  },
  end: setRight,
};

const slow: DemoFault = {
  name: 'hook-slow',
  about: 'the hook takes nine seconds a time: moves hang in reconciling, one after the other',
  watch: [
    'neon_shards_in_state{state="reconciling"} > 0',
    `neon_shard_reconciling{tenant_id="${watchedTenant}"} == 1`,
  ],
  async begin(scene) {
    scene.world.hook.behave('slow');
    for (const number of [1, 2, 3]) await startMove(scene, watchedTenant, number, moved.nodeId);
    return { story: `hook became slow while shards of ${tenant} moved` };
  },
  end: setRight,
};

const stripeLate: DemoFault = {
  name: 'hook-stripe-late',
  about:
    'the hook writes neon.stripe_size after the connection string: the compute keeps the old one until a reload',
  watch: ['neon_compute_stripe_order_hazard{compute="shop"} == 1'],
  async begin(scene) {
    scene.writeOrder = 'connstring-first';
    await moveOne(scene);
    return { story: `hook wrote the stripe size of ${tenant} after the connection string` };
  },
  end: setRight,
};

const stripeWrong: DemoFault = {
  name: 'compute-stripe',
  about: 'somebody set another stripe size by hand: pages are looked for on the wrong shards',
  watch: [`neon_compute_stripe_size_blocks{compute="shop"} != ${stripe}`],
  async begin({ compute }) {
    await compute.configure({ stripeSize: 65_558 });
    return { story: `somebody set neon.stripe_size of ${tenant}'s compute to 65558` };
  },
  end: setRight,
};

const malformed: DemoFault = {
  name: 'compute-connstring',
  about: 'somebody broke the connection string by hand',
  watch: [
    'neon_compute_connstring_malformed{compute="shop"} == 1',
    'absent(neon_compute_pageserver_info{compute="shop"})',
  ],
  async begin(scene) {
    await scene.compute.configure({ connstring: `host=127.0.0.1 prt=1,,${scene.addressOf(1)}` });
    return { story: `somebody broke the connection string of ${tenant}'s compute` };
  },
  end: setRight,
};

const restarted: DemoFault = {
  name: 'compute-restarted',
  about:
    'the compute was restarted after a move: its files still name the old pageserver, and nobody tells it again',
  watch: [
    'increase(neon_compute_postmaster_start_timestamp_seconds{compute="shop"}) > 0',
    `neon_shard_attached_node_info{tenant_id="${watchedTenant}",node_id="${moved.nodeId}"} == 1`,
    `neon_compute_pageserver_info{compute="shop",shard_number="${moved.shardNumber}",address="%was${moved.shardNumber}%"} == 1`,
  ],
  async begin(scene) {
    const values = addresses(scene);
    await scene.move(watchedTenant, moved.shardNumber, moved.nodeId);
    await scene.compute.restart();
    return {
      story: `compute of ${tenant} was restarted after a move and went back to its old pageservers`,
      values,
    };
  },
  end: setRight,
};

/** What goes wrong between the controller, the hook and the compute's settings. */
export const hookFaults: readonly DemoFault[] = [
  orderLost,
  tenantBlind,
  unchanged(
    'hook-lying',
    'lying',
    'the hook says 200 and does nothing: the controller believes that the compute knows',
    `hook says 200 and does nothing for tenant ${tenant}`,
  ),
  dead,
  unchanged(
    'hook-sticky',
    'sticky',
    'the hook applies what it was told the time before: the compute is always one move behind',
    `hook is one notification behind for tenant ${tenant}`,
  ),
  unavailable,
  slow,
  stripeLate,
  stripeWrong,
  malformed,
  restarted,
];
