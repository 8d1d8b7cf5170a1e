import { computeProbeBlocked } from '../../../src/alerts/detectors/compute/compute-probe-blocked.ts';
import { compute, settings } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure, suspended } from '../world.ts';

const blocked = [failure('compute_settings', compute, 'timeout', { isConnected: true })];
const firing = ['compute main'];

export const cases: FindingCases = {
  detector: computeProbeBlocked,
  cases: [
    {
      name: 'does not fire while SQL is answered',
      steps: [{ forMs: 300_000, world: [settings()] }],
      firing: [],
    },
    {
      name: 'fires when connections are taken and nothing is answered for a minute and a half',
      steps: [
        { forMs: 60_000, world: [settings()] },
        { forMs: 120_000, world: blocked },
      ],
      firing,
    },
    {
      name: 'does not fire just before that',
      steps: [
        { forMs: 60_000, world: [settings()] },
        { forMs: 90_000, world: blocked },
      ],
      firing: [],
    },
    {
      name: 'fires when the run ends at its deadline and nobody knows what it was doing',
      steps: [{ forMs: 120_000, world: [failure('compute_settings', compute, 'timeout')] }],
      firing,
    },
    {
      name: 'fires when the server itself gives up on our statement',
      steps: [
        { forMs: 120_000, world: [failure('compute_settings', compute, 'timeout', { sqlState: '57014' })] },
      ],
      firing,
    },
    {
      name: 'says unknown for a lock that was not had in time',
      steps: [
        { forMs: 120_000, world: [failure('compute_settings', compute, 'timeout', { sqlState: '55P03' })] },
      ],
      firing: [],
      unknown: firing,
    },
    {
      name: 'does not fire when no connection is taken: that is away',
      steps: [
        { forMs: 300_000, world: [failure('compute_settings', compute, 'timeout', { isConnected: false })] },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire when connections are refused',
      steps: [{ forMs: 300_000, world: [failure('compute_settings', compute, 'refused')] }],
      firing: [],
    },
    {
      name: 'says unknown while a look would wake it',
      steps: [{ forMs: 300_000, world: [suspended('compute_settings', compute)] }],
      firing: [],
      unknown: firing,
    },
    {
      name: 'resolves when it has answered for a minute',
      steps: [
        { forMs: 120_000, world: blocked },
        { forMs: 180_000, world: [settings()] },
      ],
      firing: [],
    },
  ],
};
