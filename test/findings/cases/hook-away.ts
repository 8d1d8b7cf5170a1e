import { hookAway } from '../../../src/alerts/detectors/controller/hook-away.ts';
import { hook, hookName } from '../control-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { tenants } from '../placement-world.ts';
import { failure } from '../world.ts';

const pending = tenants([{ tenant: '1', at: 1, with: [2], flags: { isPendingComputeNotification: true } }]);

export const cases: FindingCases = {
  detector: hookAway,
  cases: [
    {
      name: 'does not fire while it answers anything',
      steps: [{ forMs: 300_000, world: [hook(true)] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire within a minute, as in a restart',
      steps: [{ forMs: 60_000, world: [hook(false)] }],
      firing: [],
    },
    {
      name: 'fires after a minute',
      steps: [{ forMs: 75_000, world: [hook(false), pending] }],
      firing: [`compute_hook ${hookName}`],
    },
    {
      name: 'is unknown when it is not configured',
      steps: [{ forMs: 300_000, world: [] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'is unknown when its name is not found, which may be our own mistake',
      steps: [
        { forMs: 45_000, world: [hook(false)] },
        { forMs: 300_000, world: [failure('compute_hook', hookName, 'dns')] },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when it has answered for a minute',
      steps: [
        { forMs: 90_000, world: [hook(false)] },
        { forMs: 90_000, world: [hook(true)] },
      ],
      firing: [],
    },
  ],
};
