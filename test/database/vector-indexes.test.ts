import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vectorIndexes } from '../../src/collectors/compute/vector-indexes.ts';
import { lookOnce } from '../collectors/compute/statements-look.ts';
import { startEmbeddedPostgres } from '../pg/embedded-postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { pgLiteReader } from '../pg-lite-reader.ts';
import { withSource } from './compute-server.ts';

describe('vector indexes of pgvector', () => {
  let database: PGlite;
  beforeAll(async () => {
    database = await PGlite.create({ extensions: { vector } });
    await database.exec(`
      CREATE EXTENSION vector; CREATE SCHEMA app;
      CREATE TABLE app.documents (id int, embedding vector(3), small halfvec(4), plain vector);
      INSERT INTO app.documents SELECT n, ARRAY[n, 1, 2]::vector, ARRAY[n, 1, 2, 3]::halfvec, ARRAY[n]::vector FROM generate_series(1, 1000) n;
      CREATE TABLE app.bare (embedding vector(3)); CREATE TABLE app.numbers (n int);
      CREATE INDEX searched ON app.documents USING hnsw (embedding vector_l2_ops) WITH (m = 8, ef_construction = 40);
      CREATE INDEX idle ON app.documents USING ivfflat (embedding vector_cosine_ops) WITH (lists = 5);
      CREATE INDEX half ON app.documents USING hnsw (small halfvec_l2_ops) WHERE id <= 500;
      CREATE INDEX cast_index ON app.documents USING hnsw ((plain::vector(1)) vector_l2_ops);
      CREATE INDEX not_hnsw_at_all ON app.documents (id);
      ANALYZE app.documents; SET enable_seqscan = off`);
    await database.exec("SELECT id FROM app.documents ORDER BY embedding <-> '[3,1,2]' LIMIT 5");
    await database.exec('SELECT pg_stat_force_next_flush()');
  });
  afterAll(() => database.close());

  it('tells what they are, how they are used and what they need', async () => {
    const { series, skips } = await lookOnce(vectorIndexes, await pgLiteReader(database));
    const labels = (index: string) =>
      `compute="main",datname="postgres",schemaname="app",relname="documents",indexrelname="${index}"`;
    expect(skips).toEqual([]);
    expect(series).toEqual(
      expect.arrayContaining([
        `neurondb_vector_index_info{${labels('searched')},am="hnsw",opclass="vector_l2_ops",type="vector"} 1`,
        `neurondb_vector_index_info{${labels('idle')},am="ivfflat",opclass="vector_cosine_ops",type="vector"} 1`,
        'neurondb_vector_indexes{compute="main",datname="postgres",am="hnsw"} 3',
        'neurondb_vector_indexes{compute="main",datname="postgres",am="ivf"} 0',
        'neurondb_vector_indexes{compute="main",datname="postgres",am="ivfflat"} 1',
        `neurondb_vector_index_dimensions{${labels('searched')}} 3`,
        `neurondb_vector_index_dimensions{${labels('half')}} 4`,
        `neurondb_vector_index_dimensions{${labels('cast_index')}} 1`,
        `neurondb_vector_index_parameter{${labels('searched')},parameter="m"} 8`,
        `neurondb_vector_index_parameter{${labels('searched')},parameter="ef_construction"} 40`,
        `neurondb_vector_index_parameter{${labels('idle')},parameter="lists"} 5`,
        `neurondb_vector_index_valid{${labels('searched')}} 1`,
        `neurondb_vector_index_ready{${labels('searched')}} 1`,
        `neurondb_vector_index_building{${labels('searched')}} 0`,
        'neurondb_vector_table_info{compute="main",datname="postgres",schemaname="app",relname="documents",indexed="yes"} 1',
        'neurondb_vector_table_info{compute="main",datname="postgres",schemaname="app",relname="bare",indexed="no"} 1',
        `neurondb_vector_index_scans_total{${labels('searched')}} 1`,
        `neurondb_vector_index_used{${labels('searched')},evidence="scans"} 1`,
        `neurondb_vector_index_used{${labels('searched')},evidence="tuples"} 1`,
        `neurondb_vector_index_used{${labels('idle')},evidence="scans"} 0`,
        `neurondb_vector_index_used{${labels('idle')},evidence="tuples"} 0`,
        `neurondb_vector_index_used{${labels('searched')},evidence="blocks"} 1`,
        `neurondb_vector_index_rows{${labels('searched')}} 1000`,
        `neurondb_vector_index_rows{${labels('half')}} 500`,
        `neurondb_vector_index_memory_need_bytes{${labels('searched')},bound="low"} ${1000 * 3 * 4 * 3}`,
        `neurondb_vector_index_memory_need_bytes{${labels('searched')},bound="high"} ${1000 * 3 * 4 * 4}`,
        `neurondb_vector_index_memory_need_bytes{${labels('idle')},bound="low"} ${1000 * 3 * 4 * 1.5}`,
        `neurondb_vector_index_memory_need_bytes{${labels('half')},bound="high"} ${500 * 4 * 2 * 4}`,
      ]),
    );
    expect(series.join('\n')).not.toContain('not_hnsw_at_all');
    expect(series.join('\n')).not.toContain('relname="numbers"');
    const sizes = series.filter((line) => line.startsWith('neurondb_vector_index_size_bytes'));
    expect(sizes).toHaveLength(4);
    expect(sizes.every((line) => Number(line.split(' ')[1]) > 0)).toBe(true);
  });
});

describe('vector indexes by the names of NeuronDB’s access methods', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startEmbeddedPostgres({ settings: { autovacuum: 'off' } });
    await server.run('CREATE DATABASE app; ');
    await server.run(
      `CREATE EXTENSION bloom;
      CREATE ACCESS METHOD hnsw TYPE INDEX HANDLER blhandler;
      CREATE ACCESS METHOD ivf TYPE INDEX HANDLER blhandler;
      CREATE OPERATOR CLASS fake_hnsw_ops DEFAULT FOR TYPE int4 USING hnsw AS OPERATOR 1 =(int4, int4), FUNCTION 1 hashint4(int4);
      CREATE OPERATOR CLASS fake_ivf_ops DEFAULT FOR TYPE int4 USING ivf AS OPERATOR 1 =(int4, int4), FUNCTION 1 hashint4(int4);
      CREATE TABLE items (n int, bits bit(64));
      CREATE INDEX by_hnsw ON items USING hnsw (n) WITH (length = 64);
      CREATE INDEX by_ivf ON items USING ivf (n);
      CREATE INDEX items_hnsw_ivf ON items (n);
      CREATE TEMP TABLE gone (n int); CREATE INDEX ON gone USING hnsw (n)`,
      'app',
    );
    await server.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_ivf'::regclass", 'app');
  });
  afterAll(() => server.stop());

  const look = (database: string, databases: readonly string[] = []) =>
    withSource(server, { database }, (source) =>
      lookOnce(vectorIndexes, source, { settings: { databases } }),
    );
  const labels = (index: string) =>
    `compute="main",datname="app",schemaname="public",relname="items",indexrelname="${index}"`;

  it('finds them in every database that is asked for, while one is being rebuilt', async () => {
    const client = await server.connect('app');
    await client.query('BEGIN');
    await client.query('REINDEX INDEX by_hnsw');
    const { series, skips } = await look('postgres', ['app']);
    await client.query('ROLLBACK');
    await client.end();
    expect(skips).toEqual([]);
    expect(series).toEqual(
      expect.arrayContaining([
        'neurondb_vector_indexes{compute="main",datname="postgres",am="hnsw"} 0',
        'neurondb_vector_indexes{compute="main",datname="app",am="hnsw"} 1',
        `neurondb_vector_index_info{${labels('by_hnsw')},am="hnsw",opclass="fake_hnsw_ops",type="int4"} 1`,
        `neurondb_vector_index_info{${labels('by_ivf')},am="ivf",opclass="fake_ivf_ops",type="int4"} 1`,
        `neurondb_vector_index_parameter{${labels('by_hnsw')},parameter="length"} 64`,
        `neurondb_vector_index_valid{${labels('by_hnsw')}} 1`,
        `neurondb_vector_index_valid{${labels('by_ivf')}} 0`,
      ]),
    );
  });

  it('leaves out what it cannot know: dimensions, rows and the memory for them', async () => {
    const { series } = await look('app');
    const text = series.join('\n');
    expect(text).not.toMatch(/dimensions|memory_need|vector_index_rows|items_hnsw_ivf|gone/);
  });
});
