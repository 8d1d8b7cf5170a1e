import { z } from 'zod';
import { HttpUrl } from '../../settings/http-url.ts';

export const ComputeHook = z
  .strictObject({
    url: HttpUrl.optional().meta({
      description:
        'The compute hook, which the storage controller tells where shards are: its `--control-plane-url`. ' +
        'Asked with `GET /` whether anything answers; never notified.',
      example: 'http://localhost:3000',
    }),
  })
  .prefault({})
  .meta({ description: 'The compute hook.' });
