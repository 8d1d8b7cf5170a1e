import type { Readings } from '../../../collection/store.ts';
import { controllerCommand } from '../../commands.ts';
import type { Detector } from '../../detector.ts';
import { cluster, type Finding, type Step } from '../../finding.ts';
import { type IntentFacts, intentFacts, withoutIntent } from '../../placement/intent.ts';
import { counted, shardSubjects, some } from '../../placement/words.ts';

const listRoute = 'GET /control/v1/tenant';

function cure(readings: Readings, first: string, lacksNodes: boolean): Step[] {
  const see = {
    text: 'See one of them: node_secondary is shorter than the policy asks for.',
    command: controllerCommand(readings, 'GET', `/control/v1/tenant/${first.slice(0, 32)}`),
  };
  if (lacksNodes) {
    return [
      see,
      {
        text: 'Add a pageserver, or let one that is paused or away be scheduled again; secondaries are made then.',
        command: controllerCommand(readings, 'GET', '/control/v1/node'),
      },
    ];
  }
  return [
    see,
    {
      text: 'See that every pageserver is Active: the restart below makes secondaries only where it finds them so.',
      command: controllerCommand(readings, 'GET', '/control/v1/node'),
    },
    {
      text: 'Restart the process of the storage controller, at a quiet time and by hand. It schedules what is missing when it starts, and tells every compute again where its shards are.',
    },
  ];
}

function finding(readings: Readings, { bare, shards, schedulable }: IntentFacts): Finding {
  const shardIds = bare.first.map(({ id }) => id.text);
  const lacksNodes = bare.hopeless === bare.count;
  const atMs = readings.one('tenants')?.lastReadAtMs;
  const at = atMs === undefined ? {} : { atMs };
  const why = lacksNodes
    ? `there ${schedulable.size === 1 ? 'is' : 'are'} only ${counted(schedulable.size, 'pageserver')} to put them on`
    : 'if their pageserver dies they are downloaded from the bucket before anybody can read them';
  return {
    subject: cluster,
    severity: lacksNodes ? 'info' : 'warning',
    summary: `The cluster has ${counted(bare.count, 'shard')} of ${counted(bare.tenants, 'tenant')} without the secondaries that their policy asks for: ${why}.`,
    evidence: [
      {
        what: 'shards with too few secondaries',
        value: bare.count,
        unit: 'shards',
        source: listRoute,
        ...at,
      },
      { what: 'shards in all', value: shards, unit: 'shards', source: listRoute, ...at },
      { what: 'most secondaries asked for', value: bare.mostWanted, source: listRoute, ...at },
      {
        what: 'pageservers that may be given shards',
        value: schedulable.size,
        source: 'GET /control/v1/node',
      },
      { what: 'shards', value: some(shardIds), source: listRoute, ...at },
    ],
    remedy: cure(readings, shardIds[0] ?? '', lacksNodes),
    avoid: [
      {
        what: 'PUT /control/v1/tenant/…/policy with placement {"Attached":2}',
        why: 'it crashes the controller, and again at every start: the policy is saved first',
      },
      {
        what: 'PUT /control/v1/node/…/fill',
        why: 'it answers 202 and moves nothing: a fill promotes secondaries, and there are none',
      },
      {
        what: 'PUT /control/v1/node/…/drain',
        why: 'shards without a secondary are skipped, and it says success',
      },
    ],
    related: shardSubjects(shardIds),
  };
}

/** Wanted secondaries that the controller has not scheduled, as after it started before its pageservers. */
export const missingSecondaries: Detector = {
  id: 'missing_secondaries',
  alert: 'NeonMissingSecondaries',
  layer: 'controller',
  severity: 'warning',
  summary:
    'Attached shards have fewer secondaries than their placement policy asks for, as after a cold start.',
  classes: [],
  needs: ['nodes', 'tenants'],
  hold: { forMs: 300_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: ['nothing_schedulable', 'last_node_standing'],
  async detect(input) {
    const facts = await intentFacts(input);
    if (facts === undefined) return withoutIntent(input);
    return { findings: facts.bare.count === 0 ? [] : [finding(input.readings, facts)], unknown: [] };
  },
};
