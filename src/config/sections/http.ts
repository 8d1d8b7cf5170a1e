import { z } from 'zod';
import { ListenAddress } from '../../settings/host-port.ts';

export const Http = z
  .strictObject({
    listen: ListenAddress.prefault('127.0.0.1:9795').meta({
      description: 'Address to serve /metrics on. Port 0 takes a free one, which is printed at start.',
      flag: 'listen',
    }),
    openMetrics: z.boolean().default(true).meta({
      description: 'Offer OpenMetrics 1.0 to scrapers that ask for it. `false` forces text 0.0.4.',
    }),
  })
  .prefault({})
  .meta({ description: "neonwatch's own HTTP server." });
