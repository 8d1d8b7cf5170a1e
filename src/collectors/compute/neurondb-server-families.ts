import { family } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import type { TargetReading } from '../collector.ts';
import { secondsOf } from './neurondb-labels.ts';
import type { GpuDevice, NeurondbReading, ServerFacts, WorkerFact } from './neurondb-reading.ts';

type Input = TargetReading<NeurondbReading>;

/** One sample a server, none when the fact is not known. */
function one(value: (server: ServerFacts) => number | bigint | boolean | undefined) {
  return ({ target, reading }: Input) => {
    const known = value(reading.server);
    if (known === undefined) return [];
    return [sample({ compute: target.name }, typeof known === 'boolean' ? flag(known) : known)];
  };
}

function eachWorker(value: (worker: WorkerFact) => number | undefined) {
  return ({ target, reading }: Input) =>
    (reading.server.workers ?? []).flatMap((fact) => {
      const known = value(fact);
      return known === undefined ? [] : [sample({ compute: target.name, worker: fact.worker }, known)];
    });
}

function eachGpu(value: (device: GpuDevice) => bigint | undefined) {
  return ({ target, reading }: Input) =>
    (reading.server.gpus ?? []).flatMap((device) => {
      const known = value(device);
      const labels = { compute: target.name, device_id: String(device.deviceId) };
      return known === undefined ? [] : [sample(labels, known)];
    });
}

const availableInfo = family({
  name: 'neurondb_extension_available_info',
  type: 'info',
  help: 'Version of NeuronDB that CREATE EXTENSION would install on this server.',
  labels: ['compute', 'version'],
  cardinality: 'node',
  samples: ({ target, reading }: Input) => {
    const version = reading.server.availableVersion;
    return version === undefined ? [] : [sample({ compute: target.name, version }, 1)];
  },
});

const libraryPreloaded = family({
  name: 'neurondb_library_preloaded',
  type: 'gauge',
  help: "Whether shared_preload_libraries names NeuronDB's library; without it there are no workers and the extension refuses to load.",
  labels: ['compute'],
  cardinality: 'node',
  samples: one((server) => server.isPreloaded),
});

const gpuDevices = family({
  name: 'neurondb_gpu_devices',
  type: 'gauge',
  help: 'GPUs that NeuronDB says are available; the row it gives on a machine without one is not counted.',
  labels: ['compute'],
  cardinality: 'node',
  samples: one((server) => server.gpus?.length),
});

const gpuDeviceInfo = family({
  name: 'neurondb_gpu_device_info',
  type: 'info',
  help: 'An available GPU with the name its driver gives it.',
  labels: ['compute', 'device_id', 'device_name'],
  cardinality: 'node',
  samples: ({ target, reading }: Input) =>
    (reading.server.gpus ?? []).map(({ deviceId, name }) =>
      sample({ compute: target.name, device_id: String(deviceId), device_name: name }, 1),
    ),
});

const gpuMemory = family({
  name: 'neurondb_gpu_memory_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Memory of an available GPU, as far as NeuronDB tells: whole MiB.',
  labels: ['compute', 'device_id'],
  cardinality: 'node',
  samples: eachGpu((device) => device.memoryBytes),
});

const gpuFreeMemory = family({
  name: 'neurondb_gpu_memory_free_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Free memory of an available GPU, as far as NeuronDB tells: whole MiB.',
  labels: ['compute', 'device_id'],
  cardinality: 'node',
  samples: eachGpu((device) => device.freeMemoryBytes),
});

const gpuEnabled = family({
  name: 'neurondb_gpu_enabled',
  type: 'gauge',
  help: 'Answer of neurondb.gpu_enabled(), where a version has that function; 1.0 and 3.0 have not.',
  labels: ['compute'],
  cardinality: 'node',
  samples: one((server) => server.isGpuEnabled),
});

const reportedGpus = family({
  name: 'neurondb_gpu_devices_reported',
  type: 'gauge',
  help: 'Answer of neurondb.gpu_device_count(), where a version has that function; 1.0 and 3.0 have not.',
  labels: ['compute'],
  cardinality: 'node',
  samples: one((server) => server.reportedGpus),
});

const llmGpus = family({
  name: 'neurondb_llm_gpu_devices',
  type: 'gauge',
  help: 'GPUs that NeuronDB says are available to language models.',
  labels: ['compute'],
  cardinality: 'node',
  samples: one((server) => server.llmGpus),
});

const onnxAvailable = family({
  name: 'neurondb_onnx_available',
  type: 'gauge',
  help: 'Whether NeuronDB was built with the ONNX runtime and can use it.',
  labels: ['compute'],
  cardinality: 'node',
  samples: one((server) => server.hasOnnx),
});

const entrypointCacheEntries = family({
  name: 'neurondb_entrypoint_cache_entries',
  type: 'gauge',
  help: 'Places in use of the shared cache of HNSW entry points.',
  labels: ['compute'],
  cardinality: 'node',
  samples: one((server) => server.entrypointCache?.entries),
});

const entrypointCacheValid = family({
  name: 'neurondb_entrypoint_cache_valid_entries',
  type: 'gauge',
  help: 'Entries of the shared cache of HNSW entry points that are still valid.',
  labels: ['compute'],
  cardinality: 'node',
  samples: one((server) => server.entrypointCache?.validEntries),
});

const entrypointCacheMax = family({
  name: 'neurondb_entrypoint_cache_max_entries',
  type: 'gauge',
  help: 'Places of the shared cache of HNSW entry points.',
  labels: ['compute'],
  cardinality: 'node',
  samples: one((server) => server.entrypointCache?.maxEntries),
});

const workers = family({
  name: 'neurondb_workers',
  type: 'gauge',
  help: 'Running background workers by kind.',
  labels: ['compute', 'worker'],
  cardinality: 'node',
  samples: eachWorker(({ startsMs }) => startsMs.length),
});

const workerEnabled = family({
  name: 'neurondb_worker_enabled',
  type: 'gauge',
  help: 'Whether the setting of a background worker lets it run; the LLM worker has none.',
  labels: ['compute', 'worker'],
  cardinality: 'node',
  samples: ({ target, reading }: Input) =>
    [...reading.server.enabledWorkers].map(([worker, isEnabled]) =>
      sample({ compute: target.name, worker }, flag(isEnabled)),
    ),
});

const workerStart = family({
  name: 'neurondb_worker_start_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When the oldest running background worker of a kind started.',
  labels: ['compute', 'worker'],
  cardinality: 'node',
  samples: eachWorker(({ startsMs: [oldestMs] }) =>
    oldestMs === undefined ? undefined : secondsOf(oldestMs),
  ),
});

const workerRestarts = family({
  name: 'neurondb_worker_restarts_total',
  type: 'counter',
  help: 'Background workers seen replaced between two looks while the server kept running, since neonwatch began to look.',
  labels: ['compute', 'worker'],
  cardinality: 'node',
  samples: eachWorker(({ restarts }) => restarts),
});

const crashRecovery = family({
  name: 'neurondb_server_crash_recovery_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'When the server last began with crash recovery, after which vector indexes of NeuronDB may be broken; 0 when it began after a clean stop.',
  labels: ['compute'],
  cardinality: 'node',
  samples: one(({ begin }) => begin && secondsOf(begin.recoveredAtMs ?? 0)),
});

const busyStart = family({
  name: 'neurondb_busy_statement_start_timestamp_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: "When the longest statement began that has run for over a minute and waits for nothing, of neonwatch's own and of others; maintenance is left out, and absent when there is none.",
  labels: ['compute', 'owner'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const owner of ['own', 'other']) {
      // The longest are first.
      const longest = reading.server.busy?.find(({ isOurs }) => isOurs === (owner === 'own'));
      if (longest !== undefined) {
        yield sample({ compute: target.name, owner }, secondsOf(longest.sinceMs));
      }
    }
  },
});

/** Families of the server as a whole, in the order of the page. */
export const serverFamilies = [
  availableInfo,
  libraryPreloaded,
  gpuDevices,
  gpuDeviceInfo,
  gpuMemory,
  gpuFreeMemory,
  gpuEnabled,
  reportedGpus,
  llmGpus,
  onnxAvailable,
  entrypointCacheEntries,
  entrypointCacheValid,
  entrypointCacheMax,
  workers,
  workerEnabled,
  workerStart,
  workerRestarts,
  crashRecovery,
  busyStart,
];
