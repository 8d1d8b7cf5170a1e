import { memoryRules } from '../../../neon/neurondb.ts';
import { type Detector, perTarget, type TargetVerdict } from '../../detector.ts';
import type { Evidence, Finding } from '../../finding.ts';
import { causes, computeOf, evidenceOf, psql, step } from './neurondb-facts.ts';
import {
  indexesOf,
  type PlacedIndex,
  sizeText,
  unreadDatabases,
  type VectorObservation,
} from './vector-facts.ts';

/** Indexes told by name in the evidence. */
const shown = 3;

interface Need {
  readonly placed: PlacedIndex;
  readonly lowBytes: number;
  readonly highBytes: number;
}

function needOf(placed: PlacedIndex): Need | undefined {
  const { am, vectorBytes } = placed.index;
  if (vectorBytes === undefined) return undefined;
  const { low, high } = memoryRules[am];
  return { placed, lowBytes: vectorBytes * low, highBytes: vectorBytes * high };
}

function evidence(
  { lastReadAtMs }: VectorObservation,
  needs: readonly Need[],
  [lowBytes, highBytes]: readonly [number, number],
  hostBytes: number,
): readonly Evidence[] {
  const largest = needs.toSorted((left, right) => right.lowBytes - left.lowBytes).slice(0, shown);
  return [
    ...evidenceOf('pg_class, pg_attribute', lastReadAtMs, [
      ['memory needed at least', lowBytes, 'bytes'],
      ['memory needed at most', highBytes, 'bytes'],
      ['indexes', needs.length, 'indexes'],
      ...largest.map(
        ({ placed, lowBytes: bytes }) =>
          [`needed for ${placed.database}/${placed.key} (${placed.index.am})`, bytes, 'bytes'] as const,
      ),
    ]),
    {
      what: "memory of the compute's host",
      value: hostBytes,
      unit: 'bytes',
      source: 'computes[].hostMemory',
    },
  ];
}

function tooLarge(
  observation: VectorObservation,
  needs: readonly Need[],
  hostBytes: number,
  memoryPart: number,
): Finding | undefined {
  const lowBytes = needs.reduce((sum, need) => sum + need.lowBytes, 0);
  if (lowBytes <= hostBytes * memoryPart) return undefined;
  const highBytes = needs.reduce((sum, need) => sum + need.highBytes, 0);
  const { target } = observation;
  const [first] = needs.toSorted((left, right) => right.lowBytes - left.lowBytes);
  const database = first?.placed.database ?? 'postgres';
  return {
    subject: computeOf(target.name),
    severity: 'warning',
    summary:
      `The vector indexes of compute ${target.name} need ${sizeText(lowBytes)} to ${sizeText(highBytes)} of memory ` +
      `by rule of thumb and its host has ${sizeText(hostBytes)}: searches have to read from storage.`,
    evidence: evidence(observation, needs, [lowBytes, highBytes], hostBytes),
    remedy: [
      step(
        'See which indexes are the largest.',
        psql(
          target,
          database,
          `SELECT c.oid::regclass, m.amname, c.relpages FROM pg_class c JOIN pg_am m ON m.oid = c.relam ` +
            `WHERE m.amname IN ('hnsw', 'ivf', 'ivfflat') ORDER BY c.relpages DESC LIMIT 20`,
        ),
      ),
      step('Drop the ones that nobody uses: finding vector_index_unused names them.'),
      step('Give the host more memory, and tell neonwatch (computes[].hostMemory).'),
      step(
        'Or make them smaller: ivf needs 1.5 to 2 times the vectors, hnsw 3 to 4; halfvec halves the vectors.',
      ),
    ],
    avoid: [
      {
        what: 'raising shared_buffers beyond what the host can spare',
        why: 'the operating system, sessions and index builds need memory too, and a server that is killed recovers as after a crash',
      },
    ],
    related: [computeOf(target.name)],
  };
}

function judge(
  observation: VectorObservation,
  hostBytes: number | undefined,
  memoryPart: number,
): TargetVerdict {
  const { target } = observation;
  const indexes = indexesOf(observation);
  const unread = unreadDatabases(observation);
  if (indexes.length === 0) return { unknown: unread };
  if (hostBytes === undefined) {
    const missing = [`hostMemory of compute ${target.name}: not configured (computes[].hostMemory)`];
    return { unknown: [{ subject: computeOf(target.name), missing }] };
  }
  const needs = indexes.flatMap((placed) => needOf(placed) ?? []);
  const finding = tooLarge(observation, needs, hostBytes, memoryPart);
  if (finding !== undefined) return { findings: [finding] };
  const untold = indexes.length - needs.length;
  if (untold === 0) return { unknown: unread };
  const missing = [
    `rows or dimensions of ${untold} vector indexes of ${target.name}: never analyzed or not declared`,
  ];
  return { unknown: [...unread, { subject: computeOf(target.name), missing }] };
}

/** The vector indexes of a compute are larger than the memory of its host allows. */
export const vectorIndexMemory: Detector = {
  id: 'vector_index_memory',
  alert: 'NeuronDBVectorIndexMemory',
  layer: 'neurondb',
  severity: 'warning',
  summary: 'The vector indexes of a compute need more memory, by rule of thumb, than its host has.',
  classes: [],
  needs: ['vector_indexes'],
  hold: { forMs: 600_000, samples: 2, keepFiringMs: 600_000 },
  explainedBy: causes,
  detect(input) {
    const { hosts = [], thresholds } = input;
    return perTarget(input, 'vector_indexes', computeOf, (observation) => {
      const host = hosts.find(({ compute }) => compute === observation.target.name);
      return judge(observation, host?.memoryBytes, thresholds.neurondb.memoryPart);
    });
  },
};
