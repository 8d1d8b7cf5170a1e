import { z } from 'zod';
import { Duration } from '../../settings/duration.ts';

export const Sql = z
  .strictObject({
    statementTimeout: Duration.prefault('5s').meta({
      description: 'Longest time the server may spend on one statement of ours.',
    }),
    lockTimeout: Duration.prefault('500ms').meta({
      description: 'Longest wait for a lock: who waits longer is in the way of others.',
    }),
    top: z.int().min(1).max(10_000).default(50).meta({
      description:
        'Statements, tables and indexes exported by name, per server; the rest is summed up as `other`.',
    }),
    statementText: z.boolean().default(false).meta({
      description: 'Also export the texts of statements, normalised and cut.',
    }),
  })
  .prefault({})
  .meta({ description: 'How Postgres servers are read.' });
