import type { Readings } from '../../../collection/store.ts';
import { type Json, type Look, whyMissing } from '../../detector.ts';
import { type AddressInput, nodesOfCompute } from './compute-facts.ts';

/** Whether a compute answers SQL, as the newest look at it and its compute_ctl show. */
export type SqlAnswer =
  | { readonly state: 'answers' }
  /** Nobody takes connections. */
  | { readonly state: 'away'; readonly reason: string }
  /** Connections are taken and nothing comes back. */
  | { readonly state: 'blocked' }
  /** compute_ctl says that it is on its way. */
  | { readonly state: 'starting'; readonly status: string }
  /** compute_ctl says that somebody means it to be down. */
  | { readonly state: 'stopped'; readonly status: string }
  | { readonly state: 'unknown'; readonly missing: string };

/** What is remembered of a compute while it cannot be asked. */
export interface ComputeMemory {
  readonly [key: string]: Json;
  /** Looks that were skipped because it may be suspended. */
  readonly suspended: number;
  /** Since when it has not answered; 0 while it does. */
  readonly sinceMs: number;
  /** Pageservers that its connection string named when it was last read. */
  readonly nodes: readonly number[];
}

export type ComputeMemories = Readonly<Record<string, ComputeMemory>>;

/** A compute that was started this long ago may well be still on its way. */
const restartGraceMs = 120_000;

/** `ComputeStatus` of compute_ctl, `GET /status` (contract 4.4). */
const startingStatuses = [
  'configuration_pending',
  'init',
  'configuration',
  'refresh_configuration_pending',
  'refresh_configuration',
];
const stoppedStatuses = ['empty', 'terminated', 'termination_pending_fast', 'termination_pending_immediate'];

const tooManyConnections = '53300';
const statementTimeout = '57014';

interface Asked extends AddressInput {
  readonly looks: readonly Look[];
  readonly nowMs: number;
}

/** The compute_ctl of a compute; undefined where none is configured or it cannot be read. */
export function computeCtlOf(readings: Readings, compute: string) {
  return readings.all('compute_ctl').find(({ target }) => target.name === compute);
}

/** @param memory of this compute at the last evaluation */
export function sqlAnswer(look: Look, memory: ComputeMemory | undefined, asked: Asked): SqlAnswer {
  const unknown = (missing: string): SqlAnswer => ({ state: 'unknown', missing });
  const suspended = look.skipped.get('suspended') ?? 0;
  // Skipped runs are counted for good: only a count that moved says that the newest run was one.
  if (suspended > 0 && suspended !== memory?.suspended) {
    return unknown(`${look.collector} of ${look.target.name}: suspended, and SQL would wake it`);
  }
  if (look.up === undefined)
    return unknown(whyMissing(asked.looks, look.collector as 'compute_settings', look.target.name));
  if (look.up || look.lastError === undefined) return { state: 'answers' };
  return failedAnswer(look, look.lastError, asked);
}

function failedAnswer(look: Look, error: NonNullable<Look['lastError']>, asked: Asked): SqlAnswer {
  const { reason, sqlState, isConnected } = error;
  if (sqlState === tooManyConnections) return { state: 'answers' };
  const isUnreachable = reason === 'timeout' && isConnected === false;
  if (reason === 'refused' || reason === 'dns' || isUnreachable) {
    return awayAnswer(isUnreachable ? 'unreachable' : reason, look.target.name, asked);
  }
  // A lock that was not had, say, was told by a server that is well.
  const isSilent = reason === 'timeout' && (sqlState === undefined || sqlState === statementTimeout);
  if (isSilent) return { state: 'blocked' };
  return { state: 'unknown', missing: `${look.collector} of ${look.target.name}: ${reason}` };
}

function awayAnswer(reason: string, compute: string, { readings, nowMs }: Asked): SqlAnswer {
  const ctl = computeCtlOf(readings, compute)?.reading;
  if (ctl === undefined) return { state: 'away', reason };
  const { status, startedAtMs } = ctl;
  if (stoppedStatuses.includes(status)) return { state: 'stopped', status };
  if (startingStatuses.includes(status)) return { state: 'starting', status };
  if (status !== 'failed' && startedAtMs !== undefined && nowMs - startedAtMs < restartGraceMs) {
    return { state: 'starting', status };
  }
  return { state: 'away', reason };
}

/** What to remember of a compute until the next evaluation. */
export function rememberCompute(
  look: Look,
  answer: SqlAnswer,
  memory: ComputeMemory | undefined,
  asked: Asked,
): ComputeMemory {
  const { nowMs } = asked;
  const name = look.target.name;
  const isKnownUp = answer.state === 'answers' || answer.state === 'stopped';
  const sinceMs = isKnownUp ? 0 : (memory?.sinceMs ?? 0) || (answer.state === 'unknown' ? 0 : nowMs);
  const nodes = nodesOfCompute(asked, name);
  return {
    suspended: look.skipped.get('suspended') ?? 0,
    sinceMs,
    nodes: nodes.length > 0 ? nodes : (memory?.nodes ?? []),
  };
}
