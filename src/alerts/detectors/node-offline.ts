import type { Readings } from '../../collection/store.ts';
import type { NodeFact } from '../../neon/node.ts';
import { controllerCommand } from '../commands.ts';
import type { Detector } from '../detector.ts';
import type { Finding } from '../finding.ts';
import { attachedByNode } from './nodes/node-facts.ts';

function offline(
  node: NodeFact,
  readings: Readings,
  lastReadAtMs: number,
  attached: number | undefined,
): Finding {
  const stranded =
    attached === undefined || attached === 0
      ? ''
      : `; ${attached} shards are still attached to it and nobody serves them`;
  // Drained before it was stopped: somebody restarts it, and nobody misses it meanwhile.
  const isDrained = node.scheduling === 'PauseForRestart' && attached === 0;
  return {
    subject: { kind: 'node', name: String(node.nodeId) },
    severity: isDrained ? 'warning' : 'critical',
    summary: isDrained
      ? `Pageserver ${node.nodeId} in ${node.az} is Offline after it was drained: nothing is attached to it, and while it is away the others carry its load.`
      : `Pageserver ${node.nodeId} in ${node.az} is Offline: it has missed its heartbeats${stranded}.`,
    evidence: [
      { what: 'availability', value: node.availability, source: 'GET /control/v1/node', atMs: lastReadAtMs },
      {
        what: 'scheduling policy',
        value: node.scheduling,
        source: 'GET /control/v1/node',
        atMs: lastReadAtMs,
      },
      ...(attached === undefined
        ? []
        : [{ what: 'attached shards', value: attached, unit: 'shards', source: 'GET /control/v1/tenant' }]),
    ],
    remedy: [
      {
        text: 'See whether the process answers.',
        command: `curl -sS -m 5 http://${node.httpAddress}/v1/status`,
      },
      {
        text: 'Start the pageserver again, with the same id and data directory. Shards with a secondary on a pageserver that may take them have been moved there; it comes back by itself as WarmingUp, then Active.',
      },
      {
        text: 'Watch it return.',
        command: controllerCommand(readings, 'GET', `/control/v1/node/${node.nodeId}`),
      },
    ],
    avoid: [
      {
        what: `DELETE /control/v1/node/${node.nodeId}`,
        why: 'it leaves a tombstone, and the node cannot register again under its id',
      },
      { what: 'deleting its tenants folder', why: 'what is not uploaded yet is lost' },
    ],
  };
}

/** A pageserver that the controller has given up on. */
export const nodeOffline: Detector = {
  id: 'node_offline',
  alert: 'NeonNodeOffline',
  layer: 'pageserver',
  severity: 'critical',
  summary: 'A pageserver has missed its heartbeats and the storage controller calls it Offline.',
  classes: [],
  needs: ['nodes'],
  hold: { forMs: 30_000, samples: 2, keepFiringMs: 60_000 },
  explainedBy: [],
  async detect({ readings, breathe }) {
    const nodes = readings.one('nodes');
    const away = nodes?.reading.nodes.filter(({ availability }) => availability === 'Offline') ?? [];
    if (nodes === undefined || away.length === 0) return { findings: [], unknown: [] };
    // What of the controller's intent still names the node: after a failover, nothing.
    const attached = await attachedByNode(readings, breathe);
    const findings = away.map((node) =>
      offline(node, readings, nodes.lastReadAtMs, attached && (attached.get(node.nodeId) ?? 0)),
    );
    return { findings, unknown: [] };
  },
};
