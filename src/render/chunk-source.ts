import type { Family, FamilyDeclaration, Sample } from '../metrics/family.ts';

/** A family with its reading already given: what is left is to take the rows. */
export interface BoundFamily {
  readonly declaration: FamilyDeclaration;
  readonly samples: () => Iterable<Sample>;
}

/** What the store offers to be rendered: one collector's reading of one target. */
export interface ChunkSource {
  /** Identifies the chunk from build to build, e.g. `pageserver/pageserver2:9898`. */
  readonly key: string;
  /** The same key with the same version is the same rows: it is not rendered again. */
  readonly version: number;
  readonly collector: string;
  /** Empty for what belongs to no target. */
  readonly target: string;
  readonly families: readonly BoundFamily[];
}

/** Makes a source from families and a reading of their type; the type ends here. */
export function chunkSource<Reading>(
  identity: Omit<ChunkSource, 'families'>,
  families: readonly Family<Reading>[],
  reading: Reading,
): ChunkSource {
  return {
    ...identity,
    families: families.map((family) => ({ declaration: family, samples: () => family.samples(reading) })),
  };
}
