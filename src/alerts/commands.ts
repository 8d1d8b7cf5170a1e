import type { Readings } from '../collection/store.ts';

/** Where a command has no controller to name: the runbook's own variable. */
const unknownUrl = '$storcon_api';

/**
 * A complete command for a route of the storage controller, as the operator would type it: the URL that neonwatch
 * dials, the token as a variable where the controller asks for one.
 */
export function controllerCommand(
  readings: Readings,
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): string {
  const url =
    readings.one('nodes')?.target.url ?? readings.one('controller_health')?.target.url ?? unknownUrl;
  const verb = method === 'GET' ? '' : ` -X ${method}`;
  const data = body === undefined ? '' : ` -d '${JSON.stringify(body)}'`;
  return `curl -sS${verb}${tokenHeader(readings)} ${url}${path}${data}`;
}

/** Empty where the controller answers without a token, or where that is not known. */
function tokenHeader(readings: Readings): string {
  const access = readings.all('controller_access')[0]?.reading;
  return access?.isOpen === false ? ' -H "Authorization: Bearer $STORCON_TOKEN"' : '';
}
