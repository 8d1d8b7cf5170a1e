import { connstringNotPersisted } from '../../../src/alerts/detectors/drift/connstring-not-persisted.ts';
import {
  clusterWorld,
  computeOn,
  files,
  type Live,
  mainCompute,
  nextStart,
  placed,
  sharded,
  tenantOn,
} from '../drift-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure, type World } from '../world.ts';

const minute = 60_000;

/** In sync, with what the case says of the files. */
function inSync(changed: Partial<Live>): World {
  return [...clusterWorld(), computeOn([1, 2], changed)];
}

const shadowed = files({ isConnstringShadowed: true });
const notPersisted = [`compute ${mainCompute} [NOT_PERSISTED]`];

/** What config.json may say, and whether that is as it is now. */
const fileCases: readonly (readonly [what: string, next: Live['nextStart'], isSame: boolean])[] = [
  ['the same', nextStart([1, 2]), true],
  ['the same as URIs', nextStart(['postgres://no_user@pageserver1:6400', 2]), true],
  ['another order', nextStart([2, 1]), false],
  ['another pageserver', nextStart([1, 3]), false],
  ['fewer pageservers', nextStart([1]), false],
  ['no pageservers', nextStart([]), false],
  ['another stripe size', nextStart([1, 2], { stripeSizeBlocks: 32_768 }), false],
  ['another tenant', nextStart([1, 2], { matchesLive: new Map([['neon.tenant_id', false]]) }), false],
  ['something that is no connection string', nextStart(['host=']), false],
];

export const cases: FindingCases = {
  detector: connstringNotPersisted,
  cases: [
    ...fileCases.map(([what, next, isSame]) => ({
      name: `${isSame ? 'does not fire' : 'fires'} when config.json says ${what}`,
      steps: [{ forMs: 12 * minute, world: inSync({ nextStart: next }) }],
      firing: isSame ? [] : notPersisted,
      unknown: [],
    })),
    {
      name: 'fires when postgresql.auto.conf hides another string and config.json cannot be read',
      steps: [{ forMs: 12 * minute, world: inSync({ files: shadowed }) }],
      firing: [`compute ${mainCompute} [SHADOWED]`],
    },
    {
      name: 'does not fire for a hidden string when config.json has the right one',
      steps: [{ forMs: 12 * minute, world: inSync({ files: shadowed, nextStart: nextStart([1, 2]) }) }],
      firing: [],
    },
    {
      name: 'does not fire when neither file can be read',
      steps: [{ forMs: 12 * minute, world: inSync({ files: undefined }) }],
      firing: [],
    },
    {
      name: 'ignores the stripe size of an unsharded tenant',
      steps: [
        {
          forMs: 12 * minute,
          world: [...clusterWorld(), computeOn([3], { nextStart: nextStart([3], { stripeSizeBlocks: 16 }) })],
        },
      ],
      firing: [],
    },
    {
      name: 'does not fire before ten minutes',
      steps: [
        { forMs: minute, world: inSync({ nextStart: nextStart([1, 2]) }) },
        { forMs: 10 * minute, world: inSync({ nextStart: nextStart([2, 1]) }) },
      ],
      firing: [],
    },
    {
      name: 'fires at ten minutes',
      steps: [
        { forMs: minute, world: inSync({ nextStart: nextStart([1, 2]) }) },
        { forMs: 10 * minute + 15_000, world: inSync({ nextStart: nextStart([2, 1]) }) },
      ],
      firing: notPersisted,
    },
    {
      name: 'leaves a compute that is wrong now to connstring_drift',
      steps: [
        {
          forMs: 12 * minute,
          world: [...clusterWorld(), computeOn([2, 1], { nextStart: nextStart([2, 1]) })],
        },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'says nothing while the tenant moves',
      steps: [
        {
          forMs: 12 * minute,
          world: [
            ...placed(tenantOn([1, 2], { flags: { isReconciling: true } })),
            computeOn([1, 2], { nextStart: nextStart([2, 1]), tenantId: sharded }),
          ],
        },
      ],
      firing: [],
      unknown: [`compute ${mainCompute}`],
    },
    {
      name: 'says nothing when the compute cannot be read',
      steps: [
        {
          forMs: 12 * minute,
          world: [
            ...clusterWorld(),
            failure('compute_settings', mainCompute, 'refused'),
            computeOn([3], {}, 'other'),
          ],
        },
      ],
      firing: [],
      unknown: [`compute ${mainCompute}`],
    },
    {
      name: 'resolves when config.json has been right for two minutes',
      steps: [
        { forMs: 12 * minute, world: inSync({ nextStart: nextStart([2, 1]) }) },
        { forMs: 5 * minute, world: inSync({ nextStart: nextStart([1, 2]) }) },
      ],
      firing: [],
    },
  ],
};
