import type { NodeFact } from '../../../neon/node.ts';
import { controllerCommand } from '../../commands.ts';
import type { DetectInput, Detector, Json } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import { nodeEvidence, nodeSubject } from './node-facts.ts';

function forgotten(node: NodeFact, { readings, nowMs }: DetectInput<Json>): Finding {
  const path = `/control/v1/node/${node.nodeId}`;
  return {
    subject: nodeSubject(node),
    severity: 'warning',
    summary: `Pageserver ${node.nodeId} in ${node.az} is Active but has the policy PauseForRestart: it was drained and never given back, so it gets no shards and the others carry its load.`,
    evidence: nodeEvidence(node, readings.one('nodes')?.lastReadAtMs ?? nowMs),
    remedy: [
      {
        text: 'If the work on it is still to come, do it now: a pageserver that restarts sets the policy to Active by itself.',
      },
      {
        text: 'If it is done, give the node back. A drain always ends in PauseForRestart, and nothing else takes it away.',
        command: controllerCommand(readings, 'PUT', `${path}/config`, {
          node_id: node.nodeId,
          scheduling: 'Active',
        }),
      },
      {
        text: 'Then bring shards back to it. Only those that have a secondary there move.',
        command: controllerCommand(readings, 'PUT', `${path}/fill`),
      },
    ],
    avoid: [
      {
        what: `PUT ${path}/fill first`,
        why: 'it is refused with 412: a node cannot be filled while its policy is PauseForRestart',
      },
      {
        what: 'fill and drain of two nodes at once',
        why: 'one background operation is allowed in the whole cluster, and two that begin together can end the controller',
      },
    ],
  };
}

/** A pageserver that was drained for a restart, and is up, and is still set aside. */
export const pauseForRestartForgotten: Detector = {
  id: 'pause_for_restart_forgotten',
  alert: 'NeonPauseForRestartForgotten',
  layer: 'pageserver',
  severity: 'warning',
  summary: 'A pageserver is Active and its policy has been PauseForRestart for half an hour.',
  classes: [],
  needs: ['nodes'],
  hold: { forMs: 1_800_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: [],
  detect(input) {
    const findings = (input.readings.one('nodes')?.reading.nodes ?? [])
      // One that is away is being restarted, or is another finding.
      .filter(({ availability, scheduling }) => availability === 'Active' && scheduling === 'PauseForRestart')
      .map((node) => forgotten(node, input));
    return { findings, unknown: [] };
  },
};
