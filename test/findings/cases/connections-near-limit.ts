import { connectionsNearLimit } from '../../../src/alerts/detectors/compute/connections-near-limit.ts';
import { activity, compute, connections, health, settings } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

/** Of 97 that ordinary roles may have. */
const used = (count: number) => [
  settings(),
  health({ activity: activity({ connections: connections(count) }) }),
];
const shutOut = [
  failure('compute_settings', compute, 'refused', { sqlState: '53300' }),
  failure('compute_health', compute, 'refused', { sqlState: '53300' }),
];
const firing = ['compute main'];

export const cases: FindingCases = {
  detector: connectionsNearLimit,
  cases: [
    {
      name: 'does not fire with connections to spare',
      steps: [{ forMs: 600_000, world: used(20) }],
      firing: [],
    },
    { name: 'fires with nine tenths taken', steps: [{ forMs: 180_000, world: used(88) }], firing },
    { name: 'does not fire just below', steps: [{ forMs: 600_000, world: used(87) }], firing: [] },
    { name: 'fires when all are taken', steps: [{ forMs: 180_000, world: used(97) }], firing },
    { name: 'fires when we are shut out ourselves', steps: [{ forMs: 180_000, world: shutOut }], firing },
    {
      name: 'leaves out what is reserved since Postgres 16',
      steps: [
        {
          forMs: 180_000,
          world: [
            settings(),
            health({ reservedConnections: 57, activity: activity({ connections: connections(36) }) }),
          ],
        },
      ],
      firing,
    },
    { name: 'does not fire within two minutes', steps: [{ forMs: 120_000, world: used(97) }], firing: [] },
    {
      name: 'does not fire for a burst of a minute',
      steps: [
        { forMs: 60_000, world: used(95) },
        { forMs: 120_000, world: used(20) },
      ],
      firing: [],
    },
    {
      name: 'fires earlier where that is wanted',
      thresholds: { compute: { connectionsInUse: 0.5 } },
      steps: [{ forMs: 180_000, world: used(49) }],
      firing,
    },
    {
      name: 'resolves when five minutes have been quiet',
      steps: [
        { forMs: 180_000, world: used(95) },
        { forMs: 420_000, world: used(20) },
      ],
      firing: [],
    },
    {
      name: 'goes on firing while the compute cannot be read',
      steps: [
        { forMs: 180_000, world: used(95) },
        {
          forMs: 900_000,
          world: [
            failure('compute_settings', compute, 'timeout'),
            failure('compute_health', compute, 'timeout'),
          ],
        },
      ],
      firing,
      unknown: firing,
    },
  ],
};
