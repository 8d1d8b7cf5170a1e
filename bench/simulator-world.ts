/** How many bytes a simulated shard takes, and how long a world of 800,000 takes to make and to move. */
import { createWorld } from '../src/simulator/world/world.ts';

const tenants = Number(process.argv[2] ?? 100_000);
const shardsPerTenant = Number(process.argv[3] ?? 8);

function heldBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function timed<Result>(name: string, run: () => Result): Result {
  const started = performance.now();
  const result = run();
  console.log(`${name}: ${Math.round(performance.now() - started)} ms`);
  return result;
}

const before = heldBytes();
const world = timed(`${tenants * shardsPerTenant} shards`, () =>
  createWorld({ seed: 1, pageservers: 60, azs: 3, tenants, shardsPerTenant }),
);
const { shards, shardBytes } = world.snapshot();
console.log(
  `bytes a shard: ${Math.round(shardBytes / shards)} in columns, ${Math.round((heldBytes() - before) / shards)} in all`,
);
timed('a minute at rest', () => world.advance(60_000));
let longestMs = 0;
for (let atMs = 0; atMs < 60_000; atMs += 20) {
  const started = performance.now();
  world.advance(20);
  longestMs = Math.max(longestMs, performance.now() - started);
}
console.log(`the longest of the next minute's steps of 20 ms: ${longestMs.toFixed(1)} ms`);
timed('the whole tenant list', () => Array.from(world.controller.tenants()).length);
timed('two minutes with a node failing', () => {
  world.faults.on('node_down', { node: 5 });
  world.advance(120_000);
});
