import { longTransaction } from '../../../src/alerts/detectors/compute/long-transaction.ts';
import { activity, compute, health, hourMs } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { caseStartMs, failure } from '../world.ts';

const open = (sinceMs: number) => [
  health({ activity: activity({ oldestTransactionAtMs: caseStartMs - sinceMs }) }),
];
const idle = (sinceMs: number) => [
  health({
    activity: activity({
      oldestTransactionAtMs: caseStartMs - sinceMs,
      oldestIdleInTransactionAtMs: caseStartMs - sinceMs,
    }),
  }),
];

export const cases: FindingCases = {
  detector: longTransaction,
  cases: [
    {
      name: 'does not fire without an open transaction',
      steps: [{ forMs: 600_000, world: [health()] }],
      firing: [],
    },
    {
      name: 'fires for a transaction that is open for an hour',
      steps: [{ forMs: 60_000, world: open(hourMs) }],
      firing: ['compute main [active]'],
    },
    {
      name: 'does not fire for one that is open for exactly an hour',
      steps: [{ forMs: 15_000, world: open(hourMs) }],
      firing: [],
    },
    {
      name: 'fires for a session that idles in its transaction for ten minutes',
      steps: [{ forMs: 60_000, world: idle(600_000) }],
      firing: ['compute main [idle]'],
    },
    {
      name: 'does not fire for one that has idled for nine minutes',
      steps: [{ forMs: 60_000, world: idle(540_000) }],
      firing: [],
    },
    {
      name: 'calls it idle when both are too old',
      steps: [{ forMs: 60_000, world: idle(2 * hourMs) }],
      firing: ['compute main [idle]'],
    },
    {
      name: 'lets a nightly dump run where that is wanted',
      thresholds: { compute: { activeTransactionMax: '12h' } },
      steps: [{ forMs: 60_000, world: open(3 * hourMs) }],
      firing: [],
      onlyDetector: 'the rule has the default threshold',
    },
    {
      name: 'resolves when it has ended',
      steps: [
        { forMs: 60_000, world: open(hourMs) },
        { forMs: 180_000, world: [health()] },
      ],
      firing: [],
    },
    {
      name: 'says unknown when it may not see others',
      steps: [{ forMs: 60_000, world: [health({ activity: activity({ hidden: 3 }) })] }],
      firing: [],
      unknown: ['compute main'],
    },
    {
      name: 'says unknown of a compute that cannot be read',
      steps: [{ forMs: 60_000, world: [failure('compute_health', compute, 'refused')] }],
      firing: [],
      unknown: ['*'],
    },
  ],
};
