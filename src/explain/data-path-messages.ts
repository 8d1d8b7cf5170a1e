import { type KnownMessage, known } from './explanation.ts';

const doctor = {
  text: 'Let neonwatch compare all four witnesses.',
  command: 'neonwatch doctor --tenant TENANT',
};

/** Lines in the logs of pageservers and computes that lead people astray. */
export const dataPathMessages: readonly KnownMessage[] = [
  known(
    'routed to wrong shard',
    /request routed to wrong shard/i,
    "a line of a pageserver's log",
    'A compute asked this pageserver for a page of a shard that is not here. Three causes: its connection string has drifted; a shard is just moving (blips are normal); or the tenant is not on this node at all. The line alone proves none of them.',
    [
      doctor,
      {
        text: 'See whether it lasts: pageserver_misrouted_pagestream_requests_total of the metrics of that pageserver goes on rising.',
      },
    ],
    [
      'restarting the compute hook: it is a receiver and sends nothing again',
      'restarting the compute: it starts with the connection string of its config.json, which may be older still',
      'migrating shards together for the sake of it: that hides the drift until the next move',
    ],
  ),
  known(
    'stripe size unset',
    /unrecognized configuration parameter "neon\.shard_stripe_size"/,
    "a line of a compute's log",
    'There is no such setting: it is neon.stripe_size, counted in blocks of 8 kB.',
    [
      {
        text: 'Read it in blocks.',
        command: `psql "$compute_dsn" -c "select setting from pg_settings where name = 'neon.stripe_size'"`,
      },
    ],
  ),
  known(
    'wait for LSN',
    /(?:timed out|timeout) while waiting for WAL record at LSN/i,
    "a line of a pageserver's or a compute's log",
    'The pageserver has not received the WAL that the compute asks for: the way compute → safekeepers → broker → pageserver is interrupted or slow.',
    [{ text: 'Look at safekeepers and broker before the pageserver.', command: 'neonwatch doctor' }],
  ),
  known(
    'tenant initializing',
    /Tenant map is initializing or shutting down/,
    'an answer of a pageserver (503)',
    'It has just started or is stopping. What it lists now is not complete.',
    [{ text: 'Wait until pageserver_startup_is_loading is 0.' }],
  ),
  known(
    'ongoing migration',
    /ongoing migration/i,
    'an answer of the storage controller (503)',
    'It asked the pageserver of shard zero, which does not hold the shard just now. Rewritten from 404, since a migration is the usual reason.',
    [doctor],
  ),
  known(
    'could not connect to pageserver',
    /(?:could not (?:connect to|establish connection to) pageserver|\[shard \d+\].*(?:could not|lost connection))/i,
    "a line of a compute's log",
    'The compute cannot reach the pageserver of a shard at the address it was given, and tries up to 60 times while its sessions wait.',
    [doctor],
    ['restarting the compute before its config.json was looked at'],
  ),
  known(
    'blocked by compute hook',
    /notify-attach|control plane (?:request|notification)/i,
    "a line of the controller's or the hook's log",
    'The controller tells the control plane of every move by PUT /notify-attach. A failure keeps is_pending_compute_notification true and is tried again at the next background pass, about every 20 s.',
    [
      {
        text: 'See which shards wait.',
        command:
          "curl -sS $storcon_api/control/v1/tenant | jq -r '.[].shards[] | select(.is_pending_compute_notification).tenant_shard_id'",
      },
      { text: 'Then whether the hook answers at all.', command: 'neonwatch doctor' },
    ],
    ['POST /debug/v1/reconcile_all: it does not send again what was acknowledged'],
  ),
];
