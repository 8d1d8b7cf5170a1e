import { archiveCommandOverwrites } from '../../../src/alerts/detectors/lints/archive-command-overwrites.ts';
import { compute, health } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

const forMs = 60_000;
const risky = (isRisky: boolean) => [health({ risks: new Map([['archive_command', isRisky]]) })];

export const cases: FindingCases = {
  detector: archiveCommandOverwrites,
  cases: [
    {
      name: 'does not fire for a command that tests for the file',
      steps: [{ forMs, world: risky(false) }],
      firing: [],
      unknown: [],
    },
    { name: 'fires for a plain copy', steps: [{ forMs, world: risky(true) }], firing: ['compute main'] },
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
