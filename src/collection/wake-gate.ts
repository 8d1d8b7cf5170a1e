import type { Clock } from '../clock.ts';
import { type ComputeStatus, readComputeStatus } from '../collectors/compute/compute-status.ts';
import { type FailureReason, SourceError } from '../errors.ts';
import type { JsonReader } from '../sources/json-reader.ts';
import type { WakeGate } from './sql-run.ts';

/** Somebody who was active this long ago may go on: what we do now does not keep the compute awake by itself. */
const recentMs = 60_000;
/**
 * Our own statements count as activity of the compute, a moment after they have ended. Activity this soon after our last
 * look may be our own, so it lets nothing through.
 */
const ownEchoMs = 5_000;

const suspendedReasons: ReadonlySet<FailureReason> = new Set(['refused', 'dns', 'timeout']);

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
export const openGate: WakeGate = { enter: async () => undefined, leave: () => undefined };

/**
 * Lets SQL through only while somebody else keeps the compute awake, as compute_ctl tells it. One answer serves the
 * collectors that ask within the same moment: the first of them would otherwise shut out the rest.
 */
export function piggybackGate(computeCtl: JsonReader, clock: Clock): WakeGate {
  let decided: { readonly atMs: number; readonly isOpen: boolean } | undefined;
  let ourLastAtMs: number | undefined;
  let runsUnderWay = 0;
  return {
    async enter(signal) {
      const nowMs = clock.wallMs();
      if (decided === undefined || Math.abs(nowMs - decided.atMs) >= ownEchoMs) {
        // While a run of ours goes on, whatever is active may be that run.
        const oursMs = runsUnderWay > 0 ? nowMs : ourLastAtMs;
        const isOpen = await isOthersAwake(computeCtl, signal, nowMs, oursMs);
        decided = { atMs: nowMs, isOpen };
      }
      if (!decided.isOpen) return 'suspended';
      runsUnderWay += 1;
      return undefined;
    },
    leave() {
      runsUnderWay -= 1;
      ourLastAtMs = clock.wallMs();
    },
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
  } catch (thrown) {
    // A suspended compute has no compute_ctl either, and perhaps no name. Anything else is a wrong address or token.
    if (thrown instanceof SourceError && suspendedReasons.has(thrown.reason)) return false;
    throw thrown;
  }
}
