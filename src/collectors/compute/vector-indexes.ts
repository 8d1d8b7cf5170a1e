import { family, type Sample } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import { memoryRules } from '../../neon/neurondb.ts';
import type { TargetReading } from '../collector.ts';
import type { SqlCollector, SqlReadingBase } from '../sql-collector.ts';
import { inEachDatabase } from './relations-databases.ts';
import { readVectorIndexes, type VectorIndex } from './vector-indexes-rows.ts';
import { readVectorTables, type VectorTable, vectorTableInfo } from './vector-tables.ts';

/** Indexes with names of their own, per database: the largest. A partitioned table has one per partition. */
const maxIndexes = 500;

export interface VectorIndexesReading extends SqlReadingBase {
  /** By database, largest first. */
  readonly databases: ReadonlyMap<string, readonly VectorIndex[]>;
  /** Tables that hold vectors, by database. */
  readonly tables: ReadonlyMap<string, readonly VectorTable[]>;
}

type Input = TargetReading<VectorIndexesReading>;

const labels = ['compute', 'datname', 'schemaname', 'relname', 'indexrelname'] as const;
type IndexLabels = Readonly<Record<(typeof labels)[number], string>>;

function* each({ target, reading }: Input): Iterable<{ labels: IndexLabels; index: VectorIndex }> {
  for (const [datname, indexes] of reading.databases) {
    for (const index of indexes.slice(0, maxIndexes)) {
      const { schemaname, relname, indexrelname } = index;
      yield { labels: { compute: target.name, datname, schemaname, relname, indexrelname }, index };
    }
  }
}

/** One number per index; an unknown one is absent. */
function* perIndex(
  input: Input,
  value: (index: VectorIndex) => number | bigint | undefined,
): Iterable<Sample<(typeof labels)[number]>> {
  for (const { labels: names, index } of each(input)) {
    const one = value(index);
    if (one !== undefined) yield sample(names, one);
  }
}

const shape = { labels, cardinality: 'node' } as const;

const info = family({
  ...shape,
  name: 'neurondb_vector_index_info',
  type: 'info',
  help: 'A vector index, by its access method, with the operator class and type of its first column.',
  labels: [...labels, 'am', 'opclass', 'type'],
  *samples(input: Input) {
    for (const { labels: names, index } of each(input)) {
      yield sample({ ...names, am: index.am, opclass: index.opclass, type: index.type }, 1);
    }
  },
});

const count = family({
  name: 'neurondb_vector_indexes',
  type: 'gauge',
  help: 'Vector indexes of a database by access method; the largest 500 have families of their own.',
  labels: ['compute', 'datname', 'am'],
  cardinality: 'node',
  *samples({ target, reading }: Input) {
    for (const [datname, indexes] of reading.databases) {
      for (const am of Object.keys(memoryRules)) {
        yield sample(
          { compute: target.name, datname, am },
          indexes.filter((index) => index.am === am).length,
        );
      }
    }
  },
});

const dimensions = family({
  ...shape,
  name: 'neurondb_vector_index_dimensions',
  type: 'gauge',
  help: 'Dimensions of the indexed vectors as declared; absent when the column or expression declares none.',
  samples: (input: Input) => perIndex(input, (index) => index.dimensions),
});

const parameter = family({
  ...shape,
  name: 'neurondb_vector_index_parameter',
  type: 'gauge',
  help: 'A storage parameter that a vector index was given (m, ef_construction, lists); absent ones have their default.',
  labels: [...labels, 'parameter'],
  *samples(input: Input) {
    for (const { labels: names, index } of each(input)) {
      for (const [name, value] of index.parameters) yield sample({ ...names, parameter: name }, value);
    }
  },
});

const valid = family({
  ...shape,
  name: 'neurondb_vector_index_valid',
  type: 'gauge',
  help: 'Whether queries may use a vector index.',
  samples: (input: Input) => perIndex(input, ({ isValid }) => flag(isValid)),
});

const ready = family({
  ...shape,
  name: 'neurondb_vector_index_ready',
  type: 'gauge',
  help: 'Whether writes keep a vector index up to date.',
  samples: (input: Input) => perIndex(input, ({ isReady }) => flag(isReady)),
});

const building = family({
  ...shape,
  name: 'neurondb_vector_index_building',
  type: 'gauge',
  help: 'Whether a vector index is being built or rebuilt now; absent where our role may not see that.',
  samples: (input: Input) =>
    perIndex(input, ({ isBuilding }) => (isBuilding === undefined ? undefined : flag(isBuilding))),
});

const scans = family({
  ...shape,
  name: 'neurondb_vector_index_scans_total',
  type: 'counter',
  help: 'Scans of a vector index; always 0 for those of NeuronDB, which does not count them.',
  samples: (input: Input) => perIndex(input, (index) => index.scans),
});

const tuplesRead = family({
  ...shape,
  name: 'neurondb_vector_index_tuples_read_total',
  type: 'counter',
  help: 'Entries that scans of a vector index returned.',
  samples: (input: Input) => perIndex(input, (index) => index.tuplesRead),
});

const tuplesFetched = family({
  ...shape,
  name: 'neurondb_vector_index_tuples_fetched_total',
  type: 'counter',
  help: 'Live rows fetched by scans of a vector index.',
  samples: (input: Input) => perIndex(input, (index) => index.tuplesFetched),
});

const blocks = family({
  ...shape,
  name: 'neurondb_vector_index_blocks_total',
  type: 'counter',
  help: 'Blocks of a vector index touched, found in the buffer cache (hit) or not (read): by searches, upkeep and planning alike.',
  labels: [...labels, 'result'],
  *samples(input: Input) {
    for (const { labels: names, index } of each(input)) {
      yield sample({ ...names, result: 'hit' }, index.blocksHit);
      yield sample({ ...names, result: 'read' }, index.blocksRead);
    }
  },
});

const used = family({
  ...shape,
  name: 'neurondb_vector_index_used',
  type: 'gauge',
  help: 'Whether a vector index was used since statistics were reset, by evidence: scans and tuples prove it; blocks alone may be upkeep or planning.',
  labels: [...labels, 'evidence'],
  *samples(input: Input) {
    for (const { labels: names, index } of each(input)) {
      yield sample({ ...names, evidence: 'scans' }, flag(index.scans > 0n));
      yield sample({ ...names, evidence: 'tuples' }, flag(index.tuplesRead > 0n));
      yield sample({ ...names, evidence: 'blocks' }, flag(index.blocksHit + index.blocksRead > 0n));
    }
  },
});

const rows = family({
  ...shape,
  name: 'neurondb_vector_index_rows',
  type: 'gauge',
  help: 'Estimated rows behind a vector index; absent when its table was never vacuumed or analyzed.',
  samples: (input: Input) => perIndex(input, (index) => index.rows),
});

const size = family({
  ...shape,
  name: 'neurondb_vector_index_size_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Estimated size of a vector index, as of its build or the last vacuum or analyze.',
  samples: (input: Input) => perIndex(input, (index) => index.sizeBytes),
});

const memoryNeed = family({
  ...shape,
  name: 'neurondb_vector_index_memory_need_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Memory a vector index needs by rule of thumb: vector data (rows by dimensions by element size) times 3 to 4 for hnsw, 1.5 to 2 for ivf.',
  labels: [...labels, 'bound'],
  *samples(input: Input) {
    for (const { labels: names, index } of each(input)) {
      if (index.vectorBytes === undefined) continue;
      const { low, high } = memoryRules[index.am];
      yield sample({ ...names, bound: 'low' }, index.vectorBytes * low);
      yield sample({ ...names, bound: 'high' }, index.vectorBytes * high);
    }
  },
});

/** Catalogs and statistics only; a server without any vector index has counts of zero and nothing else. */
export const vectorIndexes = {
  name: 'vector_indexes',
  summary:
    'Vector indexes (hnsw, ivf, ivfflat) of each database: what they are, whether they are valid and used, and the memory they need.',
  kind: 'compute',
  families: [
    info,
    count,
    dimensions,
    parameter,
    valid,
    ready,
    building,
    scans,
    tuplesRead,
    tuplesFetched,
    blocks,
    used,
    rows,
    size,
    memoryNeed,
    vectorTableInfo,
  ],
  async collect(context) {
    const { databases, skippedParts } = await inEachDatabase(context, async (session) => ({
      indexes: await readVectorIndexes(session),
      tables: await readVectorTables(session),
    }));
    const each = [...databases];
    return {
      databases: new Map(each.map(([datname, { indexes }]) => [datname, indexes])),
      tables: new Map(each.map(([datname, { tables }]) => [datname, tables])),
      skippedParts,
    };
  },
} as const satisfies SqlCollector<VectorIndexesReading>;
