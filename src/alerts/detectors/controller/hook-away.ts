import type { Observation } from '../../../collection/store.ts';
import type { ReadingOf } from '../../../collectors/registry.ts';
import { controllerCommand } from '../../commands.ts';
import { type DetectInput, type Detector, type Json, perTarget } from '../../detector.ts';
import type { Evidence, Finding } from '../../finding.ts';
import { awayWords } from './instances.ts';

function pendingEvidence({ readings }: DetectInput<Json>): Evidence[] {
  const tenants = readings.one('tenants');
  if (tenants === undefined || tenants.reading.source === 'locations') return [];
  return [
    {
      what: 'shards with a notification that is pending',
      value: tenants.reading.totals.shardsByState.get('pending_compute_notification') ?? 0,
      unit: 'shards',
      source: 'GET /control/v1/tenant',
      atMs: tenants.lastReadAtMs,
    },
  ];
}

function away(
  { target, reading, lastReadAtMs }: Observation<ReadingOf<'compute_hook'>>,
  input: DetectInput<Json>,
): Finding {
  return {
    subject: { kind: 'compute_hook', name: target.name },
    severity: 'critical',
    summary: `The compute hook ${target.name} is away: ${awayWords(reading.reason ?? 'timeout')}; computes go on as they are, but the next shard that moves leaves its compute asking the wrong pageserver.`,
    evidence: [
      { what: 'answer', value: reading.reason ?? 'none', source: 'GET /', atMs: lastReadAtMs },
      ...pendingEvidence(input),
    ],
    remedy: [
      {
        text: 'See whether anything speaks HTTP there. Any status will do, 404 and 405 too.',
        command: `curl -sS -m 5 -o /dev/null -w '%{http_code}\\n' ${target.url}/`,
      },
      { text: 'Read the end of its log, and start it again the way it was started.' },
      {
        text: 'Then wait for the controller: what is pending it sends again by itself, within 20 to 40 seconds.',
        command: controllerCommand(input.readings, 'GET', '/control/v1/tenant'),
      },
    ],
    avoid: [
      {
        what: 'PUT /notify-attach to try it out',
        why: 'it is no probe: the hook sets a compute to whatever you send',
      },
      {
        what: 'migrating, filling, draining or restarting pageservers now',
        why: 'every shard that moves needs the hook to tell its compute',
      },
      {
        what: 'restarting the computes',
        why: 'each comes back with the connection string of its config.json, which may be older than what it has now',
      },
    ],
  };
}

/** Nobody where the compute hook should be. */
export const hookAway: Detector = {
  id: 'hook_away',
  alert: 'NeonComputeHookAway',
  layer: 'hook',
  severity: 'critical',
  summary: 'Nothing speaks HTTP where the compute hook should be.',
  classes: [],
  needs: ['compute_hook'],
  hold: { forMs: 60_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: [],
  detect(input) {
    return perTarget(
      input,
      'compute_hook',
      (name) => ({ kind: 'compute_hook', name }),
      (observation) => ({ findings: observation.reading.isResponding ? [] : [away(observation, input)] }),
    );
  },
};
