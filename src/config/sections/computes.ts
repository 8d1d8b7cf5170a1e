import { z } from 'zod';
import { FilePath, PostgresDsn } from '../../settings/secret.ts';

const Compute = z
  .strictObject({
    name: z.string().min(1).max(100).optional().meta({ description: 'How it is called in labels.' }),
    dsn: PostgresDsn.optional().meta({ description: 'Its connection string.', env: ['compute_dsn'] }),
    dsnFile: FilePath.optional().meta({ description: 'File that holds its connection string.' }),
  })
  .meta({ expects: 'a map with a dsn or dsnFile and perhaps a name', word: 'map' });

export const Computes = z.array(Compute).max(10_000).default([]).meta({
  description: 'Compute nodes. Checked and kept for the SQL collectors; nothing reads it yet.',
  example: '[{name: main, dsnFile: /run/secrets/compute-dsn}]',
});
