import { vectorIndexInvalid } from '../../../src/alerts/detectors/neurondb/vector-index-invalid.ts';
import type { FindingCases } from '../finding-case.ts';
import { away, index, vectors } from '../neurondb-world.ts';

const subject = 'relation main/postgres/public.items_idx';
const well = [vectors([index()])];
const invalid = [vectors([index('items_idx', { isValid: false }), index('other_idx')])];

export const cases: FindingCases = {
  detector: vectorIndexInvalid,
  cases: [
    {
      name: 'does not fire for a valid index',
      steps: [{ forMs: 600_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires for an index that a failed build left behind',
      steps: [{ forMs: 330_000, world: invalid }],
      firing: [`${subject} [invalid]`],
    },
    {
      name: 'fires for an index that writes do not keep up to date',
      steps: [{ forMs: 330_000, world: [vectors([index('items_idx', { isValid: false, isReady: false })])] }],
      firing: [`${subject} [not_ready]`],
    },
    {
      name: 'does not fire before five minutes, for a build has moments in which nobody seems to do it',
      steps: [{ forMs: 300_000, world: invalid }],
      firing: [],
    },
    {
      name: 'does not fire for an index that is being built for hours',
      steps: [
        { forMs: 7_200_000, world: [vectors([index('items_idx', { isValid: false, isBuilding: true })])] },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not know of an invalid index where our role may not see who builds',
      steps: [
        { forMs: 600_000, world: [vectors([index('items_idx', { isValid: false, isBuilding: undefined })])] },
      ],
      firing: [],
      unknown: [subject],
    },
    {
      name: 'goes on firing while one database cannot be entered',
      steps: [
        { forMs: 330_000, world: invalid },
        {
          forMs: 600_000,
          world: [vectors([], [], 'app', [{ part: 'database', reason: 'timeout' }])],
        },
      ],
      firing: [`${subject} [invalid]`],
      unknown: ['compute main'],
      onlyDetector: 'series of a database that cannot be entered vanish',
    },
    {
      name: 'does not begin to fire while the compute cannot be read',
      steps: [
        { forMs: 150_000, world: invalid },
        { forMs: 600_000, world: away('vector_indexes') },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when it was rebuilt',
      steps: [
        { forMs: 330_000, world: invalid },
        { forMs: 180_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'resolves when it was dropped',
      steps: [
        { forMs: 330_000, world: invalid },
        { forMs: 180_000, world: [vectors([index('other_idx')])] },
      ],
      firing: [],
    },
  ],
};
