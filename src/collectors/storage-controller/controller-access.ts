import { SourceError } from '../../errors.ts';
import { family } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';

export interface ControllerAccessReading extends ReadingBase {
  /** The controller lists its nodes to anybody, token or not: it runs without `--public-key`. */
  readonly isOpen: boolean;
}

const open = family({
  name: 'neon_storage_controller_open',
  type: 'gauge',
  help: 'Whether the storage controller answers on a route that needs a token although none was sent: then anybody who reaches it can change the cluster.',
  labels: ['target'],
  cardinality: 'cluster',
  samples: ({ target, reading }: TargetReading<ControllerAccessReading>) => [
    sample({ target: target.name }, flag(reading.isOpen)),
  ],
});

/** Asks for the node list as a stranger would. The token is never sent, whatever is configured. */
export const controllerAccess = {
  name: 'controller_access',
  summary: 'Whether the storage controller lets in requests that carry no token.',
  kind: 'storage_controller',
  families: [open],
  async collect({ inputs, target, signal }): Promise<ControllerAccessReading> {
    const status = await inputs.withoutToken.getStatus('/control/v1/node', signal);
    if (status === 200) return { isOpen: true };
    if (status === 401 || status === 403) return { isOpen: false };
    // 503 of one that has no leader, say: it asked nobody for a token, and showed nothing either.
    const problem = `GET /control/v1/node on ${target.name} without a token answered ${status}`;
    throw new SourceError('unexpected', `${problem}; expected 200, 401 or 403`, { status });
  },
} as const satisfies Collector<ControllerAccessReading>;
