import { coldSecondary } from '../../../src/alerts/detectors/placement/cold-secondary.ts';
import { node, nodes } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { secondaries, shardText } from '../placement-world.ts';
import { failure } from '../world.ts';

const longMs = 930_000;
const list = nodes([node(1), node(2)]);
const [one, other] = [shardText('1'), shardText('2', 0, 2)];
const well = secondaries(1, { [one]: 'warm' });
const warm = [list, well, secondaries(2, { [one]: 'warm', [other]: 'warming' })];
const cold = [list, well, secondaries(2, { [one]: 'warm', [other]: 'cold' })];
const away = [list, well, failure('pageserver_secondaries', 'pageserver2:9898', 'timeout')];
/** Another one is cold at each look, as where tenants are made all the time. */
const passing = Array.from({ length: 80 }, (_, at) => ({
  forMs: 15_000,
  world: [list, secondaries(2, { [shardText((at + 16).toString(16))]: 'cold' })],
}));

export const cases: FindingCases = {
  detector: coldSecondary,
  cases: [
    {
      name: 'does not fire while secondaries are warm or warming',
      steps: [{ forMs: longMs, world: warm }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when a secondary has had no heatmap for a quarter of an hour',
      steps: [{ forMs: longMs, world: cold }],
      firing: ['node 2'],
    },
    {
      name: 'does not fire for one that warmed up just before',
      steps: [
        { forMs: 900_000, world: cold },
        { forMs: 15_000, world: warm },
      ],
      firing: [],
    },
    {
      name: 'does not fire for one cold secondary after the other',
      steps: passing,
      firing: [],
    },
    {
      name: 'does not fire for secondaries that were not asked yet',
      steps: [{ forMs: longMs, world: [list, secondaries(2, { [one]: 'unknown' })] }],
      firing: [],
    },
    {
      name: 'neither fires nor resolves while that pageserver cannot be asked',
      steps: [
        { forMs: longMs, world: cold },
        { forMs: longMs, world: away },
      ],
      firing: ['node 2'],
      unknown: ['node 2'],
    },
    {
      name: 'goes on firing when it can be asked again and nothing has changed',
      steps: [
        { forMs: longMs, world: cold },
        { forMs: longMs, world: away },
        { forMs: 450_000, world: cold },
      ],
      firing: ['node 2'],
    },
    {
      name: 'does not begin to fire while it cannot be asked',
      steps: [
        { forMs: 600_000, world: cold },
        { forMs: longMs, world: away },
      ],
      firing: [],
      unknown: ['node 2'],
    },
    {
      name: 'resolves when it has been warm for five minutes',
      steps: [
        { forMs: longMs, world: cold },
        { forMs: 330_000, world: warm },
      ],
      firing: [],
    },
  ],
};
