import { mustHaveRecorded, type RecordedAnswer } from './world.ts';

/** Scopes that Neon's tokens carry (libs/utils/src/auth.rs). */
const scopes = [
  'admin',
  'infra',
  'scrubber',
  'pageserverapi',
  'safekeeperdata',
  'generations_api',
  'controller_peer',
  'tenant',
  'tenantendpoint',
] as const;

type Scope = (typeof scopes)[number];
type Rule = readonly [route: RegExp, allowed: readonly Scope[] | 'no token' | 'any token'];

/** First match wins; the last line of each list is what holds for every other route, known or not. */
const controllerRules: readonly Rule[] = [
  [/^\/(status|ready|live|metrics)$/, 'no token'],
  [/^\/control\/v1\/(node|safekeeper)(\/[^/]*)?$/, ['infra', 'admin']],
  [/^\/control\/v1\/(tenant\/[^/]+|metadata_health\/.*)$/, ['scrubber', 'admin']],
  [/^\/v1\/tenant/, ['pageserverapi', 'admin']],
  [/^/, ['admin']],
];
const pageserverRules: readonly Rule[] = [
  [/^\/(v1\/status|metrics)$/, 'no token'],
  [/^\/v1\/location_config$/, 'any token'],
  [/^/, ['pageserverapi']],
];

const headerMissing = mustHaveRecorded('auth', 'storcon', '/control/v1/node', 'notoken');
const headerMalformed = mustHaveRecorded('auth', 'storcon', '/control/v1/node', 'basic');
const forbidden = mustHaveRecorded('auth', 'storcon', '/control/v1/node', 'garbage');

/**
 * What Neon answers instead when this token may not read this route, else undefined. `Bearer scope:infra` stands for
 * a valid token of that scope; any other bearer is one with a bad signature or past its time (the answers are the same).
 */
export function refusal(
  service: string,
  pathname: string,
  header: string | undefined,
): RecordedAnswer | undefined {
  const rules = service === 'storcon' ? controllerRules : pageserverRules;
  const allowed = rules.find(([route]) => route.test(pathname))?.[1] ?? [];
  if (allowed === 'no token') return undefined;
  if (header === undefined) return headerMissing;
  if (!header.startsWith('Bearer ')) return headerMalformed;
  const named = /^Bearer scope:(\w+)$/.exec(header)?.[1];
  const scope = scopes.find((candidate) => candidate === named);
  if (scope === undefined) return forbidden;
  return allowed === 'any token' || allowed.includes(scope) ? undefined : forbidden;
}
