import { z } from 'zod';

export const Series = z
  .strictObject({
    max: z.int().min(0).max(100_000_000).default(1_000_000).meta({
      description:
        'Series budget over all collectors; beyond it per-shard series go first, then per-tenant ones.',
    }),
    perTenant: z.boolean().default(false).meta({ description: 'Also export series per tenant.' }),
    perShard: z.boolean().default(false).meta({ description: 'Also export series per shard.' }),
  })
  .prefault({})
  .meta({ description: 'How many series are exported.' });
