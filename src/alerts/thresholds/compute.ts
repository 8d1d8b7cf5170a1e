import { z } from 'zod';
import { Duration } from '../../settings/duration.ts';
import { Size } from '../../settings/size.ts';

const part = z.number().positive();

export const ComputeThresholds = z
  .strictObject({
    startMax: Duration.prefault('10m').meta({
      description: 'A compute may be starting or being configured for this long before it counts as away.',
    }),
    throttledSecondsPerSecond: part.default(0.1).meta({
      description:
        'Backpressure: seconds per second for which backends together may be held up, over 5 minutes.',
    }),
    stuckMax: Duration.prefault('30s').meta({
      description: 'A page request may be without an answer for this long.',
    }),
    stuckRequests: z.int().positive().default(5).meta({
      description:
        'Page requests that get stuck (no answer for 10 s) within 2 minutes from which on it is a finding.',
    }),
    misroutedPerSecond: part.default(0.1).meta({
      description: 'Misrouted page requests a second that a pageserver may count, over 5 minutes.',
    }),
    connectionsInUse: part.max(1).default(0.9).meta({
      description: 'Part of the connections for ordinary roles that may be in use.',
    }),
    activeTransactionMax: Duration.prefault('1h').meta({
      description: 'A transaction may be open for this long.',
    }),
    idleTransactionMax: Duration.prefault('10m').meta({
      description: 'A session may be idle in its transaction for this long.',
    }),
    freezeOverrun: z.number().min(1).default(1.5).meta({
      description:
        'Age of the oldest unfrozen transaction, as a multiple of the age at which autovacuum freezes by force.',
    }),
    slotRetainedMax: Size.prefault('10GiB').meta({
      description: 'WAL that a replication slot may hold back.',
    }),
  })
  .prefault({})
  .meta({ description: 'Computes and their Postgres.' });
