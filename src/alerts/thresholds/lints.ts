import { z } from 'zod';

export const LintThresholds = z
  .strictObject({
    tenantsNamed: z.int().min(0).max(10_000).default(50).meta({
      description:
        'Tenants that get a finding of their own from one lint; the others are counted in one more.',
    }),
  })
  .prefault({})
  .meta({ description: 'Settings that work today and hurt one day.' });
