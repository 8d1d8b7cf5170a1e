import { z } from 'zod';
import { HttpUrl } from '../../settings/http-url.ts';

export const Broker = z
  .strictObject({
    url: HttpUrl.optional().meta({
      description: 'The storage broker. Nothing announces it, so it is watched only when it is named.',
      example: 'http://localhost:50051',
    }),
  })
  .prefault({})
  .meta({ description: 'The storage broker.' });
