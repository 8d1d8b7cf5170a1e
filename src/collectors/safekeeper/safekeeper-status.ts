import { family } from '../../metrics/family.ts';
import { sample } from '../../metrics/samples.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';
import { readSafekeeperId } from './safekeeper-id.ts';

/** There is a reading only of a safekeeper that answers; one that does not is a failed look, as with pageservers. */
export interface SafekeeperStatusReading extends ReadingBase {
  readonly safekeeperId: number;
  readonly isResponding: true;
}

const answering = family({
  name: 'neon_safekeeper_answering_info',
  type: 'info',
  help: 'A safekeeper that answers over HTTP under the id it was announced with.',
  labels: ['safekeeper_id', 'target'],
  cardinality: 'node',
  samples: ({ target, reading }: TargetReading<SafekeeperStatusReading>) => [
    sample({ safekeeper_id: String(reading.safekeeperId), target: target.name }, 1),
  ],
});

/** The cheapest look at a safekeeper, free of tokens. The controller's list has no liveness: it shows a dead one as Active. */
export const safekeeperStatus = {
  name: 'safekeeper_status',
  summary: 'Whether each safekeeper answers, and under the id that it was announced with.',
  kind: 'safekeeper',
  families: [answering],
  async collect({ http, target, signal }): Promise<SafekeeperStatusReading> {
    return { safekeeperId: await readSafekeeperId(http, target, signal), isResponding: true };
  },
} as const satisfies Collector<SafekeeperStatusReading>;
