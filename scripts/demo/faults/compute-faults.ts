import pg from 'pg';
import type { Scene } from '../scene.ts';
import type { DemoFault } from './fault.ts';

async function hold({ compute, held }: Scene, statements: readonly string[]): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: compute.appDsn, application_name: 'shop-fault' });
  client.on('error', () => undefined);
  held.push(client);
  await client.connect();
  for (const statement of statements) await client.query(statement);
  return client;
}

async function letGo({ held }: Scene): Promise<void> {
  await Promise.all(held.splice(0).map((client) => client.end().catch(() => undefined)));
}

const heldConnections = 30;

const connectionsHeld: DemoFault = {
  name: 'connections-held',
  about: 'the application leaks connections: the compute runs out of them, and then nobody gets in',
  watch: [`neon_compute_connections{compute="shop",usename="shop",state="idle"} >= ${heldConnections}`],
  async begin(scene) {
    await Promise.all(Array.from({ length: heldConnections }, () => hold(scene, [])));
    return { story: `the application leaked ${heldConnections} connections` };
  },
  end: letGo,
};

const transactionForgotten: DemoFault = {
  name: 'transaction-forgotten',
  about: 'a transaction is left open: vacuum can clean nothing that it might still see',
  watch: ['neon_compute_oldest_idle_in_transaction_timestamp_seconds{compute="shop"} > 0'],
  async begin(scene) {
    await hold(scene, ['BEGIN', 'UPDATE documents SET views = views WHERE id = 1']);
    return { story: 'somebody left a transaction open in the compute' };
  },
  end: letGo,
};

const lockQueue: DemoFault = {
  name: 'lock-queue',
  about: 'a harmless-looking ALTER TABLE waits for a long reader, and everybody else waits for it',
  watch: [
    'pg_locks_count{datname="shop",mode="accessexclusivelock"} > 0',
    'neon_compute_connections{compute="shop",usename="shop",state="active"} > 0',
  ],
  async begin(scene) {
    await hold(scene, ['BEGIN', 'SELECT count(*) FROM orders']);
    // Waits until the reader ends, or until it is itself put right.
    void scene.compute.run('ALTER TABLE orders ADD COLUMN note text').catch(() => undefined);
    return { story: 'an ALTER TABLE waits behind a long reader of orders, and the shop behind both' };
  },
  async end(scene) {
    await letGo(scene);
    await scene.compute.run('ALTER TABLE orders DROP COLUMN IF EXISTS note');
  },
};

const indexInvalid: DemoFault = {
  name: 'index-invalid',
  about: 'CREATE INDEX CONCURRENTLY failed: the index is no use and still costs every write',
  watch: ['neon_compute_invalid_indexes{compute="shop",datname="shop"} > 0'],
  async begin({ compute }) {
    await compute
      .run('CREATE UNIQUE INDEX CONCURRENTLY orders_by_document ON orders (document_id)')
      .catch(() => undefined);
    return { story: 'building an index concurrently failed' };
  },
  end: ({ compute }) => compute.run('DROP INDEX IF EXISTS orders_by_document'),
};

const vectorIndexDropped: DemoFault = {
  name: 'vector-index-dropped',
  about: 'the HNSW index is gone: searches still answer, by reading the whole table',
  watch: ['neurondb_vector_indexes{compute="shop",datname="shop",am="hnsw"} == 0'],
  async begin({ compute }) {
    await compute.run('DROP INDEX documents_by_embedding');
    return { story: 'somebody dropped the HNSW index of documents' };
  },
  end: ({ compute }) =>
    compute.run('CREATE INDEX IF NOT EXISTS documents_by_embedding ON documents USING hnsw (embedding)'),
};

const computeDown: DemoFault = {
  name: 'compute-down',
  about: 'the compute is stopped: what it says of itself vanishes, and is not reported as zero',
  watch: [
    'neonwatch_collector_up{collector="compute_health",target="shop"} == 0',
    'absent(neon_compute_up{compute="shop"})',
  ],
  async begin({ compute }) {
    await compute.halt();
    return { story: 'the compute was stopped' };
  },
  end: ({ compute }) => compute.resume(),
};

/** What goes wrong inside the compute: faults of its Postgres and of the application. */
export const computeFaults: readonly DemoFault[] = [
  connectionsHeld,
  transactionForgotten,
  lockQueue,
  indexInvalid,
  vectorIndexDropped,
  computeDown,
];
