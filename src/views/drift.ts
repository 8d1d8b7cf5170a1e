import { family } from '../metrics/family.ts';
import { flag, sample } from '../metrics/samples.ts';
import { judgeAll } from './drift/judge-all.ts';
import { type DriftJudgement, driftStates, isSettled, isWrong } from './drift/judgement.ts';
import type { View } from './view.ts';

type DriftFacts = readonly DriftJudgement[];

const state = family({
  name: 'neon_compute_connstring_state',
  type: 'gauge',
  help: 'How the connection string of a compute agrees with where its tenant is, by one look at controller, pageservers and compute: 1 for the present state, 0 for the others. Only what lasts is a fault.',
  labels: ['compute', 'state'],
  cardinality: 'node',
  *samples(facts: DriftFacts) {
    for (const { compute, state: present } of facts) {
      for (const one of driftStates) yield sample({ compute, state: one }, flag(one === present));
    }
  },
});

const shards = family({
  name: 'neon_compute_connstring_shards',
  type: 'gauge',
  help: 'Positions of the connection string of a compute by whether they name the pageserver that the shard is attached to; unknown while the tenant moves.',
  labels: ['compute', 'agreement'],
  cardinality: 'node',
  *samples(facts: DriftFacts) {
    for (const { compute, state: present, rows } of facts) {
      const count = { right: 0, wrong: 0, unknown: 0 };
      for (const { agreement, shardId, live } of rows) {
        // At rest a position that only one side has is wrong.
        const isOneSided = shardId === undefined || live === undefined;
        count[isSettled(present) ? (isOneSided ? 'wrong' : agreement) : 'unknown'] += 1;
      }
      for (const agreement of ['right', 'wrong', 'unknown'] as const) {
        yield sample({ compute, agreement }, count[agreement]);
      }
    }
  },
});

const serving = family({
  name: 'neon_compute_connstring_serving',
  type: 'gauge',
  help: 'Whether a compute whose connection string is wrong is served all the same, because the pageservers it asks hold the shards; absent where that is not known or nothing is wrong.',
  labels: ['compute'],
  cardinality: 'node',
  *samples(facts: DriftFacts) {
    for (const { compute, state: present, serving: isServed } of facts) {
      if (isWrong(present) && isServed !== 'unknown') yield sample({ compute }, flag(isServed === 'yes'));
    }
  },
});

/** Whether every compute asks the pageservers that hold its tenant. */
export const drift: View<DriftFacts> = {
  name: 'drift',
  summary:
    'The connection string of every compute held against intent, locations and what comes at its next start.',
  needs: ['compute_settings', 'tenants', 'nodes', 'pageserver_locations', 'controller_health'],
  families: [state, shards, serving],
  async build(readings, breathe, settings) {
    if (readings.all('compute_settings').length === 0) return undefined;
    return [...(await judgeAll(readings, settings?.aliases ?? {}, breathe)).values()];
  },
};
