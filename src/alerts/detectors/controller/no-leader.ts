import { type DetectInput, type Detector, type Json, whyMissing } from '../../detector.ts';
import { cluster, type Evidence, type Finding } from '../../finding.ts';
import { controllerInstances, controllerSubject, type Instance } from './instances.ts';

function evidenceOf(instances: readonly Instance[], { readings }: DetectInput<Json>): Evidence[] {
  const leadership = new Map(
    readings.all('controller_metrics').map(({ target, reading }) => [target.name, reading.leadership]),
  );
  const row = readings.one('leader');
  return [
    ...instances.map(
      (one): Evidence => ({
        what: one.target.name,
        value:
          one.state === 'read'
            ? `ready, not live${leadership.get(one.target.name) === undefined ? '' : `, ${leadership.get(one.target.name)}`}`
            : one.state,
        source: 'GET /ready, /live and /metrics',
        ...(one.state === 'read' ? { atMs: one.atMs } : {}),
      }),
    ),
    ...(row?.reading.leader === undefined
      ? []
      : [
          {
            what: 'leader by the database',
            value: row.reading.leader.address,
            source: 'GET /control/v1/leader',
            atMs: row.lastReadAtMs,
          },
        ]),
  ];
}

function leaderless(instances: readonly Instance[], input: DetectInput<Json>): Finding {
  const names = instances.map(({ target }) => target.name).join(', ');
  const first = instances.find(({ state }) => state === 'read')?.target ?? instances[0]?.target;
  return {
    subject: cluster,
    severity: 'critical',
    summary: `No storage controller leads (seen: ${names}): requests are refused or forwarded to nobody, and nothing fails over.`,
    evidence: evidenceOf(instances, input),
    remedy: [
      {
        text: 'See what each of them says of itself: leader, stepped_down or candidate.',
        command: `curl -sS -m 5 ${first?.url ?? '$storcon_api'}/metrics | grep storage_controller_leadership_status`,
      },
      {
        text: 'See whom the database names. An address at which nobody answers is that of a leader that has ended.',
        command: 'psql "$storcon_dsn" -c \'SELECT address, started_at FROM controllers\'',
      },
      {
        text: 'Start the one that should lead. One that has stepped down never leads again: its process has to be started anew.',
      },
      {
        text: 'See that exactly one is live.',
        command: `curl -sS -m 5 -o /dev/null -w '%{http_code}\\n' ${first?.url ?? '$storcon_api'}/live`,
      },
    ],
    avoid: [
      {
        what: 'PUT /control/v1/step_down on any of them',
        why: 'it cannot be undone: it only ever makes a leader into none',
      },
      {
        what: 'editing the leader in the database',
        why: 'the one that leads in truth would go on leading beside the one you name',
      },
    ],
    related: instances.map(({ target }) => controllerSubject(target)),
  };
}

/** Controllers answer, and none of them leads. A leader that is not written down is no such thing: see `leader`. */
export const noLeader: Detector = {
  id: 'no_leader',
  alert: 'NeonNoLeader',
  layer: 'controller',
  severity: 'critical',
  summary: 'Storage controllers are ready and none of them leads.',
  classes: [],
  needs: ['controller_health'],
  hold: { forMs: 60_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: ['controller_away', 'controller_database_away'],
  detect(input) {
    const instances = controllerInstances(input);
    const unseen = instances.filter(({ state }) => state === 'unknown');
    if (unseen.length > 0) {
      const missing = unseen.map(({ target }) => whyMissing(input.looks, 'controller_health', target.name));
      return { findings: [], unknown: [{ missing }] };
    }
    const isLed = instances.some((one) => one.state === 'read' && one.isLive);
    const isReady = instances.some((one) => one.state === 'read' && one.isReady);
    // One that has stepped down forwards to the leader: an answer is that of a leader which we do not watch.
    const isAnswered = input.looks.some(({ collector, up }) => collector === 'nodes' && up === true);
    const findings = isReady && !isLed && !isAnswered ? [leaderless(instances, input)] : [];
    return { findings, unknown: [] };
  },
};
