import type { Subject } from '../alerts/finding.ts';
import type { ShownAlert } from '../alerts/snapshot.ts';
import type { CollectorName } from '../collectors/registry.ts';
import type { ActionKind } from './action-kind.ts';
import type { HealInput } from './input.ts';
import type { Refusal } from './refusal.ts';

/** A request to the storage controller that changes something. */
export interface ControllerMutation {
  readonly to: 'storage_controller';
  readonly method: 'PUT' | 'DELETE';
  /** `/control/v1/node/3/fill`. */
  readonly path: string;
}

/** SQL that changes something, sent as a superuser over one new connection, in this order, each statement alone. */
export interface ComputeMutation {
  readonly to: 'compute';
  /** Name of the compute. */
  readonly compute: string;
  readonly statements: readonly string[];
}

export type Mutation = ControllerMutation | ComputeMutation;

/** Anything that a plan rests on, as JSON; never an instant or an age that is another at each look. */
export type Fact = string | number | boolean | null | readonly Fact[] | { readonly [key: string]: Fact };

/** What an action would send, and what it rests on. */
export interface Draft {
  readonly kind: ActionKind;
  readonly target: Subject;
  /** One sentence: what it would do. */
  readonly summary: string;
  /** In the order in which they would be sent. */
  readonly mutations: readonly Mutation[];
  /** What would end it when it takes too long; undefined when it is over once it is sent. */
  readonly cancel: Mutation | undefined;
  /** Tenants that it touches; empty when it touches none by itself. */
  readonly tenantIds: readonly string[];
  /** Shards that it would move. */
  readonly movedShards: number;
  readonly facts: { readonly [key: string]: Fact };
}

/** A draft with its name: equal fingerprints are the same requests resting on the same facts. */
export interface Plan extends Draft {
  /** 64 hexadecimal digits. */
  readonly fingerprint: string;
}

/** One kind of action. `draft` is a function of its arguments: equal readings, equal drafts. */
export interface Action {
  readonly kind: ActionKind;
  /** Shards move: everything has to stand still, and every pageserver has to be there. */
  readonly movesShards: boolean;
  /** Every reading that must be there and fresh. */
  readonly needs: readonly CollectorName[];
  /** What would be sent for this finding, or why there is nothing to send. */
  readonly draft: (shown: ShownAlert, input: HealInput) => Promise<Draft | Refusal>;
}
