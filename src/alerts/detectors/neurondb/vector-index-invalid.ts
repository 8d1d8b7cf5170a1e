import { type Detector, perTarget } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import { shellQuoted, sqlText } from '../compute/compute-facts.ts';
import { causes, computeOf, databaseText, evidenceOf, psql, step } from './neurondb-facts.ts';
import {
  eachIndex,
  type PlacedIndex,
  quotedIndex,
  quotedTable,
  type VectorObservation,
} from './vector-facts.ts';

/** What REINDEX CONCURRENTLY leaves behind: the new index when it fails early, the old one when it fails late. */
const leftover = /_cc(?:new|old)\d*$/;

function invalid({ target, lastReadAtMs }: VectorObservation, placed: PlacedIndex): Finding {
  const { database, index, subject } = placed;
  const name = `${index.schemaname}.${index.indexrelname}`;
  const className = index.isReady ? 'invalid' : 'not_ready';
  const meaning = index.isReady
    ? 'no search uses it, and every write still pays for it'
    : 'no search uses it and no write keeps it up to date';
  const quoted = quotedIndex(index);
  const isLeftover = leftover.test(index.indexrelname);
  const look =
    `SELECT indexrelid::regclass, indisvalid, indisready FROM pg_index ` +
    `WHERE indrelid = ${sqlText(quotedTable(index))}::regclass`;
  return {
    subject,
    severity: 'warning',
    className,
    summary:
      `Vector index ${name} of table ${index.relname} in ${databaseText(target.name, database)} is not valid and ` +
      `nobody is building it: ${meaning}.`,
    evidence: evidenceOf('pg_index', lastReadAtMs, [
      ['valid', index.isValid ? 'yes' : 'no'],
      ['ready', index.isReady ? 'yes' : 'no'],
      ['access method', index.am],
      ['size', Number(index.sizeBytes), 'bytes'],
    ]),
    remedy: [
      step('See the indexes of the table.', psql(target, database, look)),
      isLeftover
        ? step(
            'It is what a rebuild left behind; the index that it was to replace is there. Drop it.',
            psql(target, database, `DROP INDEX CONCURRENTLY ${quoted}`),
          )
        : step('Build it again. Writes wait meanwhile.', psql(target, database, `REINDEX INDEX ${quoted}`)),
      step(
        'See that it is valid now, and that a search uses it (EXPLAIN).',
        `${psql(target, database, `SELECT indisvalid FROM pg_index WHERE indexrelid = ${sqlText(quoted)}::regclass`)}`,
      ),
    ],
    avoid: [
      {
        what: `UPDATE pg_index SET indisvalid = true`,
        why: 'the index lacks rows, and searches would silently miss them',
      },
      {
        what: `CREATE INDEX IF NOT EXISTS ${shellQuoted(index.indexrelname)}`,
        why: 'it finds the invalid one by its name and does nothing',
      },
    ],
    related: [computeOf(target.name)],
  };
}

/** A vector index that no search may use, and that nobody is building. */
export const vectorIndexInvalid: Detector = {
  id: 'vector_index_invalid',
  alert: 'NeuronDBVectorIndexInvalid',
  layer: 'neurondb',
  severity: 'warning',
  summary: 'A vector index is invalid or not kept up to date, and no build of it is under way.',
  classes: ['invalid', 'not_ready'],
  needs: ['vector_indexes'],
  hold: { forMs: 300_000, samples: 2, keepFiringMs: 120_000 },
  explainedBy: causes,
  detect(input) {
    return perTarget(input, 'vector_indexes', computeOf, (observation) =>
      eachIndex(observation, (placed) => {
        const { isValid, isReady, isBuilding } = placed.index;
        if (isValid && isReady) return undefined;
        if (isBuilding === true) return undefined;
        if (isBuilding === false) return invalid(observation, placed);
        const missing = `who builds indexes on ${observation.target.name}: no_privilege (pg_read_all_stats)`;
        return { subject: placed.subject, missing: [missing] };
      }),
    );
  },
};
