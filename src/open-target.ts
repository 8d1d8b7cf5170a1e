import type { Clock } from './clock.ts';
import { httpRun } from './collection/run.ts';
import type { OpenTarget } from './collection/schedule.ts';
import type { CollectInputs } from './collectors/collector.ts';
import { erasedCollectors } from './collectors/registry.ts';
import type { Target } from './collectors/target.ts';
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

/** The connections of one target over HTTP; `describe` is `http` where no other token is set. */
export interface OpenHttp {
  readonly http: HttpTarget;
  readonly describe: HttpTarget;
}

function openController(target: Target, config: Config): OpenHttp {
  const { storageController } = config;
  const common = {
    url: target.url,
    setting: 'storageController.url',
    limits: {
      ...limitsOf(config),
      // The leader route says why it fails only after 30 s; its collector has a longer deadline for just that.
      headersTimeoutMs: Math.max(config.limits.headersTimeout, config.collectors.leader.timeout ?? 0),
    },
    caFile: storageController.caFile,
    caSetting: 'storageController.caFile',
  };
  const http = openHttpTarget({
    ...common,
    bearer: bearerOf(storageController.token, storageController.tokenFile, 'storageController.token'),
    deniedHint:
      'storageController.token (or tokenFile) needs scope infra for nodes and safekeepers, admin for tenants and the leader',
    connections: connectionsFor(target),
  });
  const { describeToken, describeTokenFile } = storageController;
  const describeBearer = bearerOf(describeToken, describeTokenFile, 'storageController.describeToken');
  if (describeBearer === undefined) return { http, describe: http };
  const describe = openHttpTarget({
    ...common,
    bearer: describeBearer,
    deniedHint: 'storageController.describeToken (or describeTokenFile) needs scope scrubber',
    connections: describeConnections,
  });
  return { http, describe };
}

function openPageserver(target: Target, config: Config): OpenHttp {
  const { pageservers } = config;
  const http = openHttpTarget({
    url: target.url,
    setting: target.nodeId === undefined ? 'pageservers.urls' : 'addresses',
    announced: target.nodeId === undefined ? undefined : target.name,
    bearer: bearerOf(pageservers.token, pageservers.tokenFile, 'pageservers.token'),
    deniedHint: 'pageservers.token (or tokenFile) needs scope pageserverapi; pageservers refuse admin',
    caFile: pageservers.caFile,
    caSetting: 'pageservers.caFile',
    limits: limitsOf(config),
    connections: connectionsFor(target),
  });
  return { http, describe: http };
}

/** Connections to one target with the tokens, certificates and limits that the configuration gives its kind. */
export function openHttp(target: Target, config: Config): OpenHttp {
  return target.kind === 'storage_controller'
    ? openController(target, config)
    : openPageserver(target, config);
}

/** A target with its connections and every collector of its kind. */
export function openTarget(
  target: Target,
  config: Config,
  clock: Clock,
  shared: Pick<CollectInputs, 'locations' | 'areLocationsTried'>,
): OpenTarget {
  const { http, describe } = openHttp(target, config);
  const settings = { ...config.storageController, warmthSamples: config.pageservers.warmthSamples };
  const inputs = { settings, describe, ...shared };
  return {
    runs: erasedCollectors
      .filter(({ kind }) => kind === target.kind)
      .map((collector) => httpRun(collector, target, http, inputs, clock)),
    close: async () => {
      await Promise.all([...new Set([http, describe])].map((one) => one.close()));
    },
  };
}
