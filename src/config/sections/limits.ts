import { z } from 'zod';
import { Duration } from '../../settings/duration.ts';
import { Size } from '../../settings/size.ts';

export const Limits = z
  .strictObject({
    connectTimeout: Duration.prefault('3s').meta({
      description: 'Longest wait for a connection, TLS included.',
    }),
    headersTimeout: Duration.prefault('8s').meta({ description: 'Longest wait for the head of an answer.' }),
    bodyTimeout: Duration.prefault('10s').meta({
      description: 'Longest time for a whole body, not between two pieces.',
    }),
    maxBodyBytes: Size.prefault('64MiB').meta({
      description: 'Largest body that is read; a larger one is a failure.',
    }),
  })
  .prefault({})
  .meta({ description: 'What one HTTP request to a target may take.' });
