import { logStatementAll } from '../../../src/alerts/detectors/lints/log-statement-all.ts';
import { compute, health } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

const forMs = 930_000;
const risky = (isRisky: boolean) => [health({ risks: new Map([['log_statement', isRisky]]) })];

export const cases: FindingCases = {
  detector: logStatementAll,
  cases: [
    {
      name: 'does not fire for a log of changes only',
      steps: [{ forMs, world: risky(false) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires for a log of every statement',
      steps: [{ forMs, world: risky(true) }],
      firing: ['compute main'],
    },
    {
      name: 'does not fire for somebody who looks for a fault for ten minutes',
      steps: [{ forMs: 600_000, world: risky(true) }],
      firing: [],
    },
    {
      name: 'resolves when it was changed',
      steps: [
        { forMs, world: risky(true) },
        { forMs: 180_000, world: risky(false) },
      ],
      firing: [],
    },
    {
      name: 'says unknown when the setting could not be read',
      steps: [{ forMs: 60_000, world: [health({ risks: undefined })] }],
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
