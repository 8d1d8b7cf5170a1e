import type { Clock } from './clock.ts';
import type { HostFacts } from './collection/host-families.ts';
import type { OpenTarget } from './collection/schedule.ts';
import { sqlRun, type WakeGate } from './collection/sql-run.ts';
import { openGate, piggybackGate } from './collection/wake-gate.ts';
import { erasedSqlCollectors } from './collectors/registry.ts';
import type { SqlSettings } from './collectors/sql-collector.ts';
import type { Target } from './collectors/target.ts';
import type { Config } from './config/schema.ts';
import { formatAddress } from './neon/address.ts';
import { bearerOf, limitsOf } from './open-target.ts';
import { readConfigJson } from './sources/config-json.ts';
import { type Dsn, parseDsn } from './sources/dsn.ts';
import { readDsnFile } from './sources/dsn-file.ts';
import { type HttpTarget, openHttpTarget } from './sources/http.ts';
import { openPostgres, type PostgresServer } from './sources/postgres.ts';

type Compute = Config['computes'][number];

/** A Postgres server to watch, with the part of the configuration that is about it. */
export interface PostgresTarget {
  readonly target: Target;
  readonly dsn: string | undefined;
  readonly dsnFile: string | undefined;
  /** The setting that holds the DSN, for remedies. */
  readonly setting: string;
  readonly compute: Compute | undefined;
}

function parsedDsn(dsn: string): Dsn | undefined {
  try {
    return parseDsn(dsn);
  } catch {
    return undefined;
  }
}

interface Address {
  /** `host:port`, or the folder of a unix socket. */
  readonly text: string;
  readonly url: string;
}

/**
 * Of a DSN that stands in the configuration; a file is read for each connection and may change. One that cannot be
 * understood has none: every read then says what is wrong with it.
 */
function addressOf(dsn: string | undefined): Address | undefined {
  const parsed = dsn === undefined ? undefined : parsedDsn(dsn);
  if (parsed === undefined) return undefined;
  const { host, port } = parsed;
  if (host.startsWith('/')) {
    return { text: host, url: `postgresql:///?host=${encodeURIComponent(host)}&port=${port}` };
  }
  const text = formatAddress(host, port);
  return { text, url: `postgresql://${text}` };
}

function postgresTarget(
  kind: 'compute' | 'controller_database',
  name: string | undefined,
  source: { readonly dsn?: string | undefined; readonly dsnFile?: string | undefined },
  path: string,
  compute?: Compute,
): PostgresTarget {
  const address = addressOf(source.dsn);
  return {
    target: {
      kind,
      name: name ?? address?.text ?? kind,
      url: address?.url ?? '',
    },
    dsn: source.dsn,
    dsnFile: source.dsnFile,
    setting: `${path}.${source.dsn === undefined ? 'dsnFile' : 'dsn'}`,
    compute,
  };
}

/** The compute_ctl of a compute, with the part of the configuration that is about it. */
export interface ComputeCtlTarget {
  readonly target: Target;
  readonly compute: Compute;
  /** Where the compute stands in the configuration: `computes[0]`. */
  readonly path: string;
}

/** Every compute_ctl that is configured, under the name that its compute has as a Postgres server. */
export function computeCtlTargets({ computes }: Config): readonly ComputeCtlTarget[] {
  return computes.flatMap((compute, index) => {
    const url = compute.computeCtlUrl;
    if (url === undefined) return [];
    const path = `computes[${index}]`;
    const { name } = postgresTarget('compute', compute.name, compute, path, compute).target;
    return [{ target: { kind: 'compute_ctl' as const, name, url }, compute, path }];
  });
}

/** The Postgres servers of a configuration: computes that may be asked at all, and the controller's database. */
export function postgresTargets({ computes, storageController }: Config): readonly PostgresTarget[] {
  const askable = computes.flatMap((compute, index) =>
    compute.wake === 'never'
      ? []
      : [postgresTarget('compute', compute.name, compute, `computes[${index}]`, compute)],
  );
  const { dsn, dsnFile } = storageController;
  if (dsn === undefined && dsnFile === undefined) return askable;
  // One collector reads both kinds, and `collector` and `target` alone tell its series and readings apart.
  const isTaken = (name: string) => askable.some(({ target }) => target.name === name);
  const named = (name?: string) =>
    postgresTarget('controller_database', name, { dsn, dsnFile }, 'storageController');
  const byAddress = named();
  return [...askable, isTaken(byAddress.target.name) ? named('storageController.dsn') : byAddress];
}

function dsnReader({ dsn, dsnFile, setting }: PostgresTarget): () => Promise<string> {
  return async () => dsn ?? readDsnFile(dsnFile ?? '', setting);
}

/** Connections to compute_ctl, with its token. */
export function openComputeCtl({ target, compute, path }: ComputeCtlTarget, config: Config): HttpTarget {
  return openHttpTarget({
    url: target.url,
    setting: `${path}.computeCtlUrl`,
    bearer: bearerOf(compute.computeCtlToken, compute.computeCtlTokenFile, `${path}.computeCtlToken`),
    deniedHint: `${path}.computeCtlToken (or computeCtlTokenFile) needs a token that compute_ctl accepts`,
    limits: limitsOf(config),
  });
}

interface Gate {
  readonly gate: WakeGate;
  readonly close: () => Promise<void>;
}

function openWakeGate(compute: Compute | undefined, setting: string, config: Config, clock: Clock): Gate {
  const url = compute?.computeCtlUrl;
  if (compute?.wake !== 'piggyback' || url === undefined) {
    return { gate: openGate, close: async () => undefined };
  }
  const path = setting.replace(/\.[^.]*$/, '');
  const computeCtl = openComputeCtl(
    { target: { kind: 'compute_ctl', name: path, url }, compute, path },
    config,
  );
  return { gate: piggybackGate(computeCtl, clock), close: () => computeCtl.close() };
}

function settingsFor(config: Config, compute: Compute | undefined): SqlSettings {
  return {
    databases: compute?.databases ?? [],
    top: config.sql.top,
    statementText: config.sql.statementText,
  };
}

/** One server with its only connection, and every collector of its kind. */
export function openPostgresTarget(postgres: PostgresTarget, config: Config, clock: Clock): OpenTarget {
  const { target, compute, setting } = postgres;
  const server: PostgresServer = openPostgres({
    dsn: dsnReader(postgres),
    setting,
    name: target.kind === 'compute' ? `compute ${target.name}` : "the storage controller's database",
    statementTimeoutMs: config.sql.statementTimeout,
    lockTimeoutMs: config.sql.lockTimeout,
    connectTimeoutMs: config.limits.connectTimeout,
    clock,
  });
  const wake = openWakeGate(compute, setting, config, clock);
  const path = compute?.configJson;
  const ports = {
    sql: server,
    settings: settingsFor(config, compute),
    readConfigJson: path === undefined ? undefined : () => readConfigJson(path),
    gate: wake.gate,
    clock,
  };
  return {
    runs: erasedSqlCollectors
      .filter(({ kind, alsoFor }) => kind === target.kind || alsoFor === target.kind)
      .map((collector) => sqlRun(collector, target, ports)),
    close: async () => {
      await Promise.all([server.close(), wake.close()]);
    },
  };
}

/** What the configuration says of the hosts of the computes that are watched. */
export function hostFacts(config: Config): readonly HostFacts[] {
  return postgresTargets(config).flatMap(({ target, compute }) =>
    compute === undefined
      ? []
      : [{ compute: target.name, memoryBytes: compute.hostMemory, diskBytes: compute.hostDisk }],
  );
}
