import { notificationsFailing } from '../../../src/alerts/detectors/controller/notifications-failing.ts';
import { looksOfEach, metrics } from '../control-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure, type World } from '../world.ts';

const unnotified = (count: number): World => [
  metrics({
    reconcileComplete: new Map([
      ['ok', 100],
      ['ok_no_notify', count],
    ]),
  }),
];
/** One more at every fourth look: the controller tries again once a minute. */
const rising = (looks: number) => looksOfEach(looks, (at) => unnotified(Math.floor(at / 4)));

export const cases: FindingCases = {
  detector: notificationsFailing,
  cases: [
    {
      name: 'does not fire while it stands still',
      steps: [{ forMs: 600_000, world: unnotified(7) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire for a burst while the hook restarts',
      steps: [...looksOfEach(8, (at) => unnotified(10 * at)), { forMs: 600_000, world: unnotified(70) }],
      firing: [],
    },
    { name: 'does not fire within five minutes', steps: rising(24), firing: [] },
    {
      name: 'fires when it goes on rising for more than five minutes',
      steps: rising(26),
      firing: ['controller controller:1234'],
    },
    {
      name: 'does not take a restart of the controller for a rise',
      steps: [
        { forMs: 60_000, world: unnotified(40) },
        { forMs: 600_000, world: unnotified(0) },
      ],
      firing: [],
    },
    {
      name: 'does not fire for a hook that fails now and then',
      steps: looksOfEach(120, (at) => unnotified(Math.floor(at / 20))),
      firing: [],
    },
    {
      name: 'is unknown while the counters cannot be read',
      steps: [
        ...rising(20),
        { forMs: 600_000, world: [failure('controller_metrics', controller, 'timeout')] },
      ],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'is unknown for a controller that does not count them',
      steps: [{ forMs: 300_000, world: [metrics({ reconcileComplete: new Map([['ok', 1]]) })] }],
      firing: [],
      unknown: ['controller controller:1234'],
    },
    {
      name: 'resolves when it has stood still for some minutes',
      steps: [...rising(40), { forMs: 360_000, world: unnotified(9) }],
      firing: [],
    },
  ],
};
