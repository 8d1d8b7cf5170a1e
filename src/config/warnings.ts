import { isLoopbackUrl } from '../settings/http-url.ts';
import type { Assignment } from './layer.ts';
import type { Config } from './schema.ts';

/** What is allowed and probably not wanted, one line each. Never a secret's value. */
export function warningsOf(config: Config, assignments: Iterable<Assignment>): string[] {
  return [...tokensInClear(config), ...caWithoutTls(config), ...secretsInFlags(assignments)];
}

/** Whether what is sent to this URL can be read on the way. */
function isInClear(url: string | undefined): boolean {
  return url?.startsWith('http:') === true && !isLoopbackUrl(url);
}

function tokensInClear(config: Config): string[] {
  const { url, peers, token, tokenFile, describeToken, describeTokenFile } = config.storageController;
  const toAnother = 'a token is sent to another machine over plain http; use https';
  const warnings: string[] = [];
  const hasToken = token !== undefined || tokenFile !== undefined;
  const hasDescribeToken = describeToken !== undefined || describeTokenFile !== undefined;
  if (isInClear(url) && (hasToken || hasDescribeToken)) warnings.push(`storageController.url: ${toAnother}`);
  if (peers.some(isInClear) && hasToken) warnings.push(`storageController.peers: ${toAnother}`);
  for (const path of ['pageservers', 'safekeepers'] as const) {
    const servers = config[path];
    if (servers.token === undefined && servers.tokenFile === undefined) continue;
    if (servers.urls.some(isInClear)) warnings.push(`${path}.urls: ${toAnother}`);
    // Where discovered servers are is known only later; they are rarely on this machine when the controller is not.
    const isAway = url !== undefined && !isLoopbackUrl(url);
    if (servers.discover && servers.scheme === 'http' && isAway) {
      warnings.push(
        `${path}.scheme: a token is sent to discovered ${path} over plain http; set ${path}.scheme: https`,
      );
    }
  }
  return warnings;
}

function caWithoutTls({ storageController, safekeepers }: Config): string[] {
  const { url, peers, caFile } = storageController;
  const warnings: string[] = [];
  const isTls = [url, ...peers].some((one) => one?.startsWith('https:'));
  if (caFile !== undefined && url !== undefined && !isTls) {
    warnings.push('storageController.caFile: has no effect, because storageController.url is http');
  }
  const isSafekeeperTls =
    (safekeepers.discover && safekeepers.scheme === 'https') ||
    safekeepers.urls.some((one) => one.startsWith('https:'));
  if (safekeepers.caFile !== undefined && !isSafekeeperTls) {
    warnings.push('safekeepers.caFile: has no effect, because no safekeeper is dialled over https');
  }
  return warnings;
}

function secretsInFlags(assignments: Iterable<Assignment>): string[] {
  return [...assignments].flatMap(({ layer, setting, place }) =>
    layer === 'flag' && setting.secret
      ? [`${place}: every user of this machine can read a secret in a flag; use a file or ${setting.env}`]
      : [],
  );
}
