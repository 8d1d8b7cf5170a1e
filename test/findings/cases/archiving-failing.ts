import { archivingFailing } from '../../../src/alerts/detectors/compute/archiving-failing.ts';
import { compute, eachLook, server } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

interface Counts {
  readonly archived: number;
  readonly failed: number;
}

const counted = ({ archived, failed }: Counts) => [
  server({
    archiver: [
      {
        texts: {},
        values: {
          pg_stat_archiver_archived_count: BigInt(archived),
          pg_stat_archiver_failed_count: BigInt(failed),
          pg_stat_archiver_last_archive_age: archived === 0 ? null : 30,
        },
      },
    ],
  }),
];

/** Three attempts a minute fail; or a file a minute is archived. */
const failing = (forMs: number, { archived, failed }: Counts) =>
  eachLook(forMs, (atMs) => counted({ archived, failed: failed + 3 * Math.floor(atMs / 60_000) }));
const working = (forMs: number, { archived, failed }: Counts) =>
  eachLook(forMs, (atMs) => counted({ archived: archived + Math.floor(atMs / 60_000), failed }));

const firing = ['compute main'];

export const cases: FindingCases = {
  detector: archivingFailing,
  cases: [
    {
      name: 'does not fire while files are archived',
      steps: working(1_800_000, { archived: 9, failed: 4 }),
      firing: [],
    },
    {
      name: 'does not fire where nothing is archived',
      steps: [{ forMs: 1_800_000, world: counted({ archived: 0, failed: 0 }) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when every attempt of ten minutes has failed',
      steps: [
        ...working(600_000, { archived: 9, failed: 0 }),
        ...failing(1_200_000, { archived: 18, failed: 0 }),
      ],
      firing,
    },
    {
      name: 'does not fire for an object store that is away for five minutes',
      steps: [
        ...working(600_000, { archived: 9, failed: 0 }),
        ...failing(300_000, { archived: 18, failed: 0 }),
        ...working(600_000, { archived: 19, failed: 12 }),
      ],
      firing: [],
    },
    {
      name: 'does not fire before it has lasted for ten minutes',
      steps: [
        ...working(600_000, { archived: 9, failed: 0 }),
        ...failing(630_000, { archived: 18, failed: 0 }),
      ],
      firing: [],
    },
    {
      name: 'does not fire for failures long ago that nothing followed',
      steps: [{ forMs: 1_800_000, world: counted({ archived: 0, failed: 40 }) }],
      firing: [],
    },
    {
      name: 'resolves when archiving works again',
      steps: [
        ...working(600_000, { archived: 9, failed: 0 }),
        ...failing(1_200_000, { archived: 18, failed: 0 }),
        ...working(600_000, { archived: 19, failed: 57 }),
      ],
      firing: [],
    },
    {
      name: 'resolves when archiving was switched off',
      steps: [
        ...working(600_000, { archived: 9, failed: 0 }),
        ...failing(1_200_000, { archived: 18, failed: 0 }),
        { forMs: 900_000, world: counted({ archived: 18, failed: 57 }) },
      ],
      firing: [],
    },
    {
      name: 'goes on firing while the server cannot be read',
      steps: [
        ...failing(1_200_000, { archived: 18, failed: 0 }),
        { forMs: 1_800_000, world: [failure('postgres', compute, 'timeout')] },
      ],
      firing,
      unknown: ['*'],
      onlyDetector: 'series of a server that cannot be read vanish',
    },
    {
      name: 'says unknown when it may not see the archiver',
      steps: [
        {
          forMs: 60_000,
          world: [server({}, { skippedParts: [{ part: 'archiver', reason: 'no_privilege' }] })],
        },
      ],
      firing: [],
      unknown: ['compute main'],
    },
  ],
};
