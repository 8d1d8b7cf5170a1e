import { broker } from './broker/broker-status.ts';
import type { Collector, ReadingBase, Skipped } from './collector.ts';
import { computeCtl } from './compute/compute-ctl.ts';
import { computeHealth } from './compute/compute-health.ts';
import { computeSettings } from './compute/compute-settings.ts';
import { neurondb } from './compute/neurondb.ts';
import { relationSizes } from './compute/relation-sizes.ts';
import { relations } from './compute/relations.ts';
import { statements } from './compute/statements.ts';
import { vectorIndexes } from './compute/vector-indexes.ts';
import { controllerDatabase } from './controller-database/controller-database.ts';
import { computeHook } from './hook/compute-hook.ts';
import { pageserverLocations } from './pageserver/locations.ts';
import { pageserverMetrics } from './pageserver/pageserver-metrics.ts';
import { pageserverSecondaries } from './pageserver/secondaries.ts';
import { pageserverStatus } from './pageserver/status.ts';
import { pageserverUtilization } from './pageserver/utilization.ts';
import { postgres } from './postgres/postgres.ts';
import { safekeeperMetrics } from './safekeeper/safekeeper-metrics.ts';
import { safekeeperStatus } from './safekeeper/safekeeper-status.ts';
import type { SqlCollector, SqlReadingBase } from './sql-collector.ts';
import { controllerAccess } from './storage-controller/controller-access.ts';
import { controllerHealth } from './storage-controller/controller-health.ts';
import { controllerMetrics } from './storage-controller/controller-metrics.ts';
import { leader } from './storage-controller/leader.ts';
import { nodes } from './storage-controller/nodes.ts';
import { safekeepers } from './storage-controller/safekeepers.ts';
import { tenants } from './storage-controller/tenants.ts';

/** THE list of collectors. Its order is the order of families on the page. */
export const collectors = [
  controllerHealth,
  controllerMetrics,
  controllerAccess,
  leader,
  nodes,
  safekeepers,
  tenants,
  pageserverStatus,
  pageserverLocations,
  pageserverUtilization,
  pageserverSecondaries,
  pageserverMetrics,
  safekeeperStatus,
  safekeeperMetrics,
  broker,
  computeHook,
  computeCtl,
] as const;

/** The list of collectors that read by SQL; they follow the others on the page. */
export const sqlCollectors = [
  computeSettings,
  computeHealth,
  statements,
  relations,
  relationSizes,
  vectorIndexes,
  neurondb,
  postgres,
  controllerDatabase,
] as const;

type AnyCollector = (typeof collectors)[number] | (typeof sqlCollectors)[number];
export type CollectorName = AnyCollector['name'];

/** The reading of a collector by its name; follows from the lists above. */
export type ReadingOf<Name extends CollectorName> = Exclude<
  Awaited<ReturnType<Extract<AnyCollector, { name: Name }>['collect']>>,
  Skipped
>;

/** A collector whose reading's type is forgotten. Sound as long as it is handed only its own readings back. */
export type ErasedCollector = Collector<ReadingBase> & { readonly name: CollectorName };
export type ErasedSqlCollector = SqlCollector<SqlReadingBase> & { readonly name: CollectorName };

/** The same lists for the runner and the renderer, which treat every collector alike. */
export const erasedCollectors = collectors as readonly unknown[] as readonly ErasedCollector[];
export const erasedSqlCollectors = sqlCollectors as readonly unknown[] as readonly ErasedSqlCollector[];
