import { z } from 'zod';
import '../../settings/meta.ts';

export const PlacementThresholds = z
  .strictObject({
    imbalanceShards: z.int().min(1).max(100_000).default(4).meta({
      description:
        'A pageserver is out of balance when its attached shards differ from its share by this many, and by `imbalanceRatio` as well.',
    }),
    imbalanceRatio: z.number().min(0).max(100).default(0.2).meta({
      description: 'And by this part of its share: 0.2 is a fifth.',
    }),
  })
  .prefault({})
  .meta({ description: 'Where shards are, and where they should be.' });
