import { wraparound } from '../../../src/alerts/detectors/compute/wraparound.ts';
import { compute, server } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

const ages = (xids: number, multixacts = 0, freezeAge = 200_000_000) => [
  server(
    {
      wraparound: [
        {
          texts: { datname: 'shop' },
          values: {
            pg_database_wraparound_age_datfrozenxid_seconds: BigInt(xids),
            pg_database_wraparound_age_datminmxid_seconds: BigInt(multixacts),
          },
        },
        {
          texts: { datname: 'postgres' },
          values: {
            pg_database_wraparound_age_datfrozenxid_seconds: 1000n,
            pg_database_wraparound_age_datminmxid_seconds: 0n,
          },
        },
      ],
    },
    {
      settings: new Map([
        ['pg_settings_autovacuum_freeze_max_age', { value: freezeAge, unit: undefined }],
        ['pg_settings_autovacuum_multixact_freeze_max_age', { value: 400_000_000, unit: undefined }],
      ]),
    },
  ),
];
const firing = ['database main/shop'];
const forMs = 660_000;

export const cases: FindingCases = {
  detector: wraparound,
  cases: [
    {
      name: 'does not fire while autovacuum freezes in time',
      steps: [{ forMs, world: ages(199_000_000) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire while a forced autovacuum has work to do',
      steps: [{ forMs, world: ages(300_000_000) }],
      firing: [],
    },
    { name: 'fires when it is half as old again', steps: [{ forMs, world: ages(300_000_001) }], firing },
    { name: 'fires for multixacts, too', steps: [{ forMs, world: ages(1000, 600_000_001) }], firing },
    {
      name: 'does not fire below half of all ids where freezing was put off by setting',
      steps: [{ forMs, world: ages(1_073_741_823, 0, 1_500_000_000) }],
      firing: [],
    },
    {
      name: 'fires from half of all ids on, whatever the setting',
      steps: [{ forMs, world: ages(1_073_741_824, 0, 1_500_000_000) }],
      firing,
    },
    { name: 'fires near the end', steps: [{ forMs, world: ages(2_100_000_000) }], firing },
    {
      name: 'does not fire within ten minutes',
      steps: [{ forMs: 600_000, world: ages(2_100_000_000) }],
      firing: [],
    },
    {
      name: 'resolves when it was frozen',
      steps: [
        { forMs, world: ages(2_100_000_000) },
        { forMs: 720_000, world: ages(50_000_000) },
      ],
      firing: [],
    },
    {
      name: 'says unknown without a look at pg_database',
      steps: [
        {
          forMs: 60_000,
          world: [server({}, { skippedParts: [{ part: 'wraparound', reason: 'no_privilege' }] })],
        },
      ],
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'says unknown of a server that cannot be read',
      steps: [{ forMs: 60_000, world: [failure('postgres', compute, 'refused')] }],
      firing: [],
      unknown: ['*'],
    },
  ],
};
