import { badRequest, type HttpAnswer } from './answer.ts';
import { type Decoder, parseBody } from './decode.ts';

/** Who may ask: a token of one of these scopes (`admin` is among them where Neon lets it), any token, or nobody has to. */
export type Allowed = readonly string[] | 'no token' | 'any token';

/** A request on its way to a handler; path members are checked. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  /** The path's member of that name: `node_id`, `tenant_id`, `tenant_shard_id`. */
  param(name: string): string;
  readonly query: URLSearchParams;
  readonly text: string;
}

export interface Route {
  readonly method: string;
  /** `/control/v1/node/:node_id/fill`; a last `*` stands for the rest. */
  readonly path: string;
  /** `control_v1_node_fill`: the label of the controller's own request metrics. */
  readonly name: string;
  readonly allowed: Allowed;
  readonly answer: (asked: Asked) => HttpAnswer | Promise<HttpAnswer>;
}

/** How path members look; another spelling is a 400 that names the member. */
const members: Readonly<Record<string, RegExp>> = {
  node_id: /^\d{1,15}$/,
  id: /^\d{1,15}$/,
  tenant_id: /^[0-9a-f]{32}$/i,
  timeline_id: /^[0-9a-f]{32}$/i,
  tenant_shard_id: /^[0-9a-f]{32}(-[0-9a-f]{4})?$/i,
};

interface Match {
  readonly route: Route;
  readonly params: ReadonlyMap<string, string>;
}

function matchPath(pattern: string, path: string): ReadonlyMap<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  const params = new Map<string, string>();
  for (const [at, member] of wanted.entries()) {
    if (member === '*') return params;
    const part = given[at];
    if (part === undefined) return undefined;
    if (member.startsWith(':') && part !== '') params.set(member.slice(1), part);
    else if (member !== part) return undefined;
  }
  return given.length === wanted.length ? params : undefined;
}

/** The route for a method and path; one slash at the end makes no difference. */
export function findRoute(routes: readonly Route[], method: string, path: string): Match | undefined {
  const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  for (const route of routes) {
    if (route.method !== method) continue;
    const params = matchPath(route.path, plain);
    if (params !== undefined) return { route, params };
  }
  return undefined;
}

/** Checks the path's members and runs the handler. */
export function runRoute(
  { route, params }: Match,
  request: Pick<Asked, 'method' | 'path' | 'query' | 'text'>,
): HttpAnswer | Promise<HttpAnswer> {
  for (const [name, value] of params) {
    if (members[name]?.test(value) === false) return badRequest(`failed to parse ${name}`);
  }
  return route.answer({ ...request, param: (name) => params.get(name)?.toLowerCase() ?? '' });
}

/** Parses the body and runs `handle`, or says what is wrong with it. */
export function withBody<Value>(
  decoder: Decoder<Value>,
  handle: (asked: Asked, body: Value) => HttpAnswer | Promise<HttpAnswer>,
): Route['answer'] {
  return (asked) => {
    const parsed = parseBody(asked.text, decoder);
    return parsed.ok ? handle(asked, parsed.value) : badRequest(parsed.message);
  };
}
