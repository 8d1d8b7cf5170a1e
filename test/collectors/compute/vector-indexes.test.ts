import { expect, it } from 'vitest';
import { vectorIndexes } from '../../../src/collectors/compute/vector-indexes.ts';
import { fakeSql } from '../../support/fake-sql.ts';
import { lookOnce } from './statements-look.ts';

/** `documents_cosine` as NeuronDB 3.0 on PostgreSQL 16 was recorded to report it, after searches that EXPLAIN saw use it. */
const recorded = {
  schemaname: 'app',
  relname: 'documents',
  indexrelname: 'documents_cosine',
  am: 'hnsw',
  opclass: 'vector_cosine_ops',
  type: 'vector',
  typmod: '768',
  valid: 't',
  ready: 't',
  building: 'f',
  filenode: '16500',
  parameters: null,
  scans: '0',
  tuples_read: '78',
  tuples_fetched: '74',
  blocks_read: '1023',
  blocks_hit: '1972',
  rows: '1000',
  bytes: '8200192',
};

const look = (changed: Partial<Record<keyof typeof recorded, string | null>>) =>
  lookOnce(
    vectorIndexes,
    fakeSql((sql) => (sql.includes('AS indexed') ? [] : [{ ...recorded, ...changed }])),
  );

const labels =
  'compute="main",datname="postgres",schemaname="app",relname="documents",indexrelname="documents_cosine"';

it('does not call an index of NeuronDB unused because its scans are not counted', async () => {
  const { series } = await look({});
  expect(series).toEqual(
    expect.arrayContaining([
      `neurondb_vector_index_used{${labels},evidence="scans"} 0`,
      `neurondb_vector_index_used{${labels},evidence="tuples"} 1`,
      `neurondb_vector_index_blocks_total{${labels},result="read"} 1023`,
    ]),
  );
});

it.for([
  { case: 'the playbook’s example', changed: { rows: '1e+07' }, low: 10_000_000 * 768 * 4 * 3 },
  { case: 'half precision', changed: { type: 'halfvec' }, low: 1_000 * 768 * 2 * 3 },
  { case: 'ivf', changed: { am: 'ivf' }, low: 1_000 * 768 * 4 * 1.5 },
  { case: 'nobody counted the rows', changed: { rows: '-1' }, low: undefined },
  { case: 'no dimensions declared', changed: { typmod: '-1' }, low: undefined },
  { case: 'a type whose modifier means something else', changed: { type: 'varchar' }, low: undefined },
  { case: 'sparse vectors', changed: { type: 'sparsevec' }, low: undefined },
])('tells the memory that is needed, or nothing: $case', async ({ changed, low }) => {
  const { series } = await look(changed);
  const found = series.find((line) => line.includes('memory_need_bytes') && line.includes('bound="low"'));
  expect(found).toBe(
    low === undefined ? undefined : `neurondb_vector_index_memory_need_bytes{${labels},bound="low"} ${low}`,
  );
});

it('leaves out parameters that are no numbers', async () => {
  const { series } = await look({ parameters: 'm=16\nmode=fast\nfill=0.5' });
  expect(series.filter((line) => line.startsWith('neurondb_vector_index_parameter'))).toEqual([
    `neurondb_vector_index_parameter{${labels},parameter="m"} 16`,
    `neurondb_vector_index_parameter{${labels},parameter="fill"} 0.5`,
  ]);
});
