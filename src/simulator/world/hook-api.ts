/** What a process does with a connection: `down` refuses it, `hung` takes it and never answers. */
export type ProcessState = 'up' | 'down' | 'hung';

/** A compute as Postgres and compute_ctl show it. */
export interface Compute {
  readonly tenantId: string;
  readonly timelineId: string;
  readonly state: ProcessState;
  /** `running`, `failed` …: compute_ctl's snake_case status. */
  readonly status: string;
  readonly startTimeMs: number;
  /** `neon.pageserver_connstring`. */
  readonly connstring: string;
  /** `neon.stripe_size` in pages. */
  readonly stripeSize: number;
  /** What the configuration file says; a restart goes back to it. */
  readonly fileConnstring: string;
  readonly fileStripeSize: number;
}

export interface AttachNotification {
  readonly tenant_id: string;
  readonly preferred_az: string | null;
  readonly stripe_size: number | null;
  readonly shards: readonly { readonly node_id: number; readonly shard_number: number }[];
}

export interface SafekeepersNotification {
  readonly tenant_id: string;
  readonly timeline_id: string;
  readonly generation: number;
  readonly safekeepers: readonly { readonly id: number; readonly hostname: string | null }[];
}

export type Notification =
  | { readonly path: '/notify-attach'; readonly body: AttachNotification }
  | { readonly path: '/notify-safekeepers'; readonly body: SafekeepersNotification };

/** What came back: a status, or nothing (`refused` at once, `timeout` after 10 s). */
export type HookAnswer = number | 'refused' | 'timeout';

/** Settings a hook wants a compute to have. */
export interface ComputeSettings {
  readonly tenantId: string;
  readonly connstring: string;
  readonly stripeSize: number | null;
}

/** What a hook sees besides the notification: where pageservers listen, and which computes there are. */
export interface HookSight {
  address(nodeId: number): { readonly host: string; readonly port: number } | undefined;
  computeOf(tenantId: string): Compute | undefined;
  computes(): readonly Compute[];
}

/** A hook is a function of the notification and what it sees; `delayMs` passes before answer and effect. */
export type HookBehaviour = (
  notification: Notification,
  sight: HookSight,
) => { readonly answer: HookAnswer; readonly delayMs: number; readonly effect: readonly ComputeSettings[] };

export type HookFault = 'right' | 'dead' | 'slow' | 'sticky' | 'lying' | 'order-losing' | 'tenant-blind';

/** Carries a notification to a hook outside the world, `answered` may be called at any later time. */
export type HookPort = (notification: Notification, answered: (answer: HookAnswer) => void) => void;

export interface Hook {
  readonly behaviour: HookFault | 'external' | number;
  /** A fault by name, or a status code that it answers without doing anything. */
  behave(as: HookFault | number): void;
  /** From now on notifications leave the world; undefined takes them back. */
  connect(port: HookPort | undefined): void;
  /** Runs the present behaviour on a notification that came in from outside. For a server that plays the hook. */
  receive(notification: Notification, answered: (answer: HookAnswer) => void): void;
  /** Every notification that was sent, oldest first; the latest 10,000 are kept. */
  readonly sent: readonly {
    readonly atMs: number;
    readonly notification: Notification;
    readonly answer: HookAnswer | undefined;
  }[];
}
