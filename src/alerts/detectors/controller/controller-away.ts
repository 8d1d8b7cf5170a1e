import { type DetectInput, type Detector, type Json, whyMissing } from '../../detector.ts';
import type { Finding, Unknown } from '../../finding.ts';
import { awayWords, controllerInstances, controllerSubject, type Instance } from './instances.ts';

type Away = Extract<Instance, { state: 'away' }>;

function away({ target, reason }: Away, live: Instance | undefined, nowMs: number): Finding {
  const meaning =
    live === undefined
      ? 'nothing fails over, nothing can be changed, and neonwatch sees only what it read before'
      : `${live.target.name} leads and serves; there is nobody to take over from it`;
  return {
    subject: controllerSubject(target),
    severity: live === undefined ? 'critical' : 'warning',
    facts: { reason },
    summary: `Storage controller ${target.name} is away: ${awayWords(reason)}; ${meaning}.`,
    evidence: [
      { what: 'answer', value: reason, source: 'GET /ready', atMs: nowMs },
      ...(live === undefined
        ? []
        : [{ what: 'instance that leads', value: live.target.name, source: 'GET /live' }]),
    ],
    remedy: [
      { text: 'See whether it answers at all.', command: `curl -sS -m 5 ${target.url}/ready` },
      {
        text: 'See that its database takes connections before you start it: it does not start without.',
        command: 'psql "$storcon_dsn" -c \'SELECT 1\'',
      },
      {
        text: 'Read the end of its log. One that ends again at every start by a panic has stored what it panics on; then the log names the tenant.',
      },
      {
        text: 'Start its process again, once, with the flags it had. Computes and pageservers go on meanwhile with what they have.',
      },
      {
        text: 'See that it is ready, and then that the pageservers become Active.',
        command: `curl -sS -m 5 -o /dev/null -w '%{http_code}\\n' ${target.url}/ready`,
      },
    ],
    avoid: [
      {
        what: 'starting a second controller beside it to be safe',
        why: 'without --address-for-peers neither knows of the other, both lead, and both move shards',
      },
      {
        what: 'restarting pageservers now',
        why: 'one that starts while the controller is away takes connections and answers nothing, so its shards are gone as well',
      },
      {
        what: 'writing to its database by hand',
        why: 'what it has in memory and what is stored would part for good',
      },
    ],
  };
}

/** A process of the storage controller that nobody answers for. That it cannot be read is the fact, not what is missing. */
export const controllerAway: Detector = {
  id: 'controller_away',
  alert: 'NeonControllerAway',
  layer: 'controller',
  severity: 'critical',
  summary: 'A process of the storage controller refuses connections, is silent, or its name is gone.',
  classes: [],
  needs: [],
  hold: { forMs: 60_000, keepFiringMs: 60_000 },
  explainedBy: ['controller_database_away'],
  detect(input: DetectInput<Json>) {
    const { looks, nowMs } = input;
    const instances = controllerInstances(input);
    if (instances.length === 0) {
      return { findings: [], unknown: [{ missing: [whyMissing(looks, 'controller_health')] }] };
    }
    const live = instances.find((one) => one.state === 'read' && one.isLive);
    const findings: Finding[] = [];
    const unknown: Unknown[] = [];
    for (const one of instances) {
      if (one.state === 'away') findings.push(away(one, live, nowMs));
      if (one.state === 'unknown') {
        const missing = [whyMissing(looks, 'controller_health', one.target.name)];
        unknown.push({ subject: controllerSubject(one.target), missing });
      }
    }
    return { findings, unknown };
  },
};
