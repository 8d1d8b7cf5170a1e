import type { Readings } from '../collection/store.ts';
import type { DriftJudgement } from '../views/drift/judgement.ts';

/** `go`: it holds; `no`: it does not, and the operation would do harm or nothing; `unknown`: could not be seen. */
export type CheckVerdict = 'go' | 'no' | 'unknown';

/** One thing that must hold before the operation, and whether it does. */
export interface Check {
  readonly verdict: CheckVerdict;
  /** A sentence with numbers: `8 of 22 shards would stay behind: their secondaries are cold.` */
  readonly text: string;
}

/** What would happen, decided without sending anything that changes anything. */
export interface Preflight {
  /** `drain of node 3`. */
  readonly operation: string;
  readonly checks: readonly Check[];
  /** How to do it, in order; shown only when all checks are `go`. */
  readonly steps: readonly { readonly text: string; readonly command?: string }[];
  /** What to know either way. */
  readonly notes: readonly string[];
}

/** Everything that an operation is judged by. */
export interface PreflightInput {
  readonly readings: Readings;
  /** By compute name. */
  readonly computes: ReadonlyMap<string, DriftJudgement>;
}

/** `go` only when every single check is; `no` when any is. Without a check nothing is known. */
export function verdictOf({ checks }: Pick<Preflight, 'checks'>): CheckVerdict {
  if (checks.some(({ verdict }) => verdict === 'no')) return 'no';
  return checks.length > 0 && checks.every(({ verdict }) => verdict === 'go') ? 'go' : 'unknown';
}

export const go = (text: string): Check => ({ verdict: 'go', text });
export const no = (text: string): Check => ({ verdict: 'no', text });
export const unknown = (text: string): Check => ({ verdict: 'unknown', text });

/** One kind of operation that can be asked about. */
export interface Operation {
  readonly name: string;
  /** What follows the name, for the usage: `NODE_ID`. */
  readonly parameters: readonly string[];
  readonly summary: string;
  /** The words after the name, not more than `parameters`; undefined when they cannot be understood. */
  readonly judge: (words: readonly string[], input: PreflightInput) => Preflight | undefined;
}
