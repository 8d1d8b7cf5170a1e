import type { Readings } from '../../../collection/store.ts';
import { controllerCommand } from '../../commands.ts';
import type { Detector } from '../../detector.ts';
import { cluster, type Finding } from '../../finding.ts';
import { type IntentFacts, intentFacts, withoutIntent } from '../../placement/intent.ts';
import { counted, shardSubjects, some } from '../../placement/words.ts';

const listRoute = 'GET /control/v1/tenant';

function finding(readings: Readings, { unscheduled, schedulable }: IntentFacts): Finding {
  const shardIds = unscheduled.first.map(({ id }) => id.text);
  const atMs = readings.one('tenants')?.lastReadAtMs;
  const at = atMs === undefined ? {} : { atMs };
  return {
    subject: cluster,
    severity: 'critical',
    summary: `The cluster has ${counted(unscheduled.count, 'shard')} of ${counted(unscheduled.tenants, 'tenant')} (${some(shardIds, 3)}) attached nowhere: computes of these tenants cannot read or start.`,
    evidence: [
      { what: 'shards attached nowhere', value: unscheduled.count, unit: 'shards', source: listRoute, ...at },
      {
        what: 'pageservers that may be given shards',
        value: schedulable.size,
        source: 'GET /control/v1/node',
      },
    ],
    remedy: [
      {
        text: 'See one of them: node_attached is null and the policy says Attached.',
        command: controllerCommand(readings, 'GET', `/control/v1/tenant/${(shardIds[0] ?? '').slice(0, 32)}`),
      },
      {
        text: 'See that a pageserver may be given shards: availability Active, scheduling Active.',
        command: controllerCommand(readings, 'GET', '/control/v1/node'),
      },
      {
        text: 'A tenant that was created while there was no pageserver stays so (the creation answered 409 and kept it). Restart the process of the storage controller, at a quiet time and by hand: it schedules them when it starts.',
      },
    ],
    avoid: [
      {
        what: 'creating the tenant once more',
        why: 'with another shard count the controller answers 201, then has overlapping shards and crashes',
      },
      { what: 'DELETE /v1/tenant/…', why: 'it deletes the data of the tenant from the bucket, too' },
    ],
    related: shardSubjects(shardIds),
  };
}

/** Shards that their policy wants attached and that are attached nowhere. */
export const unscheduledShard: Detector = {
  id: 'unscheduled_shard',
  alert: 'NeonUnscheduledShard',
  layer: 'controller',
  severity: 'critical',
  summary: 'A shard is attached nowhere although its placement policy wants it attached.',
  classes: [],
  needs: ['nodes', 'tenants'],
  hold: { forMs: 120_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: ['nothing_schedulable'],
  async detect(input) {
    const facts = await intentFacts(input);
    if (facts === undefined) return withoutIntent(input);
    return { findings: facts.unscheduled.count === 0 ? [] : [finding(input.readings, facts)], unknown: [] };
  },
};
