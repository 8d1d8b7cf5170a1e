import type { NodeFact } from '../../../neon/node.ts';
import { controllerCommand } from '../../commands.ts';
import type { DetectInput, Detector, Json } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import { nodeEvidence, nodeRoute, nodeSubject } from './node-facts.ts';

/** Of one pageserver: whether it was Active at the last look, and when that changed, oldest first. */
interface NodeMemory {
  readonly [key: string]: Json;
  readonly isActive: boolean;
  readonly changedAtMs: readonly number[];
}

type Memory = Readonly<Record<string, NodeMemory>>;

/** More changes than any threshold asks for are not kept. */
const maxChanges = 64;

function remember(node: NodeFact, before: NodeMemory | undefined, nowMs: number, windowMs: number) {
  const isActive = node.availability === 'Active';
  const recent = (before?.changedAtMs ?? []).filter((ms) => nowMs - ms < windowMs && ms <= nowMs);
  const hasChanged = before !== undefined && before.isActive !== isActive;
  return { isActive, changedAtMs: hasChanged ? [...recent, nowMs].slice(-maxChanges) : recent };
}

function flapping(node: NodeFact, changes: number, input: DetectInput<Memory>): Finding {
  const { readings, thresholds, nowMs } = input;
  const minutes = Math.round(thresholds.nodes.flapWindow / 60_000);
  return {
    subject: nodeSubject(node),
    severity: 'warning',
    summary: `Pageserver ${node.nodeId} in ${node.az} comes and goes: its availability changed ${changes} times within ${minutes} minutes, and each time its shards move away and computes have to follow.`,
    evidence: [
      { what: `changes within ${minutes} minutes`, value: changes, source: nodeRoute, atMs: nowMs },
      ...nodeEvidence(node, readings.one('nodes')?.lastReadAtMs ?? nowMs),
    ],
    remedy: [
      {
        text: 'See whether it answers, and how fast: the controller gives each heartbeat three tries of one second.',
        command: `curl -sS -m 5 -w '%{time_total} s\\n' http://${node.httpAddress}/v1/status`,
      },
      {
        text: `Read its log: when it ends and is started again by its supervisor, the reason is there; when it does not, look at the load, the disk and the network of its host.`,
      },
      {
        text: 'Until it is mended, let the controller give it no more shards; what it has stays.',
        command: controllerCommand(readings, 'PUT', `/control/v1/node/${node.nodeId}/config`, {
          node_id: node.nodeId,
          scheduling: 'Pause',
        }),
      },
    ],
    avoid: [
      {
        what: 'setting its availability by hand (PUT …/config {"availability":…})',
        why: 'the next heartbeat overrules it, and until then shards are where nobody serves them',
      },
      {
        what: `DELETE /control/v1/node/${node.nodeId}`,
        why: 'it does not drain first, and leaves a tombstone that refuses the node when it registers again',
      },
    ],
  };
}

/** A pageserver that the controller takes for dead and alive by turns. */
export const nodeFlapping: Detector<Memory> = {
  id: 'node_flapping',
  alert: 'NeonNodeFlapping',
  layer: 'pageserver',
  severity: 'warning',
  summary: 'The availability of a pageserver changes again and again, to Active and away from it.',
  classes: [],
  needs: ['nodes'],
  hold: { forMs: 0, keepFiringMs: 60_000 },
  // A controller that starts calls every pageserver Offline until the first heartbeat.
  explainedBy: ['controller_away', 'controller_not_ready'],
  detect(input) {
    const { readings, thresholds, nowMs } = input;
    const memory: Record<string, NodeMemory> = {};
    const findings: Finding[] = [];
    for (const node of readings.one('nodes')?.reading.nodes ?? []) {
      const before = input.memory?.[node.nodeId];
      const known = remember(node, before, nowMs, thresholds.nodes.flapWindow);
      memory[node.nodeId] = known;
      const changes = known.changedAtMs.length;
      if (changes >= thresholds.nodes.flapChanges) findings.push(flapping(node, changes, input));
    }
    return { findings, unknown: [], memory };
  },
};
