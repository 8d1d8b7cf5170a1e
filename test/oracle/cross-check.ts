import { recordedAnswer } from '../replay/world.ts';
import { oracle } from './oracle.ts';

/** One number that both the oracle and the controller's own /metrics give. */
export interface Comparison {
  readonly series: string;
  readonly ours: number;
  readonly controllers: number;
}

/** The controller's samples of one family with labels `az` and `node_id`, by node id. */
function samplesByNode(exposition: string, name: string): Map<string, number> {
  const sample = new RegExp(`^${name}\\{az="[^"]*",node_id="(\\d+)"\\} (\\S+)$`, 'gm');
  return new Map([...exposition.matchAll(sample)].map(([, nodeId = '', value]) => [nodeId, Number(value)]));
}

/**
 * Compares the oracle with what the controller itself counted in the same recorded state. Its gauges are refreshed by a
 * background pass, so up to 20 s after a change they still show what was before: `world` names the state they are from.
 *
 * @throws {Error} when the state has no recorded /metrics.
 */
export function crossCheck(state: string, world: string = state): Comparison[] {
  const metrics = recordedAnswer(state, 'storcon', '/metrics')?.body.toString();
  if (metrics === undefined) throw new Error(`the controller's /metrics was not recorded in state ${state}`);
  const numbers = oracle(world);
  const all = samplesByNode(metrics, 'storage_controller_node_shards');
  const attached = samplesByNode(metrics, 'storage_controller_node_attached_shards');
  const home = samplesByNode(metrics, 'storage_controller_node_home_shards');
  const controllers = new Map<string, (nodeId: string) => number>([
    ['neon_node_attached_shards', (nodeId) => attached.get(nodeId) ?? 0],
    ['neon_node_secondary_shards', (nodeId) => (all.get(nodeId) ?? 0) - (attached.get(nodeId) ?? 0)],
    ['neon_node_home_shards', (nodeId) => home.get(nodeId) ?? 0],
  ]);
  const total = Number(/^storage_controller_tenant_shards (\d+)$/m.exec(metrics)?.[1]);
  const shards = {
    series: 'neon_shards',
    ours: numbers.get('neon_shards') ?? Number.NaN,
    controllers: total,
  };
  const byNode = [...numbers].flatMap(([series, ours]) => {
    const [, name = '', nodeId = ''] = /^(\w+)\{az="[^"]*",node_id="(\d+)"\}$/.exec(series) ?? [];
    const count = controllers.get(name);
    return count === undefined ? [] : [{ series, ours, controllers: count(nodeId) }];
  });
  return [shards, ...byNode];
}
