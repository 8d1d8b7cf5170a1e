/** Access methods of vector indexes: NeuronDB's are `hnsw` and `ivf`, pgvector's `hnsw` and `ivfflat`. */
export const vectorAccessMethods = ['hnsw', 'ivf', 'ivfflat'] as const;
export type VectorAccessMethod = (typeof vectorAccessMethods)[number];

/** Memory that an index needs to be fast, as a multiple of its vector data: the rules of NeuronDB's playbook. */
export const memoryRules: Readonly<
  Record<VectorAccessMethod, { readonly low: number; readonly high: number }>
> = {
  hnsw: { low: 3, high: 4 },
  ivf: { low: 1.5, high: 2 },
  ivfflat: { low: 1.5, high: 2 },
};

/** The database that the workers of 1.0 and 3.0 connect to, whatever others have the extension. */
const usualWorkerDatabase = 'postgres';

/** `3.0` of `3.0-devel`; a text without leading numbers is its own release. */
export function releaseOf(version: string): string {
  return /^\d+(?:\.\d+)*/.exec(version)?.[0] ?? version;
}

/** Negative when `left` is the older release, 0 for the same; undefined when one of them has no numbers to compare. */
export function compareReleases(left: string, right: string): number | undefined {
  const [one, other] = [releaseOf(left), releaseOf(right)];
  if (one === other) return 0;
  const [numbers, others] = [one.split('.').map(Number), other.split('.').map(Number)];
  if ([...numbers, ...others].some((number) => Number.isNaN(number))) return undefined;
  for (let at = 0; at < Math.max(numbers.length, others.length); at += 1) {
    const difference = (numbers[at] ?? 0) - (others[at] ?? 0);
    if (difference !== 0) return difference;
  }
  // `3` and `3.0` are other texts of one release; the texts differ, so the longer one counts as later.
  return numbers.length - others.length;
}

/** Whether a worker visits this database: seen where the workers are seen, else as all known versions do it. */
export function isServed(
  database: string,
  workers: readonly { readonly databases: readonly string[] }[] | undefined,
): boolean {
  const seen = (workers ?? []).flatMap(({ databases }) => databases);
  return seen.length > 0 ? seen.includes(database) : database === usualWorkerDatabase;
}
