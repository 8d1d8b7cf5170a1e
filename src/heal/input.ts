import type { Look } from '../alerts/detector.ts';
import type { ShownAlert } from '../alerts/snapshot.ts';
import type { Breathe } from '../breathe.ts';
import type { Readings } from '../collection/store.ts';
import type { DriftJudgement } from '../views/drift/judgement.ts';
import type { ActionKind } from './action-kind.ts';

/** `off`: nothing is planned; `plan`: it is said what would be sent, and nothing is sent. */
export type Mode = 'off' | 'plan';

/** What the configuration says of one kind of action. */
export interface ActionPolicy {
  /** Absent: as the mode of all. Never counts for more than that. */
  readonly mode?: Mode | undefined;
  /** Names of the only targets that it may touch; empty: all of them. */
  readonly only: readonly string[];
  /** Names of targets that it never touches. */
  readonly except: readonly string[];
  /** Milliseconds that a finding must be known to last. */
  readonly confirmFor: number;
  /** In so many different readings. */
  readonly confirmLooks: number;
}

/** Section `heal` of the configuration; times in milliseconds. */
export interface Policy {
  readonly mode: Mode;
  readonly actions: Readonly<Record<ActionKind, ActionPolicy>>;
  readonly limits: {
    /** Oldest reading that counts, by when its first request was sent. */
    readonly freshness: number;
    /** Part of the computes, and of the pageservers, that must have answered. */
    readonly answered: number;
    /** After a start of the controller, a change of leader, and a start of neonwatch. */
    readonly quiet: number;
    /** So many findings of one kind are several faults; more may be one. */
    readonly correlatedFindings: number;
    /** And so large a part of all that could have it. */
    readonly correlatedPart: number;
    /** Shards that one fill may move. */
    readonly movedShards: number;
    /** How long a pageserver must have run before it is filled. */
    readonly nodeUptime: number;
  };
}

/** Everything that a decision is made from. Readings stand still. It has no clock and no memory. */
export interface HealInput {
  readonly readings: Readings;
  /** One a collector and target that is watched. */
  readonly looks: readonly Look[];
  /** All findings of the same evaluation, those that hang on others too. */
  readonly alerts: readonly ShownAlert[];
  /** By compute name, judged from these readings. */
  readonly computes: ReadonlyMap<string, DriftJudgement>;
  readonly policy: Policy;
  /** Milliseconds since the epoch, like all instants. */
  readonly nowMs: number;
  /** Since when this process has been looking. */
  readonly watchingSinceMs: number;
  /** Somebody asks now: what only waiting would show is waived, and said to be. */
  readonly isByHand: boolean;
  readonly breathe: Breathe;
}
