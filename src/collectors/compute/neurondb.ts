import type { SqlCollector, SqlContext } from '../sql-collector.ts';
import { skipReason } from '../sql-part.ts';
import { type PartContext, partContext } from './neurondb-batch.ts';
import { otherDatabases } from './neurondb-databases.ts';
import { neurondbFamilies } from './neurondb-families.ts';
import { type FunctionServerFacts, readFunctions } from './neurondb-functions.ts';
import { labelText } from './neurondb-labels.ts';
import { type Probe, probeNeurondb, type SettingName } from './neurondb-probe.ts';
import type { DatabaseFacts, DatabaseSkip, NeurondbReading, ServerFacts } from './neurondb-reading.ts';
import { readTables } from './neurondb-tables.ts';
import { type ReadServer, readServer } from './neurondb-workers.ts';

/** Meaning of `neurondb.compute_mode`, from NeuronDB's source. */
const computeModes: Readonly<Record<string, string>> = { '0': 'cpu', '1': 'gpu', '2': 'auto' };

/** The setting that lets a worker run. The LLM worker has none. */
const workerSettings = {
  queue: 'neurondb.neuranq_enabled',
  tuner: 'neurondb.neuranmon_enabled',
} as const satisfies Record<string, SettingName>;

/** What is known of the server after some of its databases. */
type Known = FunctionServerFacts & Pick<ServerFacts, 'isPreloaded' | 'enabledWorkers'>;

const nothingKnown: Known = {
  isPreloaded: undefined,
  enabledWorkers: new Map(),
  gpus: undefined,
  isGpuEnabled: undefined,
  reportedGpus: undefined,
  llmGpus: undefined,
  hasOnnx: undefined,
  entrypointCache: undefined,
};

function notInstalled(database: string): DatabaseFacts {
  return {
    database,
    extension: undefined,
    libraryVersion: undefined,
    computeMode: undefined,
    queues: [],
    llmCache: undefined,
    tableRows: new Map(),
    indexMetadata: [],
    mlModels: undefined,
    isLlmConfigPublic: undefined,
  };
}

/** `neurondb`, `'$libdir/neurondb'` and `neurondb.so` are the same library. */
function isPreloaded(libraries: string): boolean {
  return libraries
    .split(',')
    .map((library) =>
      library
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .replace(/^.*\//, '')
        .replace(/\.so$/, ''),
    )
    .includes('neurondb');
}

function enabledWorkers({ settings }: Probe): ReadonlyMap<string, boolean> {
  const enabled = new Map<string, boolean>();
  for (const [worker, setting] of Object.entries(workerSettings)) {
    const value = settings.get(setting);
    if (value !== undefined) enabled.set(worker, value === 'on');
  }
  return enabled;
}

async function readDatabase(
  context: PartContext,
  known: Known,
): Promise<{ readonly facts: DatabaseFacts; readonly known: Known }> {
  const { database } = context.session;
  const probe = await probeNeurondb(context.session);
  const libraries = probe.settings.get('shared_preload_libraries' satisfies SettingName);
  const preloaded = known.isPreloaded ?? (libraries === undefined ? undefined : isPreloaded(libraries));
  if (probe.extension === undefined) {
    context.skip('extension', 'no_extension');
    return { facts: notInstalled(database), known: { ...known, isPreloaded: preloaded } };
  }
  if (preloaded === undefined && known === nothingKnown) context.skip('library_preloaded', 'no_privilege');
  const mode = probe.settings.get('neurondb.compute_mode' satisfies SettingName);
  if (mode === undefined) context.skip('compute_mode', 'no_object');
  if (probe.isLlmConfigPublic === undefined) context.skip('llm_config', 'no_object');
  const functions = await readFunctions(context, probe, known);
  const tables = await readTables(context, probe);
  const enabled = enabledWorkers(probe);
  return {
    facts: {
      database,
      extension: { version: labelText(probe.extension.version), schema: probe.extension.schema },
      ...functions.database,
      ...tables,
      computeMode: mode === undefined ? undefined : (computeModes[mode] ?? labelText(mode)),
      isLlmConfigPublic: probe.isLlmConfigPublic,
    },
    known: {
      ...functions.server,
      isPreloaded: preloaded,
      enabledWorkers: enabled.size > 0 ? enabled : known.enabledWorkers,
    },
  };
}

async function collect(context: SqlContext<NeurondbReading>): Promise<NeurondbReading> {
  const { sql, signal, previous, settings } = context;
  const skips: DatabaseSkip[] = [];
  const first = await sql.session({}, signal, async (session) => {
    const parts = partContext(session, signal);
    const server = await readServer(parts, previous?.server);
    const read = await readDatabase(parts, nothingKnown);
    skips.push(...skipsOf(parts));
    return { server, read, others: await otherDatabases(session, settings.databases) };
  });
  const databases = [first.read.facts];
  let { known } = first.read;
  for (const { name, isAllowed } of first.others) {
    if (!isAllowed) {
      skips.push({ database: name, part: 'database', reason: 'no_privilege' });
      continue;
    }
    try {
      const read = await sql.session({ database: name }, signal, async (session) => {
        const parts = partContext(session, signal);
        const facts = await readDatabase(parts, known);
        skips.push(...skipsOf(parts));
        return facts;
      });
      databases.push(read.facts);
      known = read.known;
    } catch (thrown) {
      const reason = signal.aborted ? undefined : skipReason(thrown);
      if (reason === undefined) throw thrown;
      skips.push({ database: name, part: 'database', reason });
    }
  }
  return readingOf(first.server, known, databases, skips);
}

function skipsOf({ session, skipped }: PartContext): DatabaseSkip[] {
  return skipped().map((skip) => ({ database: session.database, ...skip }));
}

function readingOf(
  server: ReadServer,
  known: Known,
  databases: readonly DatabaseFacts[],
  skips: readonly DatabaseSkip[],
): NeurondbReading {
  const isThere =
    databases.some(({ extension }) => extension !== undefined) ||
    server.workers?.some(({ startsMs }) => startsMs.length > 0) === true ||
    known.isPreloaded === true;
  const distinct = new Map(skips.map(({ part, reason }) => [`${part} ${reason}`, { part, reason }]));
  // Where there is no NeuronDB at all, that no worker runs is no fact about it.
  const ofNeurondb = isThere ? {} : { workers: undefined, begin: undefined, busy: undefined };
  return {
    server: { ...server, ...known, ...ofNeurondb },
    databases,
    skips,
    skippedParts: [...distinct.values()],
  };
}

/** NeuronDB in every database that is looked at. What is absent or not ours to read is said, and costs nothing else. */
export const neurondb = {
  name: 'neurondb',
  summary: 'NeuronDB: versions, GPU, background workers, job queues, caches, exposure of its configuration.',
  kind: 'compute',
  families: neurondbFamilies,
  collect,
} as const satisfies SqlCollector<NeurondbReading>;
