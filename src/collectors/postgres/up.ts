import { compatFamily } from '../../metrics/compat.ts';
import { flag, sample } from '../../metrics/samples.ts';
import type { Target } from '../target.ts';
import { serverLabel } from './server-label.ts';

/** Whether the last run of the `postgres` collector at a server succeeded; undefined before the first has ended. */
export interface PostgresLook {
  readonly target: Target;
  readonly up: boolean | undefined;
}

/**
 * Known of the runs and not of a reading, because there is no reading of a server that is down. Unlike postgres_exporter's
 * it has a `server` label: there may be several.
 */
export const postgresUp = compatFamily({
  compat: 'postgres_exporter',
  name: 'pg_up',
  type: 'gauge',
  help: 'Whether the server could be read when it was last looked at.',
  labels: ['server'],
  cardinality: 'process',
  *samples(looks: readonly PostgresLook[]) {
    for (const { target, up } of looks) {
      if (up !== undefined) yield sample({ server: serverLabel(target) }, flag(up));
    }
  },
});
