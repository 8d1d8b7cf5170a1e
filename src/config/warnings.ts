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

function tokensInClear({ storageController, pageservers }: Config): string[] {
  const { url, token, tokenFile, describeToken, describeTokenFile } = storageController;
  const warnings: string[] = [];
  if (
    isInClear(url) &&
    [token, tokenFile, describeToken, describeTokenFile].some((given) => given !== undefined)
  ) {
    warnings.push('storageController.url: a token is sent to another machine over plain http; use https');
  }
  if (pageservers.token === undefined && pageservers.tokenFile === undefined) return warnings;
  if (pageservers.urls.some(isInClear)) {
    warnings.push('pageservers.urls: a token is sent to another machine over plain http; use https');
  }
  // Where discovered pageservers are is known only later; they are rarely on this machine when the controller is not.
  if (pageservers.discover && pageservers.scheme === 'http' && url !== undefined && !isLoopbackUrl(url)) {
    warnings.push(
      'pageservers.scheme: a token is sent to discovered pageservers over plain http; set pageservers.scheme: https',
    );
  }
  return warnings;
}

function caWithoutTls({ storageController: { url, caFile } }: Config): string[] {
  if (caFile === undefined || url?.startsWith('http:') !== true) return [];
  return ['storageController.caFile: has no effect, because storageController.url is http'];
}

function secretsInFlags(assignments: Iterable<Assignment>): string[] {
  return [...assignments].flatMap(({ layer, setting, place }) =>
    layer === 'flag' && setting.secret
      ? [`${place}: every user of this machine can read a secret in a flag; use a file or ${setting.env}`]
      : [],
  );
}
