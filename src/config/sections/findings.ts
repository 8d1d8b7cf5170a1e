import { z } from 'zod';
import { Thresholds } from '../../alerts/thresholds.ts';
import { Duration } from '../../settings/duration.ts';

export const Findings = z
  .strictObject({
    enabled: z.boolean().default(true).meta({
      description: 'Evaluate findings. Without them neonwatch only exports what it reads.',
    }),
    interval: Duration.prefault('15s').meta({
      description: 'Time between two evaluations of all findings.',
    }),
    disabled: z.array(z.string().max(100)).max(1000).default([]).meta({
      description: 'Findings that are not evaluated, by id; docs/detectors.md lists them.',
      example: '[controller_open]',
    }),
    thresholds: Thresholds,
  })
  .prefault({})
  .meta({ description: 'What is wrong, decided from all that is read.' });
