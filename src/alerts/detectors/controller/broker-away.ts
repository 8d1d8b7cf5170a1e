import { type Detector, perTarget } from '../../detector.ts';
import { awayWords } from './instances.ts';

/** Nobody where the storage broker should be. */
export const brokerAway: Detector = {
  id: 'broker_away',
  alert: 'NeonBrokerAway',
  layer: 'broker',
  severity: 'critical',
  summary: 'The storage broker does not answer.',
  classes: [],
  needs: ['broker'],
  hold: { forMs: 60_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: [],
  detect(input) {
    return perTarget(
      input,
      'broker',
      (name) => ({ kind: 'broker', name }),
      ({ target, reading, lastReadAtMs }) => ({
        findings: reading.isResponding
          ? []
          : [
              {
                subject: { kind: 'broker', name: target.name },
                severity: 'critical',
                summary: `The storage broker ${target.name} is away: ${awayWords(reading.reason ?? 'timeout')}; pageservers do not learn where new WAL is: a stream that breaks now does not come back, and computes then wait for pages they have just written.`,
                evidence: [
                  {
                    what: 'answer',
                    value: reading.reason ?? 'none',
                    source: 'GET /status',
                    atMs: lastReadAtMs,
                  },
                ],
                remedy: [
                  {
                    text: 'See whether it answers.',
                    command: `curl -sS -m 5 -o /dev/null -w '%{http_code}\\n' ${target.url}/status`,
                  },
                  {
                    text: 'Read the end of its log, and start it again under its old address. It keeps nothing: pageservers and safekeepers connect again by themselves.',
                  },
                  {
                    text: 'See that they have: subscribers and publishers are more than 0 again.',
                    command: `curl -sS -m 5 ${target.url}/metrics | grep -E 'active_(publishers|subscribers)'`,
                  },
                ],
                avoid: [
                  {
                    what: 'restarting pageservers or safekeepers',
                    why: 'they are well, and each restart adds a failover to what is wrong already',
                  },
                  {
                    what: 'starting it at another address',
                    why: 'everybody has the old one as an argument and would have to be restarted',
                  },
                ],
              },
            ],
      }),
    );
  },
};
