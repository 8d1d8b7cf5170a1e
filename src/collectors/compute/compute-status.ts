import { z } from 'zod';
import type { JsonReader } from '../../sources/json-reader.ts';

/** `GET /status` of compute_ctl, only the fields we use. */
const Status = z.object({
  status: z.string(),
  last_active: z.iso.datetime({ offset: true }).transform(Date.parse).nullish(),
});

/** What compute_ctl says of its compute. */
export interface ComputeStatus {
  readonly isRunning: boolean;
  /** When somebody was last active, milliseconds since the epoch; undefined: nobody since the start. */
  readonly lastActiveAtMs: number | undefined;
}

/** Asks compute_ctl; no SQL is sent and nothing is woken. */
export async function readComputeStatus(computeCtl: JsonReader, signal: AbortSignal): Promise<ComputeStatus> {
  const { status, last_active } = await computeCtl.getJson('/status', Status, signal);
  return { isRunning: status === 'running', lastActiveAtMs: last_active ?? undefined };
}
