import type { LiveSettings } from '../collectors/compute/compute-settings-reading.ts';
import { type DriftJudgement, isSettled } from '../views/drift/judgement.ts';
import type { Fact } from './action.ts';
import type { HealInput } from './input.ts';
import { type Refusal, refusal, unreadable } from './refusal.ts';

/** What an action at a compute is drafted from. */
export interface ComputeFacts {
  readonly judgement: DriftJudgement;
  readonly tenantId: string;
  readonly live: LiveSettings;
}

/** Settings that a push sets itself, so that it may find them changed and not loaded. */
export const pushedSettings = ['neon.pageserver_connstring', 'neon.stripe_size'] as const;

/** Where a setting must come from for ALTER SYSTEM to have a say. */
const settableSources: readonly string[] = ['configuration file', 'default'];

function causesText({ causes, state }: DriftJudgement): string {
  const reasons = causes.map(({ reason, about }) => [reason, ...about].join(' '));
  return reasons.length === 0 ? state : `${state} (${reasons.join(', ')})`;
}

/**
 * One compute as all witnesses see it, at rest: its tenant listed, every shard held where it is meant to be, nothing
 * moving and nothing pending. A refusal for every other state of the drift algorithm.
 */
export function computeFacts(compute: string, input: HealInput): ComputeFacts | Refusal {
  const judgement = input.computes.get(compute);
  const live = input.readings.all('compute_settings').find(({ target }) => target.name === compute)
    ?.reading.live;
  if (judgement === undefined || live === undefined) {
    return unreadable(`the settings of compute ${compute} could not be read`);
  }
  const { state, tenantId } = judgement;
  if (state === 'UNKNOWN') return unreadable(`compute ${compute} is ${causesText(judgement)}`);
  if (!isSettled(state)) {
    return refusal(
      'in_transition',
      `compute ${compute} is ${causesText(judgement)}`,
      'wait: the storage controller is at work, or its policy wants it so',
    );
  }
  if (tenantId === undefined || live.tenantId !== tenantId) {
    return unreadable(`which tenant compute ${compute} serves is not certain`);
  }
  return { judgement, tenantId, live };
}

/**
 * Whether `ALTER SYSTEM` and a reload would have just the effect that is meant: the neon library is loaded, the values
 * come from the files, and no setting but those in `expected` waits in them for a reload.
 */
export function settable(
  compute: string,
  { live }: ComputeFacts,
  expected: readonly string[],
): Refusal | undefined {
  const { readVia, sources, files } = live;
  if (readVia !== 'pg_settings') return unreadable(`compute ${compute} has not loaded the neon library`);
  for (const name of pushedSettings) {
    const source = sources.find(({ setting }) => setting === name)?.source;
    if (source === undefined || source === '') {
      return unreadable(`where compute ${compute} has ${name} from is not known`);
    }
    if (!settableSources.includes(source)) {
      return refusal(
        'set_elsewhere',
        `${name} of compute ${compute} comes from: ${source}`,
        'set it right there; ALTER SYSTEM cannot',
      );
    }
  }
  const pending = files?.pendingReload;
  if (pending === undefined) {
    return unreadable(`pg_file_settings of compute ${compute} could not be read (docs/least-privilege.md)`);
  }
  const foreign = pending.filter((name) => !expected.includes(name));
  if (foreign.length === 0) return undefined;
  return refusal(
    'files_changing',
    `the files of compute ${compute} hold changes that are not loaded: ${foreign.join(', ')}`,
    'load them, or take them back: our reload would put them into force',
  );
}

/** The placement with what witnesses it: one that has moved away and back is another. */
export function placementFacts({ judgement, tenantId, live }: ComputeFacts): {
  readonly [key: string]: Fact;
} {
  return {
    tenant_id: tenantId,
    shards: judgement.rows.flatMap(({ shardId, intendedNodeId, intended, held, heldBy }) =>
      shardId === undefined
        ? []
        : [
            [
              shardId,
              intendedNodeId ?? null,
              intended ?? null,
              held.find(({ nodeId }) => nodeId === heldBy)?.generation ?? null,
            ],
          ],
    ),
    stripe_size: judgement.stripe.intendedBlocks ?? null,
    live_stripe_size: judgement.stripe.liveBlocks ?? null,
    live: judgement.rows.flatMap(({ live: entry }) => entry ?? []),
    postmaster_started_at_ms: live.postmasterStartedAtMs,
    conf_loaded_at_ms: live.confLoadedAtMs,
  };
}
