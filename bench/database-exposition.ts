/** Our side of the comparison with postgres_exporter, as an exposition: the bench and the tests of the collector share it. */
import type { Clock } from '../src/clock.ts';
import type { PostgresReading } from '../src/collectors/postgres/postgres-reading.ts';
import type { Target } from '../src/collectors/target.ts';
import type { Format } from '../src/render/exposition.ts';

export interface NeonwatchSide {
  /** Reads the server once, as a run of the collector does, and renders what came. */
  collect(): Promise<{ readonly reading: PostgresReading; text(format: Format): string }>;
  close(): Promise<void>;
}

const settings = { databases: [], top: 10, statementText: false };

/**
 * The `postgres` collector with the real source and renderer against one server.
 *
 * @param isCompiled take the files of dist instead of src
 */
export async function openNeonwatchSide(
  dsn: string,
  clock: Clock,
  isCompiled = false,
): Promise<NeonwatchSide> {
  const { openPostgres, postgres, postgresUp, chunkSource, createSnapshotBuilder } = await parts(isCompiled);
  const sql = openPostgres({
    dsn: () => Promise.resolve(dsn),
    setting: 'computes[0].dsn',
    name: 'compute main',
    statementTimeoutMs: 10_000,
    connectTimeoutMs: 10_000,
    clock,
  });
  const target: Target = { kind: 'compute', name: 'main', url: dsn };
  const failures: unknown[] = [];
  let previous: PostgresReading | undefined;
  let version = 0;
  const builder = createSnapshotBuilder({
    clock,
    budgets: { maxSeries: 1_000_000, perCollector: new Map() },
    onError: (error) => failures.push(error),
    onQuarantine: ({ family, detail }) => failures.push(new Error(`${family}: ${detail}`)),
    sources: () => {
      if (previous === undefined) return [];
      const input = { target, reading: previous };
      const identity = { version, collector: postgres.name, target: target.name };
      const families = [...postgres.families, ...postgres.dynamicFamilies(input)];
      return [
        chunkSource({ ...identity, key: 'postgres' }, families, input),
        chunkSource({ ...identity, key: 'up' }, [postgresUp], [{ target, up: true }]),
      ];
    },
  });
  return {
    async collect() {
      const signal = AbortSignal.timeout(30_000);
      const reading = await postgres.collect({ sql, target, previous, settings, clock, signal });
      previous = reading;
      version += 1;
      const snapshot = await builder.build();
      if (failures.length > 0 || snapshot === undefined) throw failures[0] ?? new Error('no snapshot');
      const { identity } = snapshot;
      return { reading, text: (format) => Buffer.concat([...identity[format].pages]).toString() };
    },
    close: () => sql.close(),
  };
}

async function parts(isCompiled: boolean) {
  function load<Module>(path: string): Promise<Module> {
    return import(isCompiled ? `../dist/${path}.js` : `../src/${path}.ts`);
  }
  const folder = 'collectors/postgres';
  return {
    ...(await load<typeof import('../src/sources/postgres.ts')>('sources/postgres')),
    ...(await load<typeof import('../src/collectors/postgres/postgres.ts')>(`${folder}/postgres`)),
    ...(await load<typeof import('../src/collectors/postgres/up.ts')>(`${folder}/up`)),
    ...(await load<typeof import('../src/render/chunk-source.ts')>('render/chunk-source')),
    ...(await load<typeof import('../src/render/snapshot-builder.ts')>('render/snapshot-builder')),
  };
}
