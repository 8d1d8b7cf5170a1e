import type { World } from '../world/api.ts';
import { answerOf, type HttpAnswer, notFound } from './answer.ts';
import type { RequestCounts } from './controller-metrics.ts';
import type { RequestLog } from './request-log.ts';
import { findRoute, type Route, runRoute } from './router.ts';
import type { Handle, Request } from './service.ts';
import { scopeRefusal, type TokenKeys } from './tokens.ts';

/** What a service is made of, and what all of them share. */
export interface DeskOptions {
  readonly name: string;
  readonly world: World;
  readonly routes: readonly Route[];
  readonly log: RequestLog;
  /** Absent: nobody is asked for a token. */
  readonly keys?: TokenKeys | undefined;
  /** Whether nobody is asked for a token at the moment, although there are keys. */
  readonly isOpen?: () => boolean;
  /** What is said to a route or method that is not there; the controller's words when absent. */
  readonly unknown?: HttpAnswer;
  /** Asked before anything else, as the controller's `admit`. */
  readonly admit?: World['controller']['admit'];
  readonly counts?: RequestCounts;
  /** Lets the world catch up with the clock. */
  readonly before: () => void;
  /** After a request that may have changed something. */
  readonly after: () => void;
}

const looking = new Set(['GET', 'HEAD', 'OPTIONS']);

function routeAnswer(options: DeskOptions, request: Request): HttpAnswer | Promise<HttpAnswer> {
  const { routes, keys, unknown = notFound, world, isOpen = () => false } = options;
  const { method, path } = request;
  const match = findRoute(routes, method, path);
  if (keys !== undefined && !isOpen() && match?.route.allowed !== 'no token') {
    const claims = keys.check(request.authorization, world.nowMs());
    if ('status' in claims) return claims;
    const refused = scopeRefusal(match?.route.allowed ?? 'any token', claims, path);
    if (refused !== undefined) return refused;
  }
  const admitted = options.admit?.(method, path);
  if (typeof admitted === 'object') return answerOf(admitted);
  if (match !== undefined) return runRoute(match, request);
  const isPreflight = method === 'OPTIONS' && findRoute(routes, 'GET', path) !== undefined;
  return isPreflight ? { status: 204, body: '' } : unknown;
}

/** Puts routes, tokens, the log and the state of the process together. */
export function openDesk(options: DeskOptions): Handle {
  const { name, world, routes, log, counts, admit, before, after } = options;
  return (request) => {
    before();
    const { method, path, text: body } = request;
    const admitted = admit?.(method, path);
    if (admitted === 'refused') return 'drop';
    if (admitted === 'hang') return 'hold';
    const answered = looking.has(method)
      ? undefined
      : log.add({ atMs: world.nowMs(), service: name, method, path, body });
    const note = (answer: HttpAnswer): HttpAnswer => {
      answered?.(answer.status);
      const routeName = findRoute(routes, method, path)?.route.name;
      if (routeName !== undefined) counts?.add(routeName, method, answer.status);
      return answer;
    };
    const answer = routeAnswer(options, request);
    if (answered !== undefined) after();
    return answer instanceof Promise ? answer.then(note) : note(answer);
  };
}
