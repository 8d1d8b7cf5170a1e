import { z } from 'zod';

export const Log = z
  .strictObject({
    level: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .default('info')
      .meta({ description: 'The least severe message that is logged.' }),
  })
  .prefault({})
  .meta({ description: 'Log lines, JSON on standard error.' });
