import type { DetectInput, Detector, Json } from '../../detector.ts';
import { cluster, type Finding } from '../../finding.ts';
import { counted } from '../../placement/words.ts';
import { nodeSubject } from './node-facts.ts';
import { bringBack, othersEvidence, type Schedulable, schedulableNodes } from './schedulable.ts';

function nothing(found: Schedulable, { readings, nowMs }: DetectInput<Json>): Finding {
  return {
    subject: cluster,
    severity: 'critical',
    summary: `None of ${counted(found.others.length, 'pageserver')} may be given shards: no tenant can be created, and when a pageserver dies its shards stay where they are and nobody serves them.`,
    evidence: othersEvidence(found, readings.one('nodes')?.lastReadAtMs ?? nowMs),
    remedy: bringBack(found, readings),
    avoid: [
      {
        what: 'creating tenants now',
        why: 'the answer is 409, yet the tenant is kept, attached nowhere until the controller restarts',
      },
      {
        what: 'setting availability to Active by hand',
        why: 'the controller would give shards to a pageserver that does not serve them',
      },
    ],
    related: found.others.filter(({ availability }) => availability !== 'Active').map(nodeSubject),
  };
}

/** No pageserver that the controller may give a shard. */
export const nothingSchedulable: Detector = {
  id: 'nothing_schedulable',
  alert: 'NeonNothingSchedulable',
  layer: 'pageserver',
  severity: 'critical',
  summary: 'There are pageservers, and the controller may give shards to none of them.',
  classes: [],
  needs: ['nodes'],
  hold: { forMs: 60_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: ['node_offline'],
  detect(input) {
    const found = schedulableNodes(input.readings.one('nodes')?.reading.nodes ?? []);
    const isSo = found.able.length === 0 && found.others.length > 0;
    return { findings: isSo ? [nothing(found, input)] : [], unknown: [] };
  },
};
