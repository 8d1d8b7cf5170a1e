import { twoLeaders } from '../../../src/alerts/detectors/controller/two-leaders.ts';
import { health, healthFails, leaderRow, metrics, peer, startedAtMs } from '../control-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { caseStartMs } from '../world.ts';

const own = 'http://127.0.0.1:1234/';
const other = 'http://10.0.0.9:1234/';
const leads = [health(true, true), metrics()];
const well = [...leads, leaderRow(own)];
const together = [...leads, health(true, true, peer)];
const both = [...together, metrics({ startedAtMs: startedAtMs + 60_000 }, peer)];
const deposed = [health(true, false), metrics({ leadership: 'stepped_down' })];
const peerLeads = [health(true, true, peer), metrics({ startedAtMs: caseStartMs }, peer)];

export const cases: FindingCases = {
  detector: twoLeaders,
  cases: [
    {
      name: 'does not fire for a leader whose written address is not the one that is dialled',
      steps: [{ forMs: 600_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire when no leader is written down, which is normal',
      steps: [{ forMs: 600_000, world: [...leads, leaderRow(undefined)] }],
      firing: [],
    },
    { name: 'does not fire within a minute', steps: [{ forMs: 60_000, world: both }], firing: [] },
    {
      name: 'fires when two lead by their own words',
      steps: [{ forMs: 75_000, world: both }],
      firing: ['cluster [two_live]'],
    },
    {
      name: 'fires when two that lead were started together',
      steps: [{ forMs: 75_000, world: [...together, metrics({ reconcileSpawned: 3 }, peer)] }],
      firing: ['cluster [two_live]'],
    },
    {
      name: 'fires when the other one that leads does not show its metrics',
      steps: [{ forMs: 75_000, world: together }],
      firing: ['cluster [two_live]'],
    },
    {
      name: 'does not fire for one process at two addresses',
      steps: [{ forMs: 600_000, world: [...together, metrics({}, peer)] }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when the database comes to name another one and this one goes on leading',
      steps: [
        { forMs: 60_000, world: well },
        { forMs: 75_000, world: [...leads, leaderRow(other)] },
      ],
      firing: ['cluster [other_in_database]'],
    },
    {
      name: 'fires when the database names a watched one that does not lead',
      steps: [{ forMs: 75_000, world: [...leads, health(true, false, peer), leaderRow(`http://${peer}/`)] }],
      firing: ['cluster [other_in_database]'],
    },
    {
      name: 'fires when the leader of the database took over long after this one started',
      steps: [{ forMs: 75_000, world: [...leads, leaderRow(other, startedAtMs + 300_001)] }],
      firing: ['cluster [other_in_database]'],
    },
    {
      name: 'does not fire for a leader that was written down while this one started',
      steps: [{ forMs: 600_000, world: [...leads, leaderRow(other, startedAtMs + 300_000)] }],
      firing: [],
    },
    {
      name: 'does not fire for the row of a former leader: this one writes none',
      steps: [{ forMs: 600_000, world: [...leads, leaderRow(other, startedAtMs - 86_400_000)] }],
      firing: [],
    },
    {
      name: 'does not fire when another one takes over, though the row is read late',
      steps: [
        { forMs: 60_000, world: well },
        { forMs: 15_000, world: [...deposed, ...peerLeads, leaderRow(own)] },
        { forMs: 600_000, world: [...deposed, ...peerLeads, leaderRow(other, caseStartMs)] },
      ],
      firing: [],
    },
    {
      name: 'does not fire when this one is started anew at another address',
      steps: [
        { forMs: 60_000, world: well },
        { forMs: 30_000, world: [healthFails('refused')] },
        {
          forMs: 600_000,
          world: [health(true, true), metrics({ startedAtMs: caseStartMs }), leaderRow(other, caseStartMs)],
        },
      ],
      firing: [],
    },
    {
      name: 'does not tell an unknown start from another one',
      steps: [
        { forMs: 60_000, world: [health(true, true), leaderRow(own)] },
        { forMs: 600_000, world: [health(true, true), leaderRow(other)] },
      ],
      firing: [],
    },
    {
      name: 'is unknown while the other one cannot be read',
      steps: [{ forMs: 600_000, world: [...leads, healthFails('tls', peer)] }],
      firing: [],
      unknown: ['*'],
    },
    {
      name: 'resolves when one of them has been ended',
      steps: [
        { forMs: 120_000, world: both },
        { forMs: 180_000, world: [...leads, healthFails('refused', peer)] },
      ],
      firing: [],
    },
  ],
};
