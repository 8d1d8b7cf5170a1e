import { z } from 'zod';
import { Duration } from '../../settings/duration.ts';
import { Size } from '../../settings/size.ts';

export const NeurondbThresholds = z
  .strictObject({
    unusedAfter: Duration.prefault('7d').meta({
      description:
        'A vector index may go without returning an entry for this long, as long as neonwatch looks.',
    }),
    unusedSize: Size.prefault('8MiB').meta({
      description: 'A smaller vector index is never called unused.',
    }),
    memoryPart: z.number().positive().max(10).default(0.8).meta({
      description:
        'Part of the memory of its host that the vector indexes of a compute may need by rule of thumb.',
    }),
    sequentialScans: z.int().positive().default(30).meta({
      description: 'Sequential scans of a table with vectors within 15 minutes that are too many.',
    }),
    sequentialRows: z.int().positive().default(10_000).meta({
      description: 'Rows that these scans read on average, at least: scans of small tables do no harm.',
    }),
    slowFactor: z.number().min(1).default(3).meta({
      description: 'A vector statement is slow from this multiple of its usual mean time on.',
    }),
    slowDeviations: z.number().min(0).default(6).meta({
      description: 'And by at least so many of its usual deviations (from the median of absolute ones).',
    }),
    slowExcess: Duration.prefault('20ms').meta({
      description: 'And by at least this much longer than usual.',
    }),
    queueMax: Duration.prefault('15m').meta({
      description: 'A job may wait in a queue that does not move for this long.',
    }),
    workerRestarts: z.int().min(0).default(3).meta({
      description: 'A background worker may be replaced so many times within an hour.',
    }),
    busyMax: Duration.prefault('30m').meta({
      description:
        'A statement of a client may run without ever waiting for this long; neonwatch’s own, a minute.',
    }),
  })
  .prefault({})
  .meta({ description: 'NeuronDB: indexes, statements, queues and workers.' });
