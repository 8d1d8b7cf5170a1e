import type { Detector } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import {
  type ComputeMemory,
  causes,
  computeOf,
  evidenceOf,
  hasNeurondb,
  missingPart,
  type NeurondbObservation,
  perCompute,
  psql,
  type Remembered,
  step,
} from './neurondb-facts.ts';

/** For so long a GPU that was there is expected to come back; then the machine is taken to have fewer. */
const rememberedMs = 86_400_000;

/** Not written anew at every look: it is kept in a file. */
const noteEveryMs = 600_000;

/** The most devices seen of late, and when they were last seen. */
type Most = { readonly devices: number; readonly atMs: number };

function mostOf(kept: Most | undefined, devices: number, atMs: number): Most {
  if (kept === undefined || atMs - kept.atMs > rememberedMs) return { devices, atMs };
  const isNoted = devices === kept.devices && atMs - kept.atMs < noteEveryMs;
  return isNoted || devices < kept.devices ? kept : { devices, atMs };
}

function missing(
  { target, reading, lastReadAtMs }: NeurondbObservation,
  className: 'configured' | 'lost',
  devices: number,
  most: Most,
): Finding {
  const [first] = reading.databases.filter(({ extension }) => extension !== undefined);
  const database = first?.database ?? 'postgres';
  const modes = [...new Set(reading.databases.flatMap(({ computeMode }) => computeMode ?? []))].sort();
  const why =
    className === 'configured'
      ? 'is told to use a GPU (neurondb.compute_mode = gpu) and NeuronDB finds none'
      : `has ${devices} of the ${most.devices} GPUs that NeuronDB saw within the last day`;
  return {
    subject: computeOf(target.name),
    severity: 'warning',
    className,
    summary: `Compute ${target.name} ${why}: vector work that was meant for a GPU cannot run there.`,
    evidence: [
      ...evidenceOf('neurondb_gpu_info()', lastReadAtMs, [['available GPUs', devices, 'devices']]),
      ...evidenceOf('pg_settings', lastReadAtMs, [
        ['neurondb.compute_mode', modes.join(', ') || 'not known'],
      ]),
      {
        what: 'most GPUs within a day',
        value: most.devices,
        unit: 'devices',
        source: 'neurondb_gpu_info()',
        atMs: most.atMs,
      },
    ],
    remedy: [
      step(
        'See what NeuronDB sees. Without a GPU it shows one row, with is_available = f.',
        psql(target, database, 'SELECT device_id, device_name, is_available FROM neurondb_gpu_info()'),
      ),
      step('See on the host, and in the container of the compute, whether the driver has it.', 'nvidia-smi'),
      step('Give the device back to the machine or container and restart the compute.'),
      step(
        'Where there is to be no GPU, set neurondb.compute_mode = 0 (cpu) where the compute gets its settings.',
      ),
    ],
    avoid: [
      {
        what: 'SELECT neurondb.gpu_enabled() or neurondb.gpu_device_count()',
        why: 'NeuronDB 1.0 and 3.0 have neither, and gpu_support in neurondb.version() is always true',
      },
      { what: 'counting the rows of neurondb_gpu_info()', why: 'a machine without a GPU has one row too' },
    ],
    related: [computeOf(target.name)],
  };
}

function judge(observation: NeurondbObservation, kept: Most | undefined): Remembered<Most> {
  const { target, reading, lastReadAtMs } = observation;
  const remember = kept === undefined ? {} : { kept };
  const present = reading.databases.filter(({ extension }) => extension !== undefined);
  if (!hasNeurondb(reading) || present.length === 0) return {};
  const subject = computeOf(target.name);
  const { gpus } = reading.server;
  if (gpus === undefined) {
    return { ...remember, unknown: [{ subject, missing: [missingPart(observation, 'gpu')] }] };
  }
  const most = mostOf(kept, gpus.length, lastReadAtMs);
  const isWanted = present.some(({ computeMode }) => computeMode === 'gpu');
  if (isWanted && gpus.length === 0) {
    return { kept: most, findings: [missing(observation, 'configured', 0, most)] };
  }
  if (gpus.length < most.devices) {
    return { kept: most, findings: [missing(observation, 'lost', gpus.length, most)] };
  }
  const isModeKnown = present.some(({ computeMode }) => computeMode !== undefined);
  if (gpus.length > 0 || isModeKnown) return { kept: most };
  return { kept: most, unknown: [{ subject, missing: [missingPart(observation, 'compute_mode')] }] };
}

/** NeuronDB is told to use a GPU, or had one a while ago, and there is none. */
export const gpuMissing: Detector<ComputeMemory<Most>> = {
  id: 'gpu_missing',
  alert: 'NeuronDBGpuMissing',
  layer: 'neurondb',
  severity: 'warning',
  summary: 'NeuronDB is configured to use a GPU and finds none, or has fewer than within the last day.',
  classes: ['configured', 'lost'],
  needs: ['neurondb'],
  hold: { forMs: 120_000, samples: 2, keepFiringMs: 300_000 },
  explainedBy: causes,
  detect(input) {
    return perCompute(input, 'neurondb', 1, judge);
  },
};
