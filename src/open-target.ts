import type { Clock } from './clock.ts';
import { httpRun } from './collection/run.ts';
import type { OpenTarget } from './collection/schedule.ts';
import type { CollectInputs } from './collectors/collector.ts';
import { erasedCollectors } from './collectors/registry.ts';
import type { Target } from './collectors/target.ts';
import { collectorSchedule } from './config/collector-schedule.ts';
import type { Config } from './config/schema.ts';
import { type HttpTarget, type HttpTargetOptions, openHttpTarget } from './sources/http.ts';
import { fileToken, fixedToken, type TokenSource } from './sources/token.ts';

/** Describes under way at once: they need places beside those of the collectors. */
const describeConnections = 4;

/** The token that a pair of settings gives, if either does. */
export function bearerOf(
  token: string | undefined,
  tokenFile: string | undefined,
  setting: string,
): TokenSource | undefined {
  if (tokenFile !== undefined) return fileToken(tokenFile, `${setting}File`);
  return token === undefined ? undefined : fixedToken(token);
}

export function limitsOf({ limits }: Config): HttpTargetOptions['limits'] {
  return {
    connectTimeoutMs: limits.connectTimeout,
    headersTimeoutMs: limits.headersTimeout,
    bodyTimeoutMs: limits.bodyTimeout,
    maxBodyBytes: limits.maxBodyBytes,
  };
}

/** One connection for each collector of the kind, so that none waits for another that hangs, and some for those that ask twice at once. */
function connectionsFor(target: Target): number {
  return erasedCollectors.filter(({ kind }) => kind === target.kind).length + describeConnections;
}

/** The connections of one target over HTTP; the others are `http` where they would be no different. */
export interface OpenHttp {
  readonly http: HttpTarget;
  readonly describe: HttpTarget;
  readonly withoutToken: HttpTarget;
}

function only(http: HttpTarget): OpenHttp {
  return { http, describe: http, withoutToken: http };
}

function openController(target: Target, config: Config): OpenHttp {
  const { storageController } = config;
  const isPeer = target.url !== storageController.url;
  const common = {
    url: target.url,
    setting: isPeer ? 'storageController.peers' : 'storageController.url',
    limits: {
      ...limitsOf(config),
      // The leader route says why it fails only after 30 s; its collector has a longer deadline for just that.
      headersTimeoutMs: Math.max(config.limits.headersTimeout, config.collectors.leader.timeout ?? 0),
    },
    caFile: storageController.caFile,
    caSetting: 'storageController.caFile',
  };
  const bearer = bearerOf(storageController.token, storageController.tokenFile, 'storageController.token');
  const http = openHttpTarget({
    ...common,
    bearer,
    deniedHint:
      'storageController.token (or tokenFile) needs scope infra for nodes and safekeepers, admin for tenants and the leader',
    connections: connectionsFor(target),
  });
  const withoutToken = bearer === undefined ? http : openHttpTarget({ ...common, connections: 1 });
  const { describeToken, describeTokenFile } = storageController;
  const describeBearer = bearerOf(describeToken, describeTokenFile, 'storageController.describeToken');
  if (describeBearer === undefined) return { http, describe: http, withoutToken };
  const describe = openHttpTarget({
    ...common,
    bearer: describeBearer,
    deniedHint: 'storageController.describeToken (or describeTokenFile) needs scope scrubber',
    connections: describeConnections,
  });
  return { http, describe, withoutToken };
}

function openPageserver(target: Target, config: Config): OpenHttp {
  const { pageservers } = config;
  const isListed = target.nodeId === undefined;
  const http = openHttpTarget({
    url: target.url,
    setting: isListed ? 'pageservers.urls' : 'addresses',
    announced: isListed ? undefined : { as: 'pageserver', name: target.name },
    bearer: bearerOf(pageservers.token, pageservers.tokenFile, 'pageservers.token'),
    deniedHint: 'pageservers.token (or tokenFile) needs scope pageserverapi; pageservers refuse admin',
    caFile: pageservers.caFile,
    caSetting: 'pageservers.caFile',
    limits: limitsOf(config),
    connections: connectionsFor(target),
  });
  return only(http);
}

function openSafekeeper(target: Target, config: Config): OpenHttp {
  const { safekeepers } = config;
  const isListed = target.safekeeperId === undefined;
  const http = openHttpTarget({
    url: target.url,
    setting: isListed ? 'safekeepers.urls' : 'addresses',
    announced: isListed ? undefined : { as: 'safekeeper', name: target.name },
    bearer: bearerOf(safekeepers.token, safekeepers.tokenFile, 'safekeepers.token'),
    deniedHint: 'safekeepers.token (or tokenFile) needs scope safekeeperdata',
    caFile: safekeepers.caFile,
    caSetting: 'safekeepers.caFile',
    limits: limitsOf(config),
    connections: connectionsFor(target),
  });
  return only(http);
}

/**
 * A target where silence is a fact and no failure: connecting, waiting for the head and reading take less than the
 * collector's deadline together, so that the fact is told before the deadline would end the run.
 */
function openProbe(
  target: Target,
  config: Config,
  name: 'broker' | 'compute_hook',
  setting: string,
): OpenHttp {
  const { timeoutMs } = collectorSchedule(config, name);
  const shareMs = Math.floor(timeoutMs * 0.3);
  const limits = limitsOf(config);
  const http = openHttpTarget({
    url: target.url,
    setting,
    limits: {
      connectTimeoutMs: Math.min(limits.connectTimeoutMs, shareMs),
      headersTimeoutMs: Math.min(limits.headersTimeoutMs, shareMs),
      bodyTimeoutMs: Math.min(limits.bodyTimeoutMs, shareMs),
      maxBodyBytes: limits.maxBodyBytes,
    },
    connections: 1,
  });
  return only(http);
}

/**
 * Connections to one target with the tokens, certificates and limits that the configuration gives its kind. A
 * compute_ctl is opened by its compute's part of the configuration, in open-postgres.ts.
 */
export function openHttp(target: Target, config: Config): OpenHttp {
  switch (target.kind) {
    case 'storage_controller':
    case 'controller_instance':
      return openController(target, config);
    case 'pageserver':
      return openPageserver(target, config);
    case 'safekeeper':
      return openSafekeeper(target, config);
    case 'broker':
      return openProbe(target, config, 'broker', 'broker.url');
    case 'compute_hook':
      return openProbe(target, config, 'compute_hook', 'computeHook.url');
    case 'compute':
    case 'compute_ctl':
    case 'controller_database':
      throw new Error(`a ${target.kind} is not opened here`);
  }
}

/** Facts that the collectors of one target have from the others. */
type Shared = Pick<CollectInputs, 'locations' | 'areLocationsTried'>;

/** A target with its connections and every collector of its kind. */
export function openTarget(target: Target, config: Config, clock: Clock, shared: Shared): OpenTarget {
  return runsOver(openHttp(target, config), target, config, clock, shared);
}

/** The same over a connection that is open already, which it closes with the target. */
export function openWith(
  http: HttpTarget,
  target: Target,
  config: Config,
  clock: Clock,
  shared: Shared,
): OpenTarget {
  return runsOver(only(http), target, config, clock, shared);
}

function runsOver(open: OpenHttp, target: Target, config: Config, clock: Clock, shared: Shared): OpenTarget {
  const { http, describe, withoutToken } = open;
  const settings = { ...config.storageController, warmthSamples: config.pageservers.warmthSamples };
  const inputs = { settings, describe, withoutToken, ...shared };
  return {
    runs: erasedCollectors
      .filter(({ kind }) => kind === target.kind)
      .map((collector) => httpRun(collector, target, http, inputs, clock)),
    close: async () => {
      await Promise.all([...new Set([http, describe, withoutToken])].map((one) => one.close()));
    },
  };
}
