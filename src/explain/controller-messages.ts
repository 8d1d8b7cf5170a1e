import { type KnownMessage, known } from './explanation.ts';

const what = 'an answer of the storage controller';
const describe = { text: 'See what every node is doing.', command: 'curl -sS $storcon_api/control/v1/node' };

/** Answers of the storage controller, as a real one gave them. The first that fits explains. */
export const controllerMessages: readonly KnownMessage[] = [
  {
    name: 'operation already running',
    pattern: /Background operation already ongoing for node: (fill|drain|delete) (\d+)/,
    explain: ([, operation = '', nodeId = '']) => ({
      what: `${what} (412)`,
      meaning: `One drain, fill or delete runs in the whole cluster at a time, and ${operation} of node ${nodeId} is running.`,
      facts: [`operation ${operation}`, `node ${nodeId}`],
      next: [
        {
          text: 'Wait until its policy has changed.',
          command: `curl -sS $storcon_api/control/v1/node/${nodeId}`,
        },
        {
          text: 'Or cancel it; what has moved stays moved.',
          command: `curl -sS -X DELETE $storcon_api/control/v1/node/${nodeId}/${operation}`,
        },
      ],
      avoid: ['sending two node operations at once: the controller can crash on that race'],
    }),
  },
  {
    name: 'operation in progress by policy only',
    pattern: /Node (\d+) has (fill|drain|delete|deletion) in progress/i,
    explain: ([, nodeId = '', operation = '']) => ({
      what: `${what} (409)`,
      meaning: `The policy of node ${nodeId} says that a ${operation} is under way and nothing runs: the operation was lost, usually with a restart of the controller.`,
      facts: [`node ${nodeId}`],
      next: [
        {
          text: 'A cancel answers 412 then; setting the policy is the only way out.',
          command: `curl -sS -X PUT $storcon_api/control/v1/node/${nodeId}/config -d '{"node_id":${nodeId},"scheduling":"Active"}'`,
        },
      ],
      avoid: [],
    }),
  },
  known(
    'nothing to cancel',
    /Node (\d+) has no (fill|drain|deletion) in progress/,
    `${what} (412)`,
    'There is no such operation to cancel. If the policy says Filling or Draining all the same, the operation was lost with a restart of the controller.',
    [describe],
  ),
  known(
    'forbidden while an operation runs',
    /Ongoing background operation forbids configuring/,
    `${what} (412)`,
    'The configuration of nodes may not be changed while a drain or fill runs anywhere.',
    [describe],
  ),
  {
    name: 'policy forbids',
    pattern: /Node (\d+) cannot be (?:filled|drained) due to (\w+) policy/,
    explain: ([, nodeId = '', policy = '']) => ({
      what: `${what} (412)`,
      meaning:
        'A node can be drained or filled only while its policy is Active. After a drain it is PauseForRestart, and never becomes Active by itself: a restart of the pageserver or a change of its policy does that.',
      facts: [`node ${nodeId}`, `policy ${policy}`],
      next: [
        {
          text: 'Make it Active again when the maintenance is over.',
          command: `curl -sS -X PUT $storcon_api/control/v1/node/${nodeId}/config -d '{"node_id":${nodeId},"scheduling":"Active"}'`,
        },
      ],
      avoid: [],
    }),
  },
  known(
    'worse-scoring node',
    /Migration to a worse-scoring node/,
    `${what} (412)`,
    'The scheduler holds the destination for a worse place (zone, load) and refuses.',
    [
      {
        text: 'Ask first where the shard may go: neonwatch preflight migrate, with the ids of shard and node.',
      },
    ],
    [
      'override_scheduler: the optimizer moved such a shard back after about 43 s unless its policy is Essential or Pause',
    ],
  ),
  known(
    'moved meanwhile',
    /Migration expected to originate from \d+ but shard is on/,
    `${what} (412)`,
    'The shard has moved since you looked: origin_node_id protected you.',
    [{ text: 'Describe the tenant again and decide anew.' }],
    ['leaving origin_node_id out to get round it'],
  ),
  known(
    'timeout waiting for shard',
    /Timeout waiting for shard/,
    `${what} (408)`,
    'It waited 30 s and goes on in the background: the move was neither done nor given up.',
    [
      {
        text: 'Poll the tenant until is_reconciling is false.',
        command: 'curl -sS $storcon_api/control/v1/tenant/TENANT',
      },
    ],
    ['sending it again with other parameters while it runs'],
  ),
  known(
    'node not registered',
    /Node \d+ not (registered|found)/,
    what,
    'There is no such node. A migration answers 400, a look at the node 404; the shards of a node that is not there are 200 with an empty list.',
    [describe],
  ),
  known(
    'node unavailable',
    /Node \d+ (is currently unavailable|\([^)]*\) is unavailable)/,
    what,
    'The controller has not heard from this pageserver: it is Offline or WarmingUp, so nothing can be moved to or from it by an operation.',
    [describe],
  ),
  known(
    'shard not found',
    /Tenant shard not found|Shard [0-9a-f]{32}(-[0-9a-f]{4})? not found|failed to parse tenant_shard_id/,
    `${what} (404)`,
    'There is no shard of this id. The suffix is number then count in hexadecimal: two shards are -0002 and -0102, never -0001.',
    [{ text: 'Take the id from the tenant.', command: 'curl -sS $storcon_api/control/v1/tenant/TENANT' }],
  ),
  known(
    'tenant not found',
    /NotFound: [Tt]enant [0-9a-f]{32}/,
    `${what} or a pageserver (404)`,
    'It is not known here. A tenant whose policy is Detached vanishes from the controller altogether; on a pageserver it only means that this one does not hold the shard.',
    [
      {
        text: 'Ask the controller, not a pageserver.',
        command: 'curl -sS $storcon_api/control/v1/tenant/TENANT',
      },
    ],
    [
      'creating it again: with another shard count that makes overlapping shards and then a panic of the controller',
    ],
  ),
  known(
    'no token',
    /missing authorization header|malformed authorization header/,
    'an answer that refuses (401)',
    'The header must read `Authorization: Bearer TOKEN`, with a capital B.',
    [{ text: 'docs/tokens.md says which token allows what.' }],
  ),
  known(
    'bad token',
    /JWT authentication error/,
    'an answer that refuses (403)',
    'The token is of another key, expired, or of the wrong scope; the answer is the same for all three. The controller takes infra, scrubber and admin; pageservers take pageserverapi and refuse admin.',
    [{ text: 'docs/tokens.md says which scope each route needs.' }],
  ),
  known(
    'database away',
    /^\W*(?:msg\W+)?Shutting down\W*$/m,
    `${what} (503)`,
    'After 30 s, and with the process running on: its database cannot be reached. Lists still come from memory; nothing can be changed.',
    [{ text: 'Look at the database first.', command: 'psql "$storcon_dsn" -c "select 1"' }],
    ['restarting the controller while its database is away: it would not come up again'],
  ),
  known(
    'stepped down',
    /Leader is stepped down instance|stepped[ _]down/i,
    what,
    'This instance is no longer the leader and forwards to the one that is; where that is gone or itself, nothing answers.',
    [{ text: 'See who leads.', command: 'curl -sS $storcon_api/control/v1/leader' }],
    ['starting another controller without --address-for-peers: two would lead at once'],
  ),
];
