import type { World } from '../world/api.ts';
import { badRequest, errorAnswer, jsonAnswer } from './answer.ts';
import { type Decoder, flag, mapOf, struct, text, unsigned } from './decode.ts';
import type { RequestLog } from './request-log.ts';
import { type Asked, type Route, withBody } from './router.ts';

/** A world's day: longer steps are made of several requests. */
const maxAdvanceMs = 86_400_000;
const eventsAtOnce = 1_000;

const argument: Decoder<string | number> = (located, path) =>
  located.kind === 'number' ? located.value : text(located, path);

const faultSwitch = struct({ name: 'FaultSwitch' }, {}, { on: flag, arguments: mapOf(argument) });
const step = struct({ name: 'Step' }, { ms: unsigned('ms', maxAdvanceMs) }, {});

function since({ query }: Asked): number {
  return Number(query.get('since') ?? 0) || 0;
}

/** `{"since": 3}` of a page and what comes behind it, at most `eventsAtOnce`. */
function latest<Entry extends { readonly seq: number }>(entries: readonly Entry[]): readonly Entry[] {
  return entries.slice(-eventsAtOnce);
}

/** What `GET /_sim` says: the routes beside it. */
export const simIndex = {
  'GET /_sim/world': 'nodes, shards, the operation under way, the hook and what is broken, in numbers',
  'GET /_sim/faults': 'what can be broken, with its arguments, and what is',
  'POST /_sim/faults/NAME': 'break it, or mend it: {"on": true, "arguments": {"node": 1}}, both optional',
  'POST /_sim/advance': 'let time pass at once: {"ms": 30000}',
  'GET /_sim/requests?since=SEQ': 'requests that change something, the latest',
  'GET /_sim/events?since=SEQ': "the world's log, the latest, and the hash of all of it",
  'GET /_sim/notifications': 'what was sent to the hook, the latest',
};

/** To look at the world and to break it. */
export function simRoutes(world: World, log: RequestLog, moved: () => void): readonly Route[] {
  const get = (path: string, answer: Route['answer']): Route => ({
    method: 'GET',
    path,
    name: path,
    allowed: 'no token',
    answer,
  });
  const post = (path: string, answer: Route['answer']): Route => ({ ...get(path, answer), method: 'POST' });
  return [
    get('/_sim', () => jsonAnswer(200, simIndex)),
    get('/_sim/world', () => jsonAnswer(200, world.snapshot())),
    get('/_sim/faults', () =>
      jsonAnswer(200, { faults: world.faults.list(), active: world.faults.active() }),
    ),
    post('/_sim/faults/:fault', (asked) =>
      withBody(faultSwitch, (_, { on = true, arguments: given }) => {
        const name = asked.param('fault').replaceAll('-', '_');
        if (!world.faults.list().some((fault) => fault.name === name)) {
          return errorAnswer(404, `there is no fault ${name}`);
        }
        const problem = on ? world.faults.on(name, given) : world.faults.off(name, given);
        moved();
        return problem === undefined
          ? jsonAnswer(200, { active: world.faults.active() })
          : badRequest(problem);
      })({ ...asked, text: asked.text === '' ? '{}' : asked.text }),
    ),
    post(
      '/_sim/advance',
      withBody(step, (_, { ms }) => {
        world.advance(ms);
        moved();
        return jsonAnswer(200, { nowMs: world.nowMs() });
      }),
    ),
    get('/_sim/requests', (asked) => jsonAnswer(200, { requests: latest(log.since(since(asked))) })),
    get('/_sim/events', (asked) => {
      const { count } = world.events;
      const events = latest(world.events.since(since(asked)));
      return jsonAnswer(200, { count, hash: world.events.hash(), events });
    }),
    get('/_sim/notifications', () =>
      jsonAnswer(200, { notifications: world.hook.sent.slice(-eventsAtOnce) }),
    ),
  ];
}
