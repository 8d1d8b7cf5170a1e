import { controllerDatabaseDisagrees } from '../../../src/alerts/detectors/controller/controller-database-disagrees.ts';
import { database, databaseName, looksOfEach, threeNodes } from '../control-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { type Placed, shardText, tenants } from '../placement-world.ts';
import { failure, type World } from '../world.ts';

const subject = `controller_database ${databaseName}`;
const fiveMinutesMs = 315_000;
const placed = (names: readonly string[], flags: Placed['flags'] = {}) =>
  tenants(names.map((tenant) => ({ tenant, at: 1, with: [2], flags })));
const stored = (names: readonly string[]) =>
  database(
    undefined,
    names.map((name) => shardText(name)),
  );
const world = (api: readonly string[], inDatabase: readonly string[]): World => [
  threeNodes(),
  placed(api),
  stored(inDatabase),
];
const well = world(['1', '2'], ['1', '2']);
const name = (at: number) => (16 + at).toString(16);

export const cases: FindingCases = {
  detector: controllerDatabaseDisagrees,
  cases: [
    {
      name: 'does not fire while they agree',
      steps: [{ forMs: fiveMinutesMs, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire within five minutes',
      steps: [{ forMs: 300_000, world: world(['1'], ['1', '2']) }],
      firing: [],
    },
    {
      name: 'fires for a shard that only the database has',
      steps: [{ forMs: fiveMinutesMs, world: world(['1'], ['1', '2']) }],
      firing: [`${subject} [shard_only_in_database]`],
    },
    {
      name: 'fires for a shard that only the controller has',
      steps: [{ forMs: fiveMinutesMs, world: world(['1', '2'], ['1']) }],
      firing: [`${subject} [shard_only_in_api]`],
    },
    {
      name: 'fires for a node that only the database has',
      steps: [
        {
          forMs: fiveMinutesMs,
          world: [threeNodes(), placed([]), database(['active', 'active', 'active', 'active'])],
        },
      ],
      firing: [`${subject} [node_only_in_database]`],
    },
    {
      name: 'fires for a node that only the controller has',
      steps: [{ forMs: fiveMinutesMs, world: [threeNodes(), placed([]), database(['active', 'active'])] }],
      firing: [`${subject} [node_only_in_api]`],
    },
    {
      name: 'fires for a policy that differs',
      steps: [
        {
          forMs: fiveMinutesMs,
          world: [threeNodes({ scheduling: 'Pause' }), placed([]), database()],
        },
      ],
      firing: [`${subject} [node_policy]`],
    },
    {
      name: 'knows a policy in both spellings',
      steps: [
        {
          forMs: fiveMinutesMs,
          world: [
            threeNodes({ scheduling: 'PauseForRestart' }),
            placed([]),
            database(['active', 'pause_for_restart', 'active']),
          ],
        },
      ],
      firing: [],
    },
    {
      name: 'does not fire while tenants are made all the time, each time another one',
      steps: looksOfEach(60, (at) => world(['1', name(at)], ['1'])),
      firing: [],
    },
    {
      name: 'does not fire for a tenant in the middle of a split',
      steps: [
        {
          forMs: fiveMinutesMs,
          world: [threeNodes(), placed(['1'], { isSplitting: true }), stored([])],
        },
      ],
      firing: [],
    },
    {
      name: 'compares only nodes where placement came from the pageservers',
      steps: [
        {
          forMs: fiveMinutesMs,
          world: [threeNodes(), tenants([{ tenant: '1', at: 1, with: [] }], 'locations'), stored([])],
        },
      ],
      firing: [],
    },
    {
      name: 'is unknown while the database cannot be read',
      steps: [
        { forMs: 285_000, world: world(['1'], ['1', '2']) },
        {
          forMs: 300_000,
          world: [threeNodes(), placed(['1']), failure('controller_database', databaseName, 'refused')],
        },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'is unknown while the node list cannot be read',
      steps: [{ forMs: 300_000, world: [failure('nodes', controller, 'refused'), database()] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when they agree again',
      steps: [
        { forMs: fiveMinutesMs, world: world(['1'], ['1', '2']) },
        { forMs: 120_000, world: well },
      ],
      firing: [],
    },
  ],
};
