import { computeAway } from '../../../src/alerts/detectors/compute/compute-away.ts';
import { compute, computeCtl, eachLook, hourMs, settings } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { caseStartMs, failure, suspended } from '../world.ts';

const well = [settings()];
const refused = [failure('compute_settings', compute, 'refused')];
const starting = [...refused, computeCtl({ status: 'init' })];
const firing = ['compute main'];

export const cases: FindingCases = {
  detector: computeAway,
  cases: [
    {
      name: 'does not fire while SQL is answered',
      steps: [{ forMs: 300_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when connections have been refused for more than two minutes',
      steps: [
        { forMs: 60_000, world: well },
        { forMs: 180_000, world: refused },
      ],
      firing,
    },
    {
      name: 'does not fire for a restart of less than two minutes',
      steps: [
        { forMs: 60_000, world: well },
        { forMs: 105_000, world: refused },
        { forMs: 60_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'fires when its name is not known any more',
      steps: [{ forMs: 180_000, world: [failure('compute_settings', compute, 'dns')] }],
      firing,
    },
    {
      name: 'fires when the network gives no connection',
      steps: [
        {
          forMs: 180_000,
          world: [failure('compute_settings', compute, 'timeout', { isConnected: false })],
        },
      ],
      firing,
    },
    {
      name: 'says unknown, not away, when a connection is taken and SQL is not answered',
      steps: [
        { forMs: 600_000, world: [failure('compute_settings', compute, 'timeout', { isConnected: true })] },
      ],
      firing: [],
      unknown: firing,
    },
    {
      name: 'says unknown when only our login is refused',
      steps: [{ forMs: 600_000, world: [failure('compute_settings', compute, 'denied')] }],
      firing: [],
      unknown: firing,
    },
    {
      name: 'does not fire for a compute that has no connection left',
      steps: [
        { forMs: 600_000, world: [failure('compute_settings', compute, 'refused', { sqlState: '53300' })] },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'says unknown, never away, while a look would wake it',
      steps: [
        { forMs: 60_000, world: well },
        { forMs: 600_000, world: [suspended('compute_settings', compute)] },
      ],
      firing: [],
      unknown: firing,
    },
    {
      name: 'says unknown of one that was refused before it was suspended',
      steps: [
        { forMs: 60_000, world: refused },
        { forMs: 600_000, world: [suspended('compute_settings', compute, 'refused')] },
      ],
      firing: [],
      unknown: firing,
    },
    {
      name: 'does not fire in the midst of a restart',
      steps: [
        { forMs: 60_000, world: well },
        { forMs: 105_000, world: refused },
      ],
      firing: [],
    },
    {
      name: 'goes on firing while nobody can say',
      steps: [
        { forMs: 180_000, world: refused },
        { forMs: 600_000, world: [suspended('compute_settings', compute)] },
      ],
      firing,
      unknown: firing,
    },
    {
      name: 'does not fire while compute_ctl waits for a spec',
      steps: [{ forMs: hourMs, world: [...refused, computeCtl({ status: 'empty' })] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire for one that was told to end',
      steps: [{ forMs: hourMs, world: [...refused, computeCtl({ status: 'termination_pending_fast' })] }],
      firing: [],
    },
    {
      name: 'does not fire while compute_ctl configures it for nine minutes',
      steps: [{ forMs: 540_000, world: starting }],
      firing: [],
    },
    {
      name: 'fires when compute_ctl has not got beyond the start in ten minutes',
      steps: [{ forMs: 780_000, world: starting }],
      firing,
    },
    {
      name: 'gives a longer start its time when told to',
      thresholds: { compute: { startMax: '1h' } },
      steps: [{ forMs: 780_000, world: starting }],
      firing: [],
    },
    {
      name: 'fires at once after the hold when compute_ctl says failed',
      steps: [{ forMs: 180_000, world: [...refused, computeCtl({ status: 'failed' })] }],
      firing,
    },
    {
      name: 'does not fire within two minutes of the start that compute_ctl tells, hold included',
      steps: [{ forMs: 225_000, world: [...refused, computeCtl({ startedAtMs: caseStartMs })] }],
      firing: [],
    },
    {
      name: 'fires for a compute that starts again every minute and never answers',
      steps: eachLook(900_000, (atMs) => [
        ...refused,
        computeCtl({ startedAtMs: caseStartMs + atMs - (atMs % 60_000) }),
      ]),
      firing,
    },
    {
      name: 'resolves when it has answered for a minute',
      steps: [
        { forMs: 180_000, world: refused },
        { forMs: 180_000, world: well },
      ],
      firing: [],
    },
    {
      name: 'judges nothing without a compute',
      steps: [{ forMs: 60_000, world: [] }],
      firing: [],
      unknown: ['*'],
    },
  ],
};
