import { ok, refusals } from './replies.ts';
import { addressOf, type ComputeState, type SafekeeperState, type State } from './state.ts';
import type { Answer, SafekeeperTimeline } from './wire.ts';

/** What a safekeeper says of the timelines it has: one for each compute, which writes a little all the time. */

const firstLsn = 0x1511b00;
const bytesPerSecond = 16_384;
const segmentBytes = 16 * 1_024 * 1_024;
/** How far the pageservers are behind. */
const consistentLagMs = 5_000;

function lsnText(lsn: number): string {
  const high = Math.floor(lsn / 2 ** 32).toString(16);
  return `${high}/${(lsn % 2 ** 32).toString(16)}`.toUpperCase();
}

function writtenLsn(state: State, agoMs = 0): number {
  const elapsedMs = Math.max(0, state.queue.nowMs() - state.config.startMs - agoMs);
  return firstLsn + Math.floor((elapsedMs / 1_000) * bytesPerSecond);
}

function membersOf(state: State, compute: ComputeState): readonly number[] {
  return state.memberships.get(compute.timelineId) ?? [...state.safekeepers.keys()].slice(0, 3);
}

/** In order of tenant. */
export function timelinesOf(state: State, keeper: SafekeeperState): readonly ComputeState[] {
  return [...state.computes.values()].filter((compute) => membersOf(state, compute).includes(keeper.id));
}

export function describeTimeline(
  state: State,
  keeper: SafekeeperState,
  tenantId: string,
  timelineId: string,
): Answer<SafekeeperTimeline> {
  const compute = timelinesOf(state, keeper).find(
    (each) => each.tenantId === tenantId && each.timelineId === timelineId,
  );
  if (compute === undefined) return refusals.notFound(`timeline ${tenantId}/${timelineId} not found`);
  const members = membersOf(state, compute).map((id) => {
    const { host, pgPort } = addressOf(state, 'safekeeper', id);
    return { id, host, pg_port: pgPort };
  });
  const written = writtenLsn(state);
  const flush = Math.max(firstLsn, written - keeper.lagBytes);
  const start = lsnText(firstLsn);
  const backup = Math.max(firstLsn, flush - (flush % segmentBytes));
  const consistent = Math.min(flush, writtenLsn(state, consistentLagMs));
  return ok(200, {
    tenant_id: tenantId,
    timeline_id: timelineId,
    mconf: {
      generation: state.memory.safekeeperGenerations.get(timelineId) ?? 1,
      members,
      new_members: null,
    },
    acceptor_state: { term: 1, epoch: 1, term_history: [{ term: 1, lsn: start }] },
    pg_info: { pg_version: 150_000, system_id: 0, wal_seg_size: segmentBytes },
    flush_lsn: lsnText(flush),
    timeline_start_lsn: start,
    local_start_lsn: start,
    commit_lsn: lsnText(flush),
    backup_lsn: lsnText(backup),
    peer_horizon_lsn: lsnText(consistent),
    remote_consistent_lsn: lsnText(consistent),
    peers: [],
    walsenders: [],
    walreceivers: [],
  });
}
