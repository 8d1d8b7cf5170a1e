import { type Detector, perTarget } from '../../detector.ts';
import { controllerSubject } from './instances.ts';

/** A controller that does what anybody asks of it. */
export const controllerOpen: Detector = {
  id: 'controller_open',
  alert: 'NeonControllerOpen',
  layer: 'controller',
  severity: 'info',
  summary: 'The storage controller answers requests that carry no token.',
  classes: [],
  needs: ['controller_access'],
  hold: { forMs: 0, keepFiringMs: 60_000 },
  explainedBy: [],
  detect(input) {
    return perTarget(
      input,
      'controller_access',
      (name) => ({ kind: 'controller', name }),
      ({ target, reading, lastReadAtMs }) => ({
        findings: reading.isOpen
          ? [
              {
                subject: controllerSubject(target),
                severity: 'info',
                summary: `Storage controller ${target.name} asks nobody for a token: whoever reaches its port can drain pageservers, detach tenants and delete them.`,
                evidence: [
                  {
                    what: 'answer to a request without a token',
                    value: 200,
                    source: 'GET /control/v1/node',
                    atMs: lastReadAtMs,
                  },
                ],
                remedy: [
                  {
                    text: 'See it for yourself.',
                    command: `curl -sS -m 5 -o /dev/null -w '%{http_code}\\n' ${target.url}/control/v1/node`,
                  },
                  {
                    text: 'Let only the hosts of pageservers, computes, the hook and neonwatch reach its port: by a network of their own or a firewall. For a cluster on one host that may be all it takes.',
                  },
                  {
                    text: 'Or start it with --public-key and give a token to each of them. Pageservers and safekeepers need theirs first, or they are refused when they register.',
                  },
                ],
                avoid: [
                  {
                    what: 'setting --public-key before everybody has a token',
                    why: 'pageservers that restart then are refused with 401 and take no shards back',
                  },
                  {
                    what: 'giving neonwatch more than it needs',
                    why: 'listing tenants takes the admin scope, which may do everything; docs/tokens.md says how to do without',
                  },
                ],
              },
            ]
          : [],
      }),
    );
  },
};
