import { type Look, whyMissing } from '../alerts/detector.ts';
import type { Subject } from '../alerts/finding.ts';
import type { ShownAlert } from '../alerts/snapshot.ts';
import type { CollectorName } from '../collectors/registry.ts';
import { formatDuration } from '../settings/duration.ts';
import type { Action, Draft } from './action.ts';
import type { HealInput } from './input.ts';
import type { RefusalReason } from './refusal.ts';

/** What a gate is asked about. */
export interface Candidate {
  readonly action: Action;
  readonly shown: ShownAlert;
  /** What would be acted on; the subject of the finding where nothing is drafted. */
  readonly target: Subject;
  /** Undefined: there is nothing to send, and every other gate is asked all the same. */
  readonly draft: Draft | undefined;
}

/** What a gate saw, and what it would have to see. */
interface Measured {
  /** `2 of 3 pageservers are Active`. */
  readonly value: string;
  readonly limit: string;
}

export type Verdict = Measured &
  (
    | { readonly verdict: 'pass' }
    /** Only waiting could show it, and somebody asks now. */
    | { readonly verdict: 'waived' }
    | { readonly verdict: 'refuse'; readonly reason: RefusalReason; readonly release: string }
  );

/** One thing that must hold before anything is sent. One file each in `gates`; a function of its arguments. */
export interface Gate {
  /** As the list in docs/HEALING.md numbers them; a gate of several questions has several values. */
  readonly id: `G${number}`;
  readonly name: string;
  readonly judge: (candidate: Candidate, input: HealInput) => Verdict;
}

export function pass(value: string, limit: string): Verdict {
  return { verdict: 'pass', value, limit };
}

export function waived(value: string, limit: string): Verdict {
  return { verdict: 'waived', value, limit };
}

export function refuse(reason: RefusalReason, value: string, limit: string, release: string): Verdict {
  return { verdict: 'refuse', reason, value, limit, release };
}

/** A reading that is not there, with why. */
export function unread(looks: readonly Look[], collector: CollectorName, limit: string): Verdict {
  return refuse('unreadable', whyMissing(looks, collector), limit, `have ${collector} read`);
}

/** How long ago, for people; a clock that went backwards is said to have. */
export function agoText(ageMs: number): string {
  if (Number.isNaN(ageMs)) return 'at a time that is not known';
  return ageMs < 0
    ? 'in the future, by the clock here'
    : `${formatDuration(Math.round(ageMs / 1000) * 1000)} ago`;
}

/** Whether an instant is at least this long ago. False for one that is not known, or in the future. */
export function isLongAgo(atMs: number, nowMs: number, leastMs: number): boolean {
  return nowMs - atMs >= leastMs;
}
