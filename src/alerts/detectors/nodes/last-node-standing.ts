import type { NodeFact } from '../../../neon/node.ts';
import type { DetectInput, Detector, Json } from '../../detector.ts';
import { cluster, type Finding } from '../../finding.ts';
import { counted } from '../../placement/words.ts';
import { nodeSubject } from './node-facts.ts';
import { bringBack, othersEvidence, type Schedulable, schedulableNodes } from './schedulable.ts';

function last(node: NodeFact, found: Schedulable, { readings, nowMs }: DetectInput<Json>): Finding {
  return {
    subject: cluster,
    severity: 'warning',
    summary: `Pageserver ${node.nodeId} in ${node.az} is the only one of ${counted(found.others.length + 1, 'pageserver')} that may be given shards: when it dies too, nothing is served any more.`,
    evidence: othersEvidence(found, readings.one('nodes')?.lastReadAtMs ?? nowMs),
    remedy: bringBack(found, readings),
    avoid: [
      {
        what: `draining or restarting pageserver ${node.nodeId}`,
        why: 'a drain is refused with 412 for want of another, and a restart stops every compute for its length',
      },
      {
        what: 'DELETE /control/v1/node/… of the others to tidy up',
        why: 'each leaves a tombstone, and the pageserver cannot register again under its id',
      },
    ],
    related: [...found.others.map(nodeSubject), nodeSubject(node)],
  };
}

/** One pageserver is left that shards can fail over to, of several. */
export const lastNodeStanding: Detector = {
  id: 'last_node_standing',
  alert: 'NeonLastNodeStanding',
  layer: 'pageserver',
  severity: 'warning',
  summary: 'Of several pageservers the controller may give shards to a single one.',
  classes: [],
  needs: ['nodes'],
  // A cluster of two is like this while either of them restarts.
  hold: { forMs: 300_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: ['node_offline', 'node_stuck', 'pause_for_restart_forgotten'],
  detect(input) {
    const found = schedulableNodes(input.readings.one('nodes')?.reading.nodes ?? []);
    const [node, second] = found.able;
    const isLast = node !== undefined && second === undefined && found.others.length > 0;
    return { findings: isLast ? [last(node, found, input)] : [], unknown: [] };
  },
};
