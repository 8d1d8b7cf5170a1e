/** What a collector's schedule is when the configuration is silent; absent ones follow `collection`. */
export interface CollectorDefaults {
  readonly interval?: string;
  readonly timeout?: string;
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
  pageserver_status: {},
  pageserver_locations: {},
  pageserver_utilization: {},
  // Several requests per run, and warmth changes over minutes.
  pageserver_secondaries: { interval: '30s' },
} as const satisfies Record<string, CollectorDefaults>;

export type CollectorName = keyof typeof collectorDefaults;

export const collectorNames = Object.keys(collectorDefaults) as readonly CollectorName[];
