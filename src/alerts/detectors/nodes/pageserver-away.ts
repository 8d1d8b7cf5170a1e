import type { NodeFact } from '../../../neon/node.ts';
import { controllerCommand } from '../../commands.ts';
import { type DetectInput, type Detector, type Json, type Look, whyMissing } from '../../detector.ts';
import type { Finding, Unknown } from '../../finding.ts';
import { awayReason, awayWords } from '../controller/instances.ts';
import { nodeEvidence, nodeSubject } from './node-facts.ts';

function away(node: NodeFact, look: Look, reason: string, input: DetectInput<Json>): Finding {
  const { readings, nowMs } = input;
  return {
    subject: nodeSubject(node),
    severity: 'warning',
    facts: { reason },
    summary: `Pageserver ${node.nodeId} in ${node.az} is Active for the storage controller but not for us: at ${look.target.url} ${awayWords(reason)}; either the way to it is broken from here, or it is dying and its shards have not moved yet.`,
    evidence: [
      { what: 'answer', value: reason, source: `GET /v1/status at ${look.target.url}`, atMs: nowMs },
      ...nodeEvidence(node, readings.one('nodes')?.lastReadAtMs ?? nowMs),
    ],
    remedy: [
      {
        text: 'Ask it from the host of neonwatch.',
        command: `curl -sS -m 5 ${look.target.url}/v1/status`,
      },
      {
        text: 'Ask it from the host of the controller, at the address that it announced. If that works, mend the way from here: name, firewall, or the entry in addresses.',
        command: `curl -sS -m 5 http://${node.httpAddress}/v1/status`,
      },
      {
        text: 'If it answers nobody although the controller calls it Active, read its log and restart its process.',
      },
      {
        text: 'See what the controller says of it now.',
        command: controllerCommand(readings, 'GET', `/control/v1/node/${node.nodeId}`),
      },
    ],
    avoid: [
      {
        what: `draining pageserver ${node.nodeId} on this alone`,
        why: 'while it serves its computes well, only our own look is missing',
      },
      {
        what: 'setting its availability to Offline by hand',
        why: 'if it lives, it goes on serving shards that the controller then attaches elsewhere',
      },
    ],
  };
}

/** The look at a pageserver: by the id it was announced with, or, for one that is only listed, by its address. */
function lookAt(node: NodeFact, looks: readonly Look[]): Look | undefined {
  const addresses = [node.httpAddress, node.httpsAddress];
  return looks.find(
    ({ target }) =>
      target.nodeId === node.nodeId || (target.nodeId === undefined && addresses.includes(target.name)),
  );
}

/** A pageserver that the controller has no doubt of and that we cannot reach. */
export const pageserverAway: Detector = {
  id: 'pageserver_away',
  alert: 'NeonPageserverAway',
  layer: 'pageserver',
  severity: 'warning',
  summary: 'The storage controller calls a pageserver Active, and it does not answer us.',
  classes: [],
  needs: ['nodes'],
  // The controller itself takes 30 s and more to call a dead one Offline; then this one is over.
  hold: { forMs: 120_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: ['node_offline'],
  detect(input) {
    const looks = input.looks.filter(({ collector }) => collector === 'pageserver_status');
    const findings: Finding[] = [];
    const unknown: Unknown[] = [];
    for (const node of input.readings.one('nodes')?.reading.nodes ?? []) {
      if (node.availability !== 'Active') continue;
      const look = lookAt(node, looks);
      const reason = look === undefined ? undefined : awayReason(look);
      if (look !== undefined && reason !== undefined) findings.push(away(node, look, reason, input));
      else if (look?.up !== true) {
        const missing = [whyMissing(looks, 'pageserver_status', look?.target.name ?? node.httpAddress)];
        unknown.push({ subject: nodeSubject(node), missing });
      }
    }
    return { findings, unknown };
  },
};
