import type { Mutation } from './action.ts';

/** One route of the storage controller that may be sent, and why. */
interface MutatingRoute {
  readonly method: 'PUT' | 'DELETE';
  /** As docs have it: `/control/v1/node/:node_id/fill`. */
  readonly route: string;
  readonly pattern: RegExp;
  readonly why: string;
}

/** One statement that may be sent to a compute, and why. */
interface MutatingStatement {
  readonly statement: string;
  readonly pattern: RegExp;
  readonly why: string;
}

/** THE table of requests to the storage controller: what is not in it can never be sent. */
export const mutatingRoutes: readonly MutatingRoute[] = [
  {
    method: 'PUT',
    route: '/control/v1/node/:node_id/fill',
    pattern: /^\/control\/v1\/node\/\d{1,15}\/fill$/,
    why: 'fill one pageserver with shards whose secondaries it has',
  },
  {
    method: 'DELETE',
    route: '/control/v1/node/:node_id/fill',
    pattern: /^\/control\/v1\/node\/\d{1,15}\/fill$/,
    why: 'cancel a fill of our own that takes too long',
  },
];

/** Host and port as they need no quoting, neither in SQL nor in libpq. */
const entry = String.raw`host=(?:[\p{L}\p{N}_][\p{L}\p{N}_.-]*|[0-9a-f:]*:[0-9a-f:.]+) port=[1-9]\d{0,4}`;

/** THE table of statements to a compute. A value has no quote, no backslash and no semicolon in it. */
const mutatingStatements: readonly MutatingStatement[] = [
  {
    statement: "ALTER SYSTEM SET neon.stripe_size = '<blocks>'",
    pattern: /^ALTER SYSTEM SET neon\.stripe_size = '[1-9]\d{0,9}'$/,
    why: 'set what the storage controller says, before the connection string',
  },
  {
    statement: "ALTER SYSTEM SET neon.pageserver_connstring = '<host=… port=…,…>'",
    pattern: new RegExp(
      `^ALTER SYSTEM SET neon\\.pageserver_connstring = '${entry}(?:,${entry}){0,127}'$`,
      'iu',
    ),
    why: 'set where the shards are, in their order',
  },
  {
    statement: 'SELECT pg_reload_conf()',
    pattern: /^SELECT pg_reload_conf\(\)$/,
    why: 'have the compute take over what its files say',
  },
];

/** Whether a request is in the closed table; whoever sends must ask first. */
export function mayBeSent(mutation: Mutation): boolean {
  if (mutation.to === 'storage_controller') {
    return mutatingRoutes.some(
      ({ method, pattern }) => method === mutation.method && pattern.test(mutation.path),
    );
  }
  return (
    mutation.statements.length > 0 &&
    mutation.statements.every((text) => mutatingStatements.some(({ pattern }) => pattern.test(text)))
  );
}
