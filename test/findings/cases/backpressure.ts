import { backpressure } from '../../../src/alerts/detectors/compute/backpressure.ts';
import { compute, eachLook, health, neon } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

/** Held up for so many seconds per second since the case began. */
const held = (forMs: number, perSecond: number, fromSeconds = 0) =>
  eachLook(forMs, (atMs) => [
    health({
      neon: neon({
        throttledMicroseconds: BigInt(Math.round(fromSeconds * 1e6 + atMs * 1000 * perSecond)),
        lag: { received: 600_000_000n, diskConsistent: 700_000_000n, remoteConsistent: undefined },
      }),
    }),
  ]);
const firing = ['compute main'];

export const cases: FindingCases = {
  detector: backpressure,
  cases: [
    { name: 'does not fire while nothing is held up', steps: held(1_200_000, 0), firing: [], unknown: [] },
    { name: 'fires when backends are held up half of the time', steps: held(900_000, 0.5), firing },
    { name: 'does not fire just below a tenth', steps: held(1_200_000, 0.095), firing: [] },
    { name: 'fires just above a tenth', steps: held(1_200_000, 0.105), firing },
    {
      name: 'does not fire for a burst of two minutes',
      steps: [...held(600_000, 0), ...held(120_000, 0.4), ...held(600_000, 0, 48)],
      firing: [],
    },
    {
      name: 'does not fire before it has lasted for five minutes',
      steps: [...held(600_000, 0), ...held(300_000, 0.5)],
      firing: [],
    },
    {
      name: 'fires where less is too much',
      thresholds: { compute: { throttledSecondsPerSecond: 0.01 } },
      steps: held(900_000, 0.05),
      firing,
      onlyDetector: 'the rule has the default threshold',
    },
    {
      name: 'starts anew when the compute was restarted and its counter with it',
      steps: [...held(600_000, 0, 10_000), ...held(300_000, 0)],
      firing: [],
    },
    {
      name: 'resolves when nothing has been held up for long enough',
      steps: [...held(900_000, 0.5), ...held(900_000, 0, 450)],
      firing: [],
    },
    {
      name: 'does not judge a Postgres that is no Neon compute',
      steps: [
        {
          forMs: 60_000,
          world: [health({ neon: undefined, skippedParts: [{ part: 'neon', reason: 'not_neon' }] })],
        },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'says unknown without the right to ask extension neon',
      steps: [
        {
          forMs: 60_000,
          world: [health({ neon: undefined, skippedParts: [{ part: 'neon', reason: 'no_privilege' }] })],
        },
      ],
      firing: [],
      unknown: firing,
    },
    { name: 'says unknown at the first look', steps: held(15_000, 0.5), firing: [], unknown: firing },
    {
      name: 'goes on firing while the compute cannot be read',
      steps: [
        ...held(900_000, 0.5),
        { forMs: 1_200_000, world: [failure('compute_health', compute, 'timeout')] },
      ],
      firing,
      unknown: ['*'],
      onlyDetector: 'series of a compute that cannot be read vanish',
    },
  ],
};
