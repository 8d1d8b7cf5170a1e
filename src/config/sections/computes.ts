import { z } from 'zod';
import { HttpUrl } from '../../settings/http-url.ts';
import { BearerToken, FilePath, PostgresDsn } from '../../settings/secret.ts';
import { Size } from '../../settings/size.ts';

const Compute = z
  .strictObject({
    name: z.string().min(1).max(100).optional().meta({ description: 'How it is called in labels.' }),
    dsn: PostgresDsn.optional().meta({ description: 'Its connection string.', env: ['compute_dsn'] }),
    dsnFile: FilePath.optional().meta({ description: 'File that holds its connection string.' }),
    wake: z
      .enum(['always', 'piggyback', 'never'])
      .default('always')
      .meta({
        description:
          'When SQL may be sent: `always`; `piggyback`, while somebody else keeps it awake; `never`. ' +
          'With a scale-to-zero controller `always` keeps a compute awake.',
      }),
    computeCtlUrl: HttpUrl.optional().meta({
      description: 'Its compute_ctl, which says when it was last active; `piggyback` needs it.',
      example: 'http://compute:3080',
    }),
    computeCtlToken: BearerToken.optional().meta({ description: 'Bearer token for compute_ctl.' }),
    computeCtlTokenFile: FilePath.optional().meta({ description: 'File that holds that token.' }),
    databases: z
      .array(z.string().min(1).max(100))
      .max(100)
      .default([])
      .meta({ description: 'Databases read besides that of the DSN: names, or patterns with `*`.' }),
    configJson: FilePath.optional().meta({
      description: 'Its config.json, where that can be read from here: what its next start will set.',
    }),
    hostMemory: Size.optional().meta({ description: 'Memory of its host; SQL cannot see it.' }),
    hostDisk: Size.optional().meta({ description: 'Disk of its host; SQL cannot see it.' }),
  })
  .meta({ expects: 'a map with a dsn or dsnFile and perhaps a name', word: 'map' });

export const Computes = z.array(Compute).max(10_000).default([]).meta({
  description: 'Compute nodes, read by SQL over one connection each.',
  example: '[{name: main, dsnFile: /run/secrets/compute-dsn}]',
});
