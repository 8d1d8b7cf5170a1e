import type { WorkerFact } from './neurondb-reading.ts';

/** The database that the workers of 1.0 and 3.0 connect to, whatever others have the extension. */
const usualWorkerDatabase = 'postgres';

/** `3.0` of `3.0-devel`; a text without leading numbers is its own release. */
export function releaseOf(version: string): string {
  return /^\d+(?:\.\d+)*/.exec(version)?.[0] ?? version;
}

/** Whether a worker visits this database: seen where the workers are seen, else as all known versions do it. */
export function isServed(database: string, workers: readonly WorkerFact[] | undefined): boolean {
  const seen = (workers ?? []).flatMap(({ databases }) => databases);
  return seen.length > 0 ? seen.includes(database) : database === usualWorkerDatabase;
}
