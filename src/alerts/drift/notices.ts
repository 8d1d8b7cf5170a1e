import type { DriftJudgement } from '../../views/drift/judgement.ts';
import { isWrong } from '../../views/drift/judgement.ts';

/** How a hook fails that says it has done what it was told. A closed set. */
export const lies = ['NOT_APPLIED', 'ORDER_LOST', 'OTHER_TENANT'] as const;
export type Lie = (typeof lies)[number];

/** One look can mislead: so many in a row are one time caught. */
const looksToCount = 3;

/** What is remembered of one compute since the last move of its tenant. */
export type NoticeMemory = {
  /** Where the tenant is, as text. */
  readonly content: string;
  /** When it was first seen there, at rest and acknowledged; null when it has been there since the first look. */
  readonly movedAtMs: number | null;
  /** What the compute had when it was last right. */
  readonly liveBefore: string;
  readonly live: string;
  readonly startedAtMs: number | null;
  readonly loadedAtMs: number | null;
  /** It has had the right connection string for this placement: the hook did its work. */
  readonly wasRight: boolean;
  /** How often the hook has been caught with this compute. */
  readonly timesCaught: number;
  readonly lie: Lie | null;
  /** Looks in a row that showed it. */
  readonly looksCaught: number;
};

function contentText({ tenantId, rows, stripe }: DriftJudgement): string {
  const shards = rows.filter(({ shardId }) => shardId !== undefined);
  const nodes = shards.map(({ intendedNodeId }) => intendedNodeId).join(',');
  return `${tenantId}|${nodes}|${shards.length > 1 ? stripe.intendedBlocks : ''}`;
}

function liveText({ rows, stripe }: DriftJudgement): string {
  const entries = rows.flatMap(({ live }) => (live === undefined ? [] : [live]));
  return `${entries.join(',')}|${stripe.liveBlocks ?? ''}`;
}

/** It names no pageserver but the tenant's own: that another tenant has the same string may be chance. */
function namesOwnNodes({ rows }: DriftJudgement): boolean {
  const own = new Set(rows.map(({ intendedNodeId }) => intendedNodeId));
  return rows.every(
    ({ live, liveNodeIds }) => live === undefined || liveNodeIds.some((nodeId) => own.has(nodeId)),
  );
}

/** What the hook must have done, given that it is its doing. */
function lieOf({ state }: DriftJudgement, isOverwritten: boolean, isUnchanged: boolean): Lie {
  if (isOverwritten || state === 'WRONG_TENANT') return 'OTHER_TENANT';
  if (!isUnchanged && (state === 'WRONG_ORDER' || state === 'WRONG_COUNT')) return 'ORDER_LOST';
  return 'NOT_APPLIED';
}

/**
 * Takes one settled look at a compute into account. It is the hook's doing when the tenant moved, the controller holds
 * the notification for acknowledged, and the compute, without a restart since, never had what it should; or when a
 * compute that was right was given the string of another tenant without a restart. A compute that was right and is not
 * any more, or that has restarted, drifted by itself.
 */
export function notice(
  judgement: DriftJudgement,
  before: NoticeMemory | undefined,
  nowMs: number,
): NoticeMemory {
  const now = {
    content: contentText(judgement),
    live: liveText(judgement),
    startedAtMs: judgement.postmasterStartedAtMs ?? null,
    loadedAtMs: judgement.confLoadedAtMs ?? null,
  };
  const isRight = !isWrong(judgement.state);
  const timesCaught = before?.timesCaught ?? 0;
  const calm = { timesCaught, lie: null, looksCaught: 0 };
  if (before === undefined || before.startedAtMs !== now.startedAtMs) {
    return { ...now, movedAtMs: null, liveBefore: now.live, wasRight: isRight, ...calm };
  }
  const isMoved = before.content !== now.content;
  const since = {
    movedAtMs: isMoved ? nowMs : before.movedAtMs,
    // Of a look between the hook's work and the next list of tenants `live` is already the new one.
    liveBefore: isRight ? now.live : before.liveBefore,
    wasRight: isRight || (before.wasRight && !isMoved),
  };
  const lie = isRight
    ? null
    : (caughtNow(judgement, before, { ...now, ...since }) ?? (isMoved ? null : before.lie));
  if (lie === null) return { ...now, ...since, ...calm };
  const looksCaught = (before.lie === null || isMoved ? 0 : before.looksCaught) + 1;
  return {
    ...now,
    ...since,
    lie,
    looksCaught,
    timesCaught: timesCaught + (looksCaught === looksToCount ? 1 : 0),
  };
}

/** The lie that this look shows; undefined when the compute may have drifted by itself. */
function caughtNow(
  judgement: DriftJudgement,
  before: NoticeMemory,
  now: Pick<NoticeMemory, 'live' | 'liveBefore' | 'loadedAtMs' | 'movedAtMs' | 'wasRight'>,
): Lie | undefined {
  const isReloaded =
    before.loadedAtMs !== null && now.loadedAtMs !== null && now.loadedAtMs > before.loadedAtMs;
  const isForeign = judgement.otherTenantId !== undefined && !namesOwnNodes(judgement);
  const isOverwritten = before.wasRight && isReloaded && isForeign;
  const isNeverApplied = now.movedAtMs !== null && !now.wasRight;
  if (!isOverwritten && !isNeverApplied) return undefined;
  return lieOf(judgement, isOverwritten, now.live === now.liveBefore);
}
