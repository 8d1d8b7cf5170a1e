/** What a collector's schedule is when the configuration is silent; absent ones follow `collection`. */
export interface CollectorDefaults {
  readonly interval?: string;
  readonly timeout?: string;
  /** Collectors run unless told not to; a costly one only when told to. */
  readonly enabled?: boolean;
}

/**
 * Every collector by name, with the schedule that differs from `collection`.
 * A contract test holds the names equal to the collector registry.
 */
export const collectorDefaults = {
  nodes: {},
  tenants: {},
  // The list changes when somebody adds a safekeeper, and carries no availability.
  safekeepers: { interval: '60s' },
  // Answers only after 30 s when the controller's database is away.
  leader: { interval: '60s', timeout: '40s' },
  controller_health: {},
  controller_metrics: {},
  // Whether strangers are let in changes when somebody restarts the controller with other flags.
  controller_access: { interval: '5m' },
  pageserver_status: {},
  pageserver_locations: {},
  pageserver_utilization: {},
  // Several requests per run, and warmth changes over minutes.
  pageserver_secondaries: { interval: '30s' },
  // Hundreds of kilobytes and more, most of which is not used.
  pageserver_metrics: { interval: '30s' },
  safekeeper_status: {},
  safekeeper_metrics: { interval: '30s' },
  broker: {},
  compute_hook: {},
  compute_ctl: {},
  compute_settings: {},
  compute_health: {},
  statements: { interval: '30s' },
  relations: { interval: '60s' },
  // Exact sizes wait behind REINDEX and read the disk; the estimates of `relations` do for most.
  relation_sizes: { interval: '10m', timeout: '60s', enabled: false },
  vector_indexes: { interval: '60s' },
  neurondb: { interval: '30s' },
  postgres: {},
  controller_database: { interval: '30s' },
} as const satisfies Record<string, CollectorDefaults>;

export type CollectorName = keyof typeof collectorDefaults;

export const collectorNames = Object.keys(collectorDefaults) as readonly CollectorName[];
