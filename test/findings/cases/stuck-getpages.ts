import { stuckGetpages } from '../../../src/alerts/detectors/compute/stuck-getpages.ts';
import { compute, eachLook, health, pageservers, perf, settings } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

const oldest = 'compute_getpage_max_inflight_stuck_time_ms';
const stuck = 'compute_getpage_stuck_requests_total';
const waiting = (ms: number) => [
  health({ neon: perf({ [oldest]: ms, [stuck]: 0 }) }),
  settings(),
  pageservers,
];
const rising = (forMs: number, perMinute: number, from = 0) =>
  eachLook(forMs, (atMs) => [
    health({ neon: perf({ [oldest]: 0, [stuck]: from + Math.floor((atMs * perMinute) / 60_000) }) }),
  ]);
const firing = ['compute main'];

export const cases: FindingCases = {
  detector: stuckGetpages,
  cases: [
    {
      name: 'does not fire while every page comes',
      steps: [{ forMs: 600_000, world: waiting(0) }],
      firing: [],
    },
    {
      name: 'fires when a request has had no answer for half a minute, for two minutes',
      steps: [{ forMs: 180_000, world: waiting(30_000) }],
      firing,
    },
    {
      name: 'does not fire just below half a minute',
      steps: [{ forMs: 600_000, world: waiting(29_999) }],
      firing: [],
    },
    {
      name: 'does not fire for a pageserver that is away for a minute',
      steps: [
        { forMs: 60_000, world: waiting(0) },
        { forMs: 60_000, world: waiting(60_000) },
        { forMs: 120_000, world: waiting(0) },
      ],
      firing: [],
    },
    {
      name: 'does not fire before it has lasted for two minutes',
      steps: [{ forMs: 120_000, world: waiting(60_000) }],
      firing: [],
    },
    { name: 'fires when more and more requests get stuck', steps: rising(420_000, 6), firing },
    { name: 'does not fire when one gets stuck now and then', steps: rising(900_000, 1), firing: [] },
    {
      name: 'resolves when pages have come for two minutes',
      steps: [
        { forMs: 180_000, world: waiting(60_000) },
        { forMs: 300_000, world: waiting(0) },
      ],
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
      name: 'says unknown when it may not read the counters',
      steps: [
        {
          forMs: 60_000,
          world: [health({ skippedParts: [{ part: 'neon_perf_counters', reason: 'no_privilege' }] })],
        },
      ],
      firing: [],
      unknown: firing,
    },
    {
      name: 'says unknown of a compute that cannot be read',
      steps: [{ forMs: 300_000, world: [failure('compute_health', compute, 'timeout')] }],
      firing: [],
      unknown: ['*'],
    },
  ],
};
