import { Signal } from './task.ts';
import type { ShardScheduling } from './wire.ts';

/** What faults have broken that nothing else of the state says. All of it is well at the start. */
export interface Broken {
  /** How long after a panic the controller is started again; undefined: it stays dead. */
  panicRestartMs: number | undefined;
  panics: number;
  /** How long the database takes between the check and the start of a node operation. */
  databaseMs: number;
  /** The start of the controller does not get beyond its beginning. */
  startHeld: boolean;
  readonly startReleased: Signal;
  /** The database has no row of a leader, as without `--address-for-peers`. */
  leaderMissing: boolean;
  /** Another controller that says it leads. */
  otherLeader: boolean;
  /** The controller asks nobody for a token. */
  open: boolean;
  /** Tenants whose reconciles never end, or always fail. */
  readonly stuckTenants: Map<string, 'long' | 'failing'>;
  readonly stuckOver: Signal;
  /** Tenants for which the way to the hook answers 503. */
  readonly refusedTenants: Set<string>;
  /** Shards of tenants that nobody has heard of, by the node that holds them. */
  readonly strays: Map<number, readonly string[]>;
  /** Nodes that stay in WarmingUp. */
  readonly warming: Set<number>;
  /** Nodes that come and go: which turn of the switch it is. */
  readonly flapping: Map<number, number>;
  /** Nodes that were paused together. */
  readonly paused: Set<number>;
  /** Where safekeepers really are, while they say something else. */
  readonly safekeeperAzs: Map<number, number>;
  /** Scheduling policies that tenants had before they were pinned. */
  readonly pinned: Map<string, ShardScheduling>;
  /** Shards that the scrubber has found unhealthy, by name. */
  readonly unhealthy: Set<string>;
  /** How long ago the scrubber looked at a shard last, by name; the others at the start of the world. */
  readonly scrubbedAtMs: Map<string, number>;
}

export const usualPanicRestartMs = 1_000;

export function nothingBroken(): Broken {
  return {
    panicRestartMs: usualPanicRestartMs,
    panics: 0,
    databaseMs: 0,
    startHeld: false,
    startReleased: new Signal(),
    leaderMissing: false,
    otherLeader: false,
    open: false,
    stuckTenants: new Map(),
    stuckOver: new Signal(),
    refusedTenants: new Set(),
    strays: new Map(),
    warming: new Set(),
    flapping: new Map(),
    paused: new Set(),
    safekeeperAzs: new Map(),
    pinned: new Map(),
    unhealthy: new Set(),
    scrubbedAtMs: new Map(),
  };
}
