import { z } from 'zod';
import { Duration } from '../../settings/duration.ts';
import { AddressMap } from '../../settings/host-port.ts';

export const DriftThresholds = z
  .strictObject({
    settle: Duration.prefault('2m').meta({
      description:
        'Connection strings are not judged for this long after the controller started, a pageserver came back or the compute started.',
    }),
    aliases: AddressMap.default({}).meta({
      description:
        'Addresses of pageservers that lead to the same place: the one that the controller announces, and the one that computes use. `addresses` counts as well.',
      example: '{"pageserver2:6400": "10.0.0.2:6400"}',
    }),
  })
  .prefault({})
  .meta({ description: 'Connection strings of computes.' });
