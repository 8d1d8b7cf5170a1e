import { z } from 'zod';
import { Duration } from '../../settings/duration.ts';

export const Collection = z
  .strictObject({
    interval: Duration.prefault('15s').meta({
      description: 'Time between two runs of a collector on a target.',
    }),
    timeout: Duration.prefault('10s').meta({
      description: 'Deadline of one run, all its requests together.',
    }),
    keepIntervals: z.int().min(1).max(1000).default(3).meta({
      description: 'After this many intervals without success the series of a collector and target vanish.',
    }),
  })
  .prefault({})
  .meta({ description: 'When collectors run, unless `collectors` says otherwise for one.' });
