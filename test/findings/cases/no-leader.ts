import { noLeader } from '../../../src/alerts/detectors/controller/no-leader.ts';
import { health, healthFails, leaderRow, metrics, peer, threeNodes } from '../control-world.ts';
import { controller } from '../controller-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

const leads = health(true, true);
const steppedDown = health(true, false);
const gone = [steppedDown, metrics({ leadership: 'stepped_down' }), leaderRow('http://10.0.0.9:1234/')];

export const cases: FindingCases = {
  detector: noLeader,
  cases: [
    {
      name: 'does not fire while it leads, also when no leader is written down',
      steps: [{ forMs: 300_000, world: [leads, leaderRow(undefined)] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire within a minute, as when another one takes over',
      steps: [
        { forMs: 60_000, world: [steppedDown, health(true, false, peer)] },
        { forMs: 60_000, world: [steppedDown, health(true, true, peer)] },
      ],
      firing: [],
    },
    {
      name: 'fires when the only one has stepped down',
      steps: [{ forMs: 75_000, world: gone }],
      firing: ['cluster'],
    },
    {
      name: 'fires for candidates alone',
      steps: [
        {
          forMs: 75_000,
          world: [steppedDown, metrics({ leadership: 'candidate' }), health(true, false, peer)],
        },
      ],
      firing: ['cluster'],
    },
    {
      name: 'fires when the other one, which led, is dead',
      steps: [{ forMs: 75_000, world: [steppedDown, healthFails('refused', peer)] }],
      firing: ['cluster'],
    },
    {
      name: 'fires when requests to the one that has stepped down lead to nobody',
      steps: [{ forMs: 75_000, world: [...gone, failure('nodes', controller, 'unexpected')] }],
      firing: ['cluster'],
    },
    {
      name: 'does not fire while they are forwarded to a leader that is not watched',
      steps: [{ forMs: 300_000, world: [...gone, threeNodes()] }],
      firing: [],
    },
    {
      name: 'does not fire for one that has stepped down beside one that leads',
      steps: [{ forMs: 300_000, world: [steppedDown, health(true, true, peer)] }],
      firing: [],
    },
    {
      name: 'does not fire for one that has not started yet, which is another finding',
      steps: [{ forMs: 300_000, world: [health(false, false)] }],
      firing: [],
    },
    {
      name: 'is unknown while one that may lead cannot be read',
      steps: [{ forMs: 300_000, world: [steppedDown, healthFails('tls', peer)] }],
      firing: [],
      unknown: ['*'],
      onlyDetector: 'to a rule a wrong certificate and a dead process are both a failed look',
    },
    {
      name: 'is unknown when nothing can be read',
      steps: [{ forMs: 300_000, world: [healthFails('refused')] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when one leads again',
      steps: [
        { forMs: 120_000, world: gone },
        { forMs: 90_000, world: [leads] },
      ],
      firing: [],
    },
  ],
};
