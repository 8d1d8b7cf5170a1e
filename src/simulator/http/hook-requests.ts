import { request } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { World } from '../world/api.ts';
import type { AttachNotification, HookAnswer, HookPort, SafekeepersNotification } from '../world/hook-api.ts';
import { type HttpAnswer, jsonAnswer } from './answer.ts';
import { flag, nullable, sequence, struct, text, unsigned } from './decode.ts';
import { type Route, withBody } from './router.ts';

/** The controller gives a hook this long. */
const hookTimeoutMs = 10_000;

/** Sends each notification as the controller does: a PUT of the body to `url` and the notification's path. */
export function hookOverHttp(url: string, clock: Clock): HookPort {
  return (notification, answered) => {
    let isAnswered = false;
    const answer = (outcome: HookAnswer): void => {
      if (isAnswered) return;
      isAnswered = true;
      cancel();
      answered(outcome);
    };
    const body = JSON.stringify(notification.body);
    const headers = { 'content-type': 'application/json', accept: '*/*' };
    const sent = request(
      `${url.replace(/\/$/, '')}${notification.path}`,
      { method: 'PUT', headers: { ...headers, 'content-length': Buffer.byteLength(body) }, agent: false },
      (response) => {
        response.resume();
        answer(response.statusCode ?? 'refused');
      },
    );
    const cancel = clock.after(hookTimeoutMs, () => {
      answer('timeout');
      sent.destroy();
    });
    sent.on('error', () => answer('refused'));
    sent.end(body);
  };
}

const u64 = unsigned('u64', Number.MAX_SAFE_INTEGER);

const attachNotification = struct(
  { name: 'ComputeHookNotifyRequest' },
  {
    tenant_id: text,
    shards: sequence(struct({ name: 'Shard' }, { node_id: u64, shard_number: u64 }, {})),
  },
  { preferred_az: nullable(text), stripe_size: nullable(u64) },
);

const safekeepersNotification = struct(
  { name: 'SafekeepersNotifyRequest' },
  {
    tenant_id: text,
    timeline_id: text,
    generation: u64,
    safekeepers: sequence(struct({ name: 'SafekeeperInfo' }, { id: u64 }, { hostname: nullable(text) })),
  },
  { force: flag },
);

/** A hook's answer as its server gives it; `refused` breaks the connection, `timeout` never comes. */
function hookAnswer(receive: (answered: (answer: HookAnswer) => void) => void): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    receive((answer) => {
      if (answer === 'refused') resolve({ status: 0, body: '' });
      else if (answer !== 'timeout') resolve(jsonAnswer(answer, null));
    });
  });
}

/** The hook as a server: whoever sends it a notification meets the world's hook as it behaves at the time. */
export function hookRoutes({ hook }: World): readonly Route[] {
  return [
    {
      method: 'PUT',
      path: '/notify-attach',
      name: 'notify_attach',
      allowed: 'no token',
      answer: withBody(attachNotification, (_, given) => {
        const body: AttachNotification = {
          tenant_id: given.tenant_id,
          preferred_az: given.preferred_az ?? null,
          stripe_size: given.stripe_size ?? null,
          shards: given.shards,
        };
        return hookAnswer((answered) => hook.receive({ path: '/notify-attach', body }, answered));
      }),
    },
    {
      method: 'PUT',
      path: '/notify-safekeepers',
      name: 'notify_safekeepers',
      allowed: 'no token',
      answer: withBody(safekeepersNotification, (_, { force, ...given }) => {
        const safekeepers = given.safekeepers.map(({ id, hostname }) => ({ id, hostname: hostname ?? null }));
        const body: SafekeepersNotification = { ...given, safekeepers };
        return hookAnswer((answered) => hook.receive({ path: '/notify-safekeepers', body }, answered));
      }),
    },
  ];
}
