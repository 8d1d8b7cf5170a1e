import { family } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';
import { readNodeId } from './node-id.ts';

export interface PageserverStatusReading extends ReadingBase {
  readonly nodeId: number;
}

const answering = family({
  name: 'neon_pageserver_answering_info',
  type: 'info',
  help: 'A pageserver that answers over HTTP under the id it was announced with; it may still be loading tenants.',
  labels: ['node_id', 'target'],
  cardinality: 'node',
  samples: ({ target, reading }: TargetReading<PageserverStatusReading>) => [
    sample({ node_id: String(reading.nodeId), target: target.name }, 1),
  ],
});

/** The cheapest look at a pageserver, free of tokens: whether it answers, and as whom. */
export const pageserverStatus = {
  name: 'pageserver_status',
  summary: 'Whether each pageserver answers, and under the id that it was announced with.',
  kind: 'pageserver',
  families: [answering],
  async collect({ http, target, signal }) {
    return { nodeId: await readNodeId(http, target, signal) };
  },
} as const satisfies Collector<PageserverStatusReading>;
