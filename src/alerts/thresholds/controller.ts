import { z } from 'zod';
import { Duration } from '../../settings/duration.ts';

export const ControllerThresholds = z
  .strictObject({
    pendingTenantsNamed: z.int().min(1).max(1000).default(20).meta({
      description:
        'Tenants with a notification that is pending which get a finding of their own; the others are counted in one more.',
    }),
    stuckTenantsNamed: z.int().min(1).max(1000).default(20).meta({
      description:
        'Tenants with a reconcile that does not end which get a finding of their own; the others are counted in one more.',
    }),
    unnotifiedWindow: Duration.prefault('2m').meta({
      description: 'A reconcile that ends without the compute hook counts for this long.',
    }),
    databaseErrorWindow: Duration.prefault('1m').meta({
      description: 'A failed connection of the controller to its database counts for this long.',
    }),
  })
  .prefault({})
  .meta({ description: 'The storage controller, its database and its compute hook.' });
