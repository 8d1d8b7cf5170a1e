import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import type { WriteOrder } from '../../src/simulator/postgres/settings-sql.ts';
import type { World } from '../../src/simulator/world/api.ts';
import type { TenantDescription } from '../../src/simulator/world/wire.ts';
import type { Compute } from './compute.ts';

/** The tenant whose compute is the real Postgres. */
export const watchedTenant = '20000000000000000000000000000002';

/** What faults play on. */
export interface Scene {
  readonly world: World;
  readonly compute: Compute;
  /** How much faster than the clock time passes in the world. */
  readonly speed: number;
  /** Connections that faults hold open. */
  readonly held: pg.Client[];
  /** In which order the hook writes the two settings; the public one does it the wrong way round. */
  writeOrder: WriteOrder;
  /** Shards of a tenant as the controller means them: by shard number. */
  nodesOf(tenantId: string): readonly number[];
  /** Moves a shard at once, whatever the scheduler thinks of it, and waits until nothing is under way. */
  move(tenantId: string, shardNumber: number, nodeId: number): Promise<void>;
  /** Moves every shard of a tenant to where it was at the start, and sets the compute right. */
  moveHome(tenantId: string): Promise<void>;
  /** Moves every shard of every tenant to where it was at the start. */
  moveAllHome(): Promise<void>;
  /** Sets the compute to what the controller means, as an operator would. */
  correctCompute(): Promise<void>;
  /** `host:port` of Postgres' protocol at a pageserver, as a compute is told it. */
  addressOf(nodeId: number): string;
  /** Waits for something to become so, in the simulator's own pace. */
  until(what: string, isSo: () => boolean, limitMs?: number): Promise<void>;
}

/** How long a condition may take in real time. */
const patienceMs = 45_000;
const pollMs = 50;

function described(world: World, tenantId: string): TenantDescription {
  const answer = world.controller.tenant(tenantId);
  if (!answer.ok) throw new Error(`the simulated controller does not know tenant ${tenantId}`);
  return answer.body;
}

/** Puts the stage together. The hook's settings reach the compute from now on. */
export function createScene(world: World, compute: Compute, speed: number, signal: AbortSignal): Scene {
  const nodesOf = (tenantId: string): number[] =>
    described(world, tenantId).shards.map(({ node_attached }) => node_attached ?? 0);
  const homes = new Map(
    [...world.controller.tenants()].map(({ tenant_id }) => [tenant_id, nodesOf(tenant_id)]),
  );
  const isQuiet = (tenantId: string): boolean =>
    described(world, tenantId).shards.every(
      (shard) => !shard.is_reconciling && !shard.is_pending_compute_notification && !shard.is_splitting,
    );
  let writing: Promise<void> = Promise.resolve();

  const scene: Scene = {
    world,
    compute,
    speed,
    held: [],
    writeOrder: 'stripe-first',
    nodesOf,
    async until(what, isSo, limitMs = patienceMs) {
      const deadlineMs = performance.now() + limitMs;
      while (!isSo()) {
        if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${limitMs / 1_000} s`);
        await wait(pollMs, undefined, { signal });
      }
    },
    async move(tenantId, shardNumber, nodeId) {
      await startMove(scene, tenantId, shardNumber, nodeId);
      await scene.until(`shard ${shardNumber} moving to pageserver ${nodeId}`, () => isQuiet(tenantId));
      await writing;
    },
    async moveHome(tenantId) {
      for (const [shardNumber, home] of (homes.get(tenantId) ?? []).entries()) {
        if (nodesOf(tenantId)[shardNumber] !== home) await scene.move(tenantId, shardNumber, home);
      }
      // A notification that a slow hook still has would undo what is corrected now.
      const hasAnswered = (): boolean =>
        world.hook.sent.slice(-50).every(({ answer }) => answer !== undefined);
      await scene.until('the hook being done', hasAnswered);
      await scene.correctCompute();
    },
    async moveAllHome() {
      for (const [tenantId, nodes] of homes) {
        for (const [shardNumber, home] of nodes.entries()) {
          if (nodesOf(tenantId)[shardNumber] !== home) await startMove(scene, tenantId, shardNumber, home);
        }
      }
      for (const tenantId of homes.keys())
        await scene.until(`tenant ${tenantId} being home`, () => isQuiet(tenantId));
      await scene.moveHome(watchedTenant);
    },
    async correctCompute() {
      const located = world.controller.locate(watchedTenant);
      if (!located.ok) throw new Error(`shards of tenant ${watchedTenant} have no place`);
      const { shards, shard_params } = located.body;
      const connstring = shards
        .map(({ node_id }) => `postgres://no_user@${scene.addressOf(node_id)}`)
        .join(',');
      const settings = { connstring, stripeSize: shard_params.stripe_size };
      world.configureCompute({ tenantId: watchedTenant, ...settings });
      await writing;
      await compute.configure(settings);
    },
    addressOf(nodeId) {
      const node = world.controller.node(nodeId);
      return node.ok ? `${node.body.listen_pg_addr}:${node.body.listen_pg_port}` : '';
    },
  };
  world.onComputeSettings(({ connstring, stripeSize }) => {
    const settings = { connstring, ...(stripeSize === null ? {} : { stripeSize }) };
    // A compute that is down misses it, as a real one would.
    writing = writing.then(() => compute.configure(settings, scene.writeOrder)).catch(() => undefined);
  });
  return scene;
}

/** Asks for a move and does not wait for its end. */
export async function startMove(
  { world }: Scene,
  tenantId: string,
  shardNumber: number,
  nodeId: number,
): Promise<void> {
  const shard = described(world, tenantId).shards[shardNumber];
  if (shard === undefined) throw new Error(`tenant ${tenantId} has no shard ${shardNumber}`);
  const config = { override_scheduler: true, prewarm: false };
  const reply = world.controller.migrate(shard.tenant_shard_id, {
    node_id: nodeId,
    migration_config: config,
  });
  const { answer } = reply;
  if (answer?.ok === false) throw new Error(`the controller refused the move: ${answer.body.msg}`);
}
