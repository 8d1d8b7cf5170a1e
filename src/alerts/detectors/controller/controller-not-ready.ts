import { type Detector, whyMissing } from '../../detector.ts';
import type { Finding, Unknown } from '../../finding.ts';
import { controllerInstances, controllerSubject, type Instance } from './instances.ts';

type Read = Extract<Instance, { state: 'read' }>;

function notReady({ target, atMs }: Read): Finding {
  return {
    subject: controllerSubject(target),
    severity: 'critical',
    summary: `Storage controller ${target.name} runs but its start-up does not end: it answers 503 to everything, so nothing fails over and nothing can be changed.`,
    evidence: [
      { what: '/ready', value: 503, source: 'GET /ready', atMs },
      { what: '/live', value: 503, source: 'GET /live', atMs },
    ],
    remedy: [
      {
        text: 'See that it is still so.',
        command: `curl -sS -m 5 -o /dev/null -w '%{http_code}\\n' ${target.url}/ready`,
      },
      {
        text: 'Start-up reads the database and then asks every pageserver what it holds. See that the database answers.',
        command: 'psql "$storcon_dsn" -c \'SELECT 1\'',
      },
      {
        text: 'See that no pageserver takes connections and stays silent: those hold start-up up longest. End or restart such a one.',
      },
      {
        text: 'Read its log: start-up is over within about 30 seconds where everything answers, and the log names the step it is in.',
      },
    ],
    avoid: [
      {
        what: 'restarting it over and over',
        why: 'each start begins from nothing and asks every pageserver again; it takes the longer',
      },
      { what: 'starting a second controller', why: 'both would lead once they are ready' },
    ],
  };
}

/** A controller that answers and does not get to the end of its start-up, while no other one leads. */
export const controllerNotReady: Detector = {
  id: 'controller_not_ready',
  alert: 'NeonControllerNotReady',
  layer: 'controller',
  severity: 'critical',
  summary: 'The storage controller answers but says that its start-up has not ended, and no other one leads.',
  classes: [],
  needs: ['controller_health'],
  hold: { forMs: 120_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: ['controller_database_away'],
  detect(input) {
    const instances = controllerInstances(input);
    const isLed = instances.some((one) => one.state === 'read' && one.isLive);
    const findings: Finding[] = [];
    const unknown: Unknown[] = [];
    for (const one of instances) {
      if (one.state === 'read' && !one.isReady && !isLed) findings.push(notReady(one));
      if (one.state !== 'read') {
        const missing = [whyMissing(input.looks, 'controller_health', one.target.name)];
        unknown.push({ subject: controllerSubject(one.target), missing });
      }
    }
    return { findings, unknown };
  },
};
