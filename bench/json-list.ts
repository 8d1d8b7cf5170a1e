import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { systemClock } from '../src/clock.ts';
import { maxPieceBytes } from '../src/sources/json-answer.ts';
import { jsonListElements } from '../src/sources/json-list.ts';

// How long is the event loop held up by a list of tenants of 50 MB, read piece by piece and in one go?
// And how long by one answer of the size that is still parsed in one go?

const chunkBytes = 64 * 1024;
const Shard = z.object({
  tenant_shard_id: z.string(),
  node_attached: z.number().nullable(),
  node_secondary: z.array(z.number()),
});
const Tenant = z.object({ tenant_id: z.string(), shards: z.array(Shard) });

function tenantText(number: number): string {
  const tenantId = number.toString(16).padStart(32, '0');
  const shard = (index: number) => ({
    tenant_shard_id: `${tenantId}-0${index}08`,
    node_attached: index,
    node_secondary: [index + 1],
    last_error: '',
    is_reconciling: false,
    is_pending_compute_notification: false,
    is_splitting: false,
    is_importing: false,
    scheduling_policy: 'Active',
    preferred_az_id: 'az-a',
  });
  return JSON.stringify({
    tenant_id: tenantId,
    shards: Array.from({ length: 8 }, (_, index) => shard(index)),
  });
}

function listOf(totalBytes: number): Buffer {
  const count = Math.ceil(totalBytes / tenantText(0).length);
  return Buffer.from(`[${Array.from({ length: count }, (_, number) => tenantText(number)).join(',')}]`);
}

async function measure(name: string, work: () => Promise<number>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await wait(50);
  delay.reset();
  // The first sample after a reset is not counted.
  await wait(10);
  const startMs = systemClock.monotonicMs();
  const tenants = await work();
  const tookMs = systemClock.monotonicMs() - startMs;
  await wait(50);
  delay.disable();
  const ms = (nanoseconds: number) => (nanoseconds / 1e6).toFixed(1);
  console.log(
    `${name}: ${tenants} tenants in ${tookMs.toFixed(0)} ms; event-loop delay max ${ms(delay.max)} ms, p99 ${ms(delay.percentile(99))} ms`,
  );
}

async function pieceByPiece(body: Buffer): Promise<number> {
  const chunks = Array.from({ length: Math.ceil(body.length / chunkBytes) }, (_, index) =>
    body.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  const tenants: unknown[] = [];
  for await (const element of jsonListElements(chunks, { maxPieceBytes, clock: systemClock })) {
    tenants.push(Tenant.parse(element));
  }
  return tenants.length;
}

const inOneGo = async (body: Buffer) => z.array(Tenant).parse(JSON.parse(body.toString('utf8'))).length;

const long = listOf(50_000_000);
const piece = listOf(maxPieceBytes);
for (let round = 1; round <= 3; round += 1) {
  await measure(`round ${round}, 50 MB piece by piece`, () => pieceByPiece(long));
  await measure(`round ${round}, 50 MB in one go`, () => inOneGo(long));
  await measure(`round ${round}, one piece of ${maxPieceBytes} bytes`, () => inOneGo(piece));
}
