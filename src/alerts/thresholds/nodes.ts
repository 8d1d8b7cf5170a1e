import { z } from 'zod';
import { Duration } from '../../settings/duration.ts';

export const NodeThresholds = z
  .strictObject({
    transitionMax: Duration.prefault('10m').meta({
      description:
        'A pageserver may be WarmingUp for this long, and Draining, Filling or Deleting for this long without a shard that moves.',
    }),
    flapWindow: Duration.prefault('30m').meta({
      description: 'The time over which changes of availability are counted.',
    }),
    flapChanges: z.int().min(2).max(50).default(5).meta({
      description:
        'So many times within the window may a pageserver become Active or cease to be it, less one; a restart is two.',
    }),
  })
  .prefault({})
  .meta({ description: 'Pageservers and the operations on them.' });
