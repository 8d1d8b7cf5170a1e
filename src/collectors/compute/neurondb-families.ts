import { family } from '../../metrics/family.ts';
import { flag, sample, stateValues } from '../../metrics/samples.ts';
import { isServed, releaseOf } from '../../neon/neurondb.ts';
import type { TargetReading } from '../collector.ts';
import { secondsOf } from './neurondb-labels.ts';
import type { DatabaseFacts, NeurondbReading } from './neurondb-reading.ts';
import { serverFamilies } from './neurondb-server-families.ts';

type Input = TargetReading<NeurondbReading>;

const computeModes = ['cpu', 'gpu', 'auto'];

/** One sample a database that has NeuronDB, none where the fact is not known. */
function eachDatabase(value: (facts: DatabaseFacts) => number | boolean | undefined) {
  return ({ target, reading }: Input) =>
    reading.databases.flatMap((facts) => {
      const known = value(facts);
      const labels = { compute: target.name, datname: facts.database };
      return known === undefined ? [] : [sample(labels, typeof known === 'boolean' ? flag(known) : known)];
    });
}

const installed = family({
  name: 'neurondb_extension_installed',
  type: 'gauge',
  help: 'Whether the extension neurondb is installed in a database.',
  labels: ['compute', 'datname'],
  cardinality: 'node',
  samples: eachDatabase(({ extension }) => extension !== undefined),
});

const extensionInfo = family({
  name: 'neurondb_extension_info',
  type: 'info',
  help: 'Installed version of the extension and the schema of its plain functions and types.',
  labels: ['compute', 'datname', 'version', 'schema'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const { database, extension } of reading.databases) {
      if (extension !== undefined) yield sample({ compute: target.name, datname: database, ...extension }, 1);
    }
  },
});

const libraryInfo = family({
  name: 'neurondb_library_info',
  type: 'info',
  help: 'Version that neurondb.version() gives.',
  labels: ['compute', 'datname', 'version'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const { database, libraryVersion: version } of reading.databases) {
      if (version !== undefined) yield sample({ compute: target.name, datname: database, version }, 1);
    }
  },
});

const versionMatch = family({
  name: 'neurondb_extension_version_match',
  type: 'gauge',
  help: 'Whether the installed extension is of the same release (numbers only: 3.0-devel is 3.0) as the library, or as the version available on the server.',
  labels: ['compute', 'datname', 'against'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const { database, extension, libraryVersion } of reading.databases) {
      if (extension === undefined) continue;
      const release = releaseOf(extension.version);
      for (const [against, version] of [
        ['available', reading.server.availableVersion],
        ['library', libraryVersion],
      ] as const) {
        if (version === undefined) continue;
        const labels = { compute: target.name, datname: database, against };
        yield sample(labels, flag(releaseOf(version) === release));
      }
    }
  },
});

const computeMode = family({
  name: 'neurondb_compute_mode',
  type: 'gauge',
  help: 'Configured neurondb.compute_mode: 1 for the present value, 0 for the others.',
  labels: ['compute', 'datname', 'mode'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const { database, computeMode: present } of reading.databases) {
      if (present === undefined) continue;
      for (const mode of stateValues(computeModes, present)) {
        yield sample({ compute: target.name, datname: database, mode }, flag(mode === present));
      }
    }
  },
});

const queueJobs = family({
  name: 'neurondb_queue_jobs',
  type: 'gauge',
  help: 'Jobs in the tables neurondb.job_queue and neurondb.llm_jobs by status; ended jobs stay there.',
  labels: ['compute', 'datname', 'queue', 'status'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const { database, queues } of reading.databases) {
      for (const { queue, jobs } of queues) {
        for (const [status, count] of jobs) {
          yield sample({ compute: target.name, datname: database, queue, status }, count);
        }
      }
    }
  },
});

const queueOldest = family({
  name: 'neurondb_queue_oldest_waiting_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When the oldest job that still waits for a worker was made; absent when none waits.',
  labels: ['compute', 'datname', 'queue'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const { database, queues } of reading.databases) {
      for (const { queue, oldestWaitingMs } of queues) {
        if (oldestWaitingMs === undefined) continue;
        yield sample({ compute: target.name, datname: database, queue }, secondsOf(oldestWaitingMs));
      }
    }
  },
});

const queueOutOfRetries = family({
  name: 'neurondb_queue_jobs_out_of_retries',
  type: 'gauge',
  help: 'Jobs that wait and that no worker will ever take because their retries are spent.',
  labels: ['compute', 'datname', 'queue'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const { database, queues } of reading.databases) {
      for (const { queue, outOfRetries } of queues) {
        if (outOfRetries === undefined) continue;
        yield sample({ compute: target.name, datname: database, queue }, outOfRetries);
      }
    }
  },
});

const queueServed = family({
  name: 'neurondb_queue_database_served',
  type: 'gauge',
  help: "Whether NeuronDB's workers visit this database: the one they are connected to, else postgres, the only one 1.0 and 3.0 connect to.",
  labels: ['compute', 'datname'],
  cardinality: 'node',
  samples: ({ target, reading }: Input) =>
    reading.databases
      .filter(({ extension }) => extension !== undefined)
      .map(({ database }) =>
        sample({ compute: target.name, datname: database }, flag(isServed(database, reading.server.workers))),
      ),
});

const llmCacheEntries = family({
  name: 'neurondb_llm_cache_entries',
  type: 'gauge',
  help: 'Cached answers of language models by state: stale ones are older than the time to live.',
  labels: ['compute', 'datname', 'state'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const { database, llmCache } of reading.databases) {
      if (llmCache === undefined) continue;
      const labels = { compute: target.name, datname: database };
      yield sample({ ...labels, state: 'valid' }, llmCache.validEntries);
      yield sample({ ...labels, state: 'stale' }, llmCache.staleEntries);
    }
  },
});

const llmCacheTtl = family({
  name: 'neurondb_llm_cache_ttl_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'Time to live of a cached answer of a language model.',
  labels: ['compute', 'datname'],
  cardinality: 'node',
  samples: eachDatabase(({ llmCache }) => llmCache?.ttlSeconds),
});

const tableRows = family({
  name: 'neurondb_table_rows',
  type: 'gauge',
  help: "Rows of NeuronDB's own tables; the planner's estimate for a table above 32 MiB. Nothing in 1.0 or 3.0 was seen to fill most of them.",
  labels: ['compute', 'datname', 'table'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const { database, tableRows } of reading.databases) {
      for (const [table, rows] of tableRows) {
        yield sample({ compute: target.name, datname: database, table }, rows);
      }
    }
  },
});

const indexMetadataRows = family({
  name: 'neurondb_index_metadata_rows',
  type: 'gauge',
  help: 'Rows of neurondb.index_metadata by index type and by the health written there; combinations that occur.',
  labels: ['compute', 'datname', 'index_type', 'health_status'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const { database, indexMetadata } of reading.databases) {
      for (const { indexType, healthStatus, rows } of indexMetadata) {
        const labels = { index_type: indexType, health_status: healthStatus };
        yield sample({ compute: target.name, datname: database, ...labels }, rows);
      }
    }
  },
});

const mlModels = family({
  name: 'neurondb_ml_models',
  type: 'gauge',
  help: 'Machine learning models by status; statuses that occur.',
  labels: ['compute', 'datname', 'status'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const { database, mlModels: models } of reading.databases) {
      for (const [status, count] of models ?? []) {
        yield sample({ compute: target.name, datname: database, status }, count);
      }
    }
  },
});

const llmConfigPublic = family({
  name: 'neurondb_llm_config_public_readable',
  type: 'gauge',
  help: 'Whether everybody who can connect may read the API key in neurondb.llm_config; that is how NeuronDB installs it. neonwatch reads only the grant.',
  labels: ['compute', 'datname'],
  cardinality: 'node',
  samples: eachDatabase(({ isLlmConfigPublic }) => isLlmConfigPublic),
});

const partSkipped = family({
  name: 'neurondb_part_skipped',
  type: 'gauge',
  help: 'A part of NeuronDB that could not be looked at, and why: its families have no value here.',
  labels: ['compute', 'datname', 'part', 'reason'],
  cardinality: 'node',
  samples: ({ target, reading }: Input) =>
    reading.skips.map(({ database, part, reason }) =>
      sample({ compute: target.name, datname: database, part, reason }, 1),
    ),
});

/** In the order of the page. */
export const neurondbFamilies = [
  installed,
  extensionInfo,
  libraryInfo,
  versionMatch,
  ...serverFamilies,
  computeMode,
  queueJobs,
  queueOldest,
  queueOutOfRetries,
  queueServed,
  llmCacheEntries,
  llmCacheTtl,
  tableRows,
  indexMetadataRows,
  mlModels,
  llmConfigPublic,
  partSkipped,
];
