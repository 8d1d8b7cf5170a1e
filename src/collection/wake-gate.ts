import type { Clock } from '../clock.ts';
import { type ComputeStatus, readComputeStatus } from '../collectors/compute/compute-status.ts';
import type { JsonReader } from '../sources/json-reader.ts';
import type { WakeGate } from './sql-run.ts';

/** Somebody who was active this long ago may go on: what we do now does not keep the compute awake by itself. */
const recentMs = 60_000;
/**
 * Our own statements count as activity of the compute, a moment after they were sent. Activity this soon after our last
 * look may be our own, so it lets nothing through.
 */
const ownEchoMs = 5_000;

/**
 * Whether somebody other than us keeps the compute awake: it runs, was active of late, and that activity is too young
 * to be the echo of our last look. All instants are milliseconds since the epoch.
 */
export function isAwakeByOthers(
  status: ComputeStatus,
  nowMs: number,
  ourLastAtMs: number | undefined,
): boolean {
  const { isRunning, lastActiveAtMs } = status;
  if (!isRunning || lastActiveAtMs === undefined || nowMs - lastActiveAtMs > recentMs) return false;
  return ourLastAtMs === undefined || lastActiveAtMs > ourLastAtMs + ownEchoMs;
}

/** SQL at any time. */
export const openGate: WakeGate = async () => undefined;

/**
 * Lets SQL through only while somebody else keeps the compute awake, as compute_ctl tells it. One answer serves the
 * collectors that ask within the same moment: the first of them would otherwise shut out the rest.
 */
export function piggybackGate(computeCtl: JsonReader, clock: Clock): WakeGate {
  let decided: { readonly atMs: number; readonly isOpen: boolean } | undefined;
  let ourLastAtMs: number | undefined;
  return async (signal) => {
    const nowMs = clock.wallMs();
    if (decided === undefined || Math.abs(nowMs - decided.atMs) >= ownEchoMs) {
      const isOpen = await isOthersAwake(computeCtl, signal, nowMs, ourLastAtMs);
      decided = { atMs: nowMs, isOpen };
    }
    if (!decided.isOpen) return 'suspended';
    ourLastAtMs = clock.wallMs();
    return undefined;
  };
}

async function isOthersAwake(
  computeCtl: JsonReader,
  signal: AbortSignal,
  nowMs: number,
  ourLastAtMs: number | undefined,
): Promise<boolean> {
  try {
    return isAwakeByOthers(await readComputeStatus(computeCtl, signal), nowMs, ourLastAtMs);
  } catch {
    // A suspended compute has no compute_ctl either. What cannot be told is not woken.
    return false;
  }
}
