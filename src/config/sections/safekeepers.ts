import { z } from 'zod';
import { HttpUrl } from '../../settings/http-url.ts';
import { BearerToken, FilePath } from '../../settings/secret.ts';

export const Safekeepers = z
  .strictObject({
    discover: z.boolean().default(true).meta({
      description: 'Read every safekeeper that the storage controller knows.',
    }),
    urls: z.array(HttpUrl).max(10_000).default([]).meta({
      description: 'Safekeepers to read beside the discovered ones.',
      example: '["http://localhost:7676"]',
    }),
    scheme: z.enum(['http', 'https']).default('http').meta({
      description: 'Which announced port of a discovered safekeeper is dialled.',
    }),
    token: BearerToken.optional().meta({
      description:
        'Bearer token for safekeepers, of the `safekeeperdata` scope. What is read now needs none.',
    }),
    tokenFile: FilePath.optional().meta({
      description: 'File that holds the token; read again when it changes.',
    }),
    caFile: FilePath.optional().meta({
      description: "File of PEM certificates that vouch for the safekeepers, instead of the system's.",
    }),
  })
  .prefault({})
  .meta({ description: 'The safekeepers, discovered or listed.' });
