import { controllerCommand } from '../../commands.ts';
import { type DetectInput, type Detector, type Json, whyMissing } from '../../detector.ts';
import type { Finding, Unknown } from '../../finding.ts';
import { addSample, type CounterSamples, counterSamples } from '../compute/counter-window.ts';
import { controllerSubject, hookSubject } from './instances.ts';

type Memory = Readonly<Record<string, Json>>;

const source = 'storage_controller_reconcile_complete{status="ok_no_notify"} of GET /metrics';

/** How much the counter rose between the oldest and the newest sample. */
function riseOf(samples: CounterSamples): number {
  const [first, last] = [samples[0], samples.at(-1)];
  return first === undefined || last === undefined ? 0 : last[1] - first[1];
}

function failing(
  target: { readonly name: string; readonly url: string },
  rise: number,
  input: DetectInput<Memory>,
): Finding {
  const { readings, looks, nowMs, thresholds } = input;
  const seconds = Math.round(thresholds.controller.unnotifiedWindow / 1000);
  const hook = hookSubject(looks);
  const isConfigured = looks.some(({ collector }) => collector === 'compute_hook');
  const tenants = readings.one('tenants')?.reading;
  return {
    subject: { kind: 'controller', name: target.name },
    severity: 'critical',
    summary: `Storage controller ${target.name} goes on moving shards without the compute hook taking the news (${rise} times within ${seconds} seconds): those computes ask pageservers that no longer have their shards.`,
    evidence: [
      {
        what: `reconciles that ended without a notification`,
        value: rise,
        unit: 'reconciles',
        source,
        atMs: nowMs,
      },
      ...(tenants === undefined || tenants.source === 'locations'
        ? []
        : [
            {
              what: 'shards with a notification that is pending',
              value: tenants.totals.shardsByState.get('pending_compute_notification') ?? 0,
              unit: 'shards',
              source: 'GET /control/v1/tenant',
            },
          ]),
    ],
    remedy: [
      {
        text: `Read the log of the compute hook${isConfigured ? ` ${hook.name}` : ''}: which status it answers, and why. 5xx and no answer are tried again; 400, 401, 403, 404, 409 and 500 are given up until the next pass, every 20 seconds.`,
      },
      {
        text: 'Read in the log of the controller which tenants it could not notify of.',
      },
      {
        text: 'Mend what the hook answers, or restart it if it hangs. Nothing else has to be sent: the controller tries what is pending again.',
      },
      {
        text: 'See that the counter stands still.',
        command: `curl -sS -m 5 ${target.url}/metrics | grep ok_no_notify`,
      },
      {
        text: 'See that nothing is pending.',
        command: controllerCommand(readings, 'GET', '/control/v1/tenant'),
      },
    ],
    avoid: [
      {
        what: 'restarting a hook that answers',
        why: 'it keeps nothing and is sent nothing for being restarted',
      },
      {
        what: 'restarting the computes',
        why: 'each comes back with the connection string of its config.json, which may be older still',
      },
      {
        what: 'restarting the controller so that it notifies everybody',
        why: 'it does, all tenants at once, to a hook that fails already',
      },
    ],
    related: [hook],
  };
}

/** Reconciles go on ending as `ok_no_notify`: the shard has moved, and the hook has not taken the news. */
export const notificationsFailing: Detector<Memory> = {
  id: 'notifications_failing',
  alert: 'NeonNotificationsFailing',
  layer: 'hook',
  severity: 'critical',
  summary: 'Reconciles go on ending without the compute hook taking the notification (ok_no_notify rises).',
  classes: [],
  needs: ['controller_metrics'],
  // Longer than a restart of the hook, and than the tries that were due in the meantime.
  hold: { forMs: 300_000, samples: 3, keepFiringMs: 120_000 },
  explainedBy: ['hook_away'],
  detect(input) {
    const { readings, looks, thresholds } = input;
    const windowMs = thresholds.controller.unnotifiedWindow;
    const memory: Record<string, CounterSamples> = {};
    const findings: Finding[] = [];
    const unknown: Unknown[] = [];
    const read = new Map(readings.all('controller_metrics').map((one) => [one.target.name, one]));
    for (const { target, collector } of looks) {
      if (collector !== 'controller_metrics') continue;
      const observation = read.get(target.name);
      const count = observation?.reading.reconcileComplete.get('ok_no_notify');
      const before = counterSamples(input.memory?.[target.name]);
      if (observation === undefined || count === undefined) {
        memory[target.name] = before;
        const missing = [
          observation === undefined
            ? whyMissing(looks, 'controller_metrics', target.name)
            : `controller_metrics of ${target.name}: no ok_no_notify`,
        ];
        unknown.push({ subject: controllerSubject(target), missing });
        continue;
      }
      const samples = addSample(before, observation.lastReadAtMs, count, windowMs);
      memory[target.name] = samples;
      const rise = riseOf(samples);
      if (rise > 0) findings.push(failing(target, rise, input));
    }
    return { findings, unknown, memory: memory as Memory };
  },
};
