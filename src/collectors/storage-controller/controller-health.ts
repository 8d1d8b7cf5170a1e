import { SourceError } from '../../errors.ts';
import { family } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';

export interface ControllerHealthReading extends ReadingBase {
  /** Start-up is complete. True on an instance that has stepped down, too. */
  readonly isReady: boolean;
  /** Ready and leader. */
  readonly isLive: boolean;
}

type Input = TargetReading<ControllerHealthReading>;

const ready = family({
  name: 'neon_storage_controller_ready',
  type: 'gauge',
  help: 'Whether the storage controller says on /ready that its start-up is complete (an instance that stepped down is ready, too).',
  labels: ['target'],
  cardinality: 'cluster',
  samples: ({ target, reading }: Input) => [sample({ target: target.name }, flag(reading.isReady))],
});

const live = family({
  name: 'neon_storage_controller_live',
  type: 'gauge',
  help: 'Whether the storage controller says on /live that it is ready and the leader.',
  labels: ['target'],
  cardinality: 'cluster',
  samples: ({ target, reading }: Input) => [sample({ target: target.name }, flag(reading.isLive))],
});

/** 200 is yes and 503 is no; anything else was not said by a storage controller. */
function yesOrNo(path: string, target: string, status: number): boolean {
  if (status === 200) return true;
  if (status === 503) return false;
  const remedy = 'is storageController.url a storage controller?';
  throw new SourceError('unexpected', `GET ${path} on ${target} answered ${status}; ${remedy}`, { status });
}

/**
 * `/ready` and `/live` answer 200 or 503 with `null`, need no token and no database. There is a target for each instance
 * of the controller: ask the store for `all` of them; `one` is the first by name, whichever that is.
 */
export const controllerHealth = {
  name: 'controller_health',
  summary: 'Whether each instance of the storage controller is ready, and live: ready and leader.',
  kind: 'controller_instance',
  families: [ready, live],
  async collect({ http, target, signal }) {
    const [readyStatus, liveStatus] = await Promise.all([
      http.getStatus('/ready', signal),
      http.getStatus('/live', signal),
    ]);
    return {
      isReady: yesOrNo('/ready', target.name, readyStatus),
      isLive: yesOrNo('/live', target.name, liveStatus),
    };
  },
} as const satisfies Collector<ControllerHealthReading>;
