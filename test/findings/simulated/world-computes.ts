import type { Clock } from '../../../src/clock.ts';
import type { OpenTarget } from '../../../src/collection/schedule.ts';
import { nextStart } from '../../../src/collectors/compute/compute-settings-config.ts';
import type {
  ComputeSettingsReading,
  LiveSettings,
} from '../../../src/collectors/compute/compute-settings-reading.ts';
import { SourceError } from '../../../src/errors.ts';
import { isSameConnstring, parseConnstring } from '../../../src/neon/connstring.ts';
import type { World } from '../../../src/simulator/world/api.ts';
import type { Compute } from '../../../src/simulator/world/hook-api.ts';
import { pass } from './wire-reader.ts';

const blockBytes = 8192;

/** When each compute was last told something: its settings are loaded then. */
function loadTimes(world: World): (compute: Compute) => number {
  const changedAtMs = new Map<string, number>();
  world.onComputeSettings(({ tenantId }) => void changedAtMs.set(tenantId, world.nowMs()));
  return ({ tenantId, startTimeMs }) => Math.max(startTimeMs, changedAtMs.get(tenantId) ?? 0);
}

/** What its file says is what config.json says: nobody but the hook's ALTER SYSTEM has the upper hand over it. */
function liveSettings(compute: Compute, confLoadedAtMs: number): LiveSettings {
  const connstring = parseConnstring(compute.connstring);
  const storage = {
    connstring,
    stripeSizeBlocks: compute.stripeSize,
    tenantId: compute.tenantId,
    timelineId: compute.timelineId,
    safekeepers: undefined,
  };
  const config = {
    connstrings: [{ place: 'pageserver_connstring' as const, connstring: compute.fileConnstring }],
    stripeSize: String(compute.fileStripeSize),
    tenantId: compute.tenantId,
    timelineId: compute.timelineId,
    safekeepers: undefined,
  };
  return {
    ...storage,
    readVia: 'pg_settings',
    computeMode: 'Primary',
    sources: [],
    files: {
      hasStripeOrderHazard: false,
      isConnstringShadowed: !isSameConnstring(connstring, parseConnstring(compute.fileConnstring)),
      pendingReload: [],
    },
    blockBytes,
    confLoadedAtMs,
    postmasterStartedAtMs: compute.startTimeMs,
    isInRecovery: false,
    nextStart: nextStart(config, storage, blockBytes),
  };
}

/** Reads a compute's settings as SQL would show them; the SQL itself is tested against real servers. */
export function worldComputes(world: World, clock: Clock, latencyMs: () => number) {
  const loadedAtMs = loadTimes(world);

  async function read(tenantId: string, signal: AbortSignal): Promise<ComputeSettingsReading> {
    await pass(clock, latencyMs(), signal);
    const compute = world.computes().find((one) => one.tenantId === tenantId);
    if (compute === undefined || compute.state === 'down') {
      throw new SourceError('refused', `compute of ${tenantId}: connection refused`);
    }
    if (compute.state === 'hung') await pass(clock, Number.MAX_SAFE_INTEGER, signal);
    const live = liveSettings(compute, loadedAtMs(compute));
    await pass(clock, latencyMs(), signal);
    return { live, skippedParts: [] };
  }

  /** @param tenantId of the compute that is meant */
  return function openCompute(tenantId: string): OpenTarget {
    return {
      runs: [
        {
          collector: 'compute_settings',
          async take(_, signal) {
            const firstReadAtMs = clock.wallMs();
            const reading = await read(tenantId, signal);
            return { reading, firstReadAtMs, lastReadAtMs: clock.wallMs() };
          },
        },
      ],
      close: async () => undefined,
    };
  };
}
