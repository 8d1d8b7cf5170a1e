import { formatDuration } from '../../../settings/duration.ts';
import type { Detector } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import { sqlText } from '../compute/compute-facts.ts';
import {
  type ComputeMemory,
  causes,
  computeOf,
  databaseText,
  evidenceOf,
  perCompute,
  psql,
  type Remembered,
  step,
} from './neurondb-facts.ts';
import {
  indexesOf,
  type PlacedIndex,
  quotedIndex,
  sizeText,
  unreadDatabases,
  type VectorObservation,
} from './vector-facts.ts';

/** What the counters of an index were when they last moved, and when that was seen: `[scans and entries, ms]`. */
type Rest = readonly [counters: string, sinceMs: number];
/** Database → index → its rest. */
type Rests = { readonly [database: string]: { readonly [index: string]: Rest } };

/** NeuronDB counts no scans of its own access methods, but the entries that they return; pgvector counts both. */
function countersOf({ index }: PlacedIndex): string {
  return `${index.scans} ${index.tuplesRead}`;
}

function unused(
  { target, lastReadAtMs }: VectorObservation,
  { database, index, subject, key }: PlacedIndex,
  sinceMs: number,
): Finding {
  const restText = formatDuration(Math.floor((lastReadAtMs - sinceMs) / 60_000) * 60_000);
  const quoted = quotedIndex(index);
  return {
    subject,
    severity: 'info',
    summary:
      `Vector index ${key} in ${databaseText(target.name, database)} has returned nothing to any search for ` +
      `${restText} and takes ${sizeText(index.sizeBytes)}: it costs memory and makes writes slower.`,
    evidence: [
      { what: 'unused since', value: new Date(sinceMs).toISOString(), source: 'readings of neonwatch' },
      ...evidenceOf('pg_stat_get_tuples_returned()', lastReadAtMs, [
        ['entries returned', Number(index.tuplesRead), 'entries'],
      ]),
      ...evidenceOf('pg_stat_get_numscans()', lastReadAtMs, [
        ['scans (NeuronDB counts none)', Number(index.scans), 'scans'],
      ]),
      ...evidenceOf('pg_class.relpages', lastReadAtMs, [['size', Number(index.sizeBytes), 'bytes']]),
    ],
    remedy: [
      step('Ask whether a search is meant to use it. If so, EXPLAIN tells why it does not.'),
      step('See whether it is used on a replica: each server counts its own searches.'),
      step(
        'Keep its definition.',
        psql(target, database, `SELECT pg_get_indexdef(${sqlText(quoted)}::regclass)`),
      ),
      step('Drop it.', psql(target, database, `DROP INDEX CONCURRENTLY ${quoted}`)),
    ],
    avoid: [
      {
        what: 'deciding by idx_scan = 0',
        why: 'NeuronDB does not count scans of hnsw and ivf, so it is 0 for indexes that are used all day',
      },
      {
        what: 'dropping it right after a crash',
        why: 'a broken HNSW index returns nothing either: see vector_index_suspect, and REINDEX first',
      },
    ],
    related: [computeOf(target.name)],
  };
}

function judge(
  observation: VectorObservation,
  kept: Rests | undefined,
  { unusedAfter, unusedSize }: { readonly unusedAfter: number; readonly unusedSize: number },
): Remembered<Rests> {
  const { lastReadAtMs } = observation;
  const findings: Finding[] = [];
  const rests: Record<string, Record<string, Rest>> = {};
  const unknown = unreadDatabases(observation);
  // Of a database that could not be entered this time nothing is forgotten.
  if (unknown.length > 0)
    for (const [database, former] of Object.entries(kept ?? {})) rests[database] = { ...former };
  for (const database of observation.reading.databases.keys()) rests[database] = {};
  for (const placed of indexesOf(observation)) {
    const { index, database, key } = placed;
    if (!index.isValid || Number(index.sizeBytes) < unusedSize) continue;
    const counters = countersOf(placed);
    const former = kept?.[database]?.[key];
    const rest: Rest = former !== undefined && former[0] === counters ? former : [counters, lastReadAtMs];
    rests[database] = { ...rests[database], [key]: rest };
    if (lastReadAtMs - rest[1] >= unusedAfter) findings.push(unused(observation, placed, rest[1]));
  }
  return { findings, unknown, kept: rests };
}

/** A large vector index that has returned nothing for days. */
export const vectorIndexUnused: Detector<ComputeMemory<Rests>> = {
  id: 'vector_index_unused',
  alert: 'NeuronDBVectorIndexUnused',
  layer: 'neurondb',
  severity: 'info',
  summary: 'A large, valid vector index has returned no entry to any search for days.',
  classes: [],
  needs: ['vector_indexes'],
  hold: { forMs: 60_000, samples: 2, keepFiringMs: 60_000 },
  // A broken index returns nothing as well.
  explainedBy: ['vector_index_suspect', ...causes],
  detect(input) {
    const limits = input.thresholds.neurondb;
    return perCompute(input, 'vector_indexes', 1, (observation, kept) => judge(observation, kept, limits));
  },
};
