import { z } from 'zod';
import { HttpUrl } from '../../settings/http-url.ts';
import { BearerToken, FilePath } from '../../settings/secret.ts';

export const Pageservers = z
  .strictObject({
    discover: z.boolean().default(true).meta({
      description: 'Read every pageserver that the storage controller knows.',
    }),
    urls: z.array(HttpUrl).max(10_000).default([]).meta({
      description: 'Pageservers to read beside the discovered ones.',
      example: '["http://localhost:9898"]',
    }),
    scheme: z.enum(['http', 'https']).default('http').meta({
      description: 'Which announced port of a discovered pageserver is dialled.',
    }),
    token: BearerToken.optional().meta({
      description: 'Bearer token for pageservers, of the `pageserverapi` scope. They reject `admin`.',
    }),
    tokenFile: FilePath.optional().meta({
      description: 'File that holds the token; read again when it changes.',
    }),
    caFile: FilePath.optional().meta({
      description: "File of PEM certificates that vouch for the pageservers, instead of the system's.",
    }),
    warmthSamples: z.int().min(0).max(1000).default(20).meta({
      description: 'Secondary locations asked for their warmth, per pageserver and run. 0 asks none.',
    }),
  })
  .prefault({})
  .meta({ description: 'The pageservers, discovered or listed.' });
