import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

/** A gentle load: a statement of each kind at this interval. */
const stepMs = 150;
/** Tables stay as small as at the start, however long the demo runs. */
const keptRows = 2_000;

/** Documents that the application begins with and keeps. */
export const firstDocuments = 800;

/** An application at work in the compute. */
export interface Load {
  stop(): Promise<void>;
}

/** What a shop with a search box asks of its database. */
interface Request {
  /** Asked in every so many-th step. */
  readonly every: number;
  readonly sql: string;
  readonly values: (pick: Pick) => unknown[];
}

/** Chosen anew in each step. */
interface Pick {
  readonly round: number;
  /** Of a document that is always there. */
  readonly id: number;
  readonly vector: string;
}

const requests: readonly Request[] = [
  { every: 1, sql: 'SELECT id, title, embedding FROM documents WHERE id = $1', values: ({ id }) => [id] },
  {
    every: 1,
    sql: 'UPDATE documents SET views = views + 1, changed_at = now() WHERE id = $1',
    values: ({ id }) => [id],
  },
  { every: 1, sql: 'INSERT INTO orders (document_id) VALUES ($1)', values: ({ id }) => [id] },
  {
    every: 2,
    sql: "UPDATE orders SET state = 'sent' WHERE id = (SELECT max(id) FROM orders WHERE state = 'new')",
    values: () => [],
  },
  {
    every: 3,
    sql: 'SELECT id, title FROM documents ORDER BY embedding <-> $1::real[] LIMIT 5',
    values: ({ vector }) => [vector],
  },
  {
    every: 5,
    sql: 'SELECT id FROM documents WHERE embedding = embedding_of($1)',
    values: ({ id }) => [id],
  },
  {
    every: 7,
    sql: 'INSERT INTO documents (title, embedding) VALUES ($1, $2::real[])',
    values: ({ round, vector }) => [`document of round ${round}`, vector],
  },
  {
    every: 100,
    sql: 'DELETE FROM orders WHERE id <= (SELECT max(id) FROM orders) - $1',
    values: () => [keptRows],
  },
  {
    every: 100,
    sql: 'DELETE FROM documents WHERE id > $1 AND id <= (SELECT max(id) FROM documents) - $2',
    values: () => [firstDocuments, keptRows],
  },
];

function pick(random: () => number, round: number): Pick {
  const parts = Array.from({ length: 16 }, () => (random() * 200 - 100).toFixed(2));
  return { round, id: 1 + Math.floor(random() * firstDocuments), vector: `{${parts.join(',')}}` };
}

/** Begins to work; comes back by itself when the compute was away. `random` gives 0 to 1. */
export function startLoad(dsn: string, random: () => number): Load {
  const stopping = new AbortController();
  const { signal } = stopping;
  async function work(): Promise<void> {
    const client = new pg.Client({
      connectionString: dsn,
      application_name: 'shop',
      statement_timeout: 5_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      for (let round = 1; !signal.aborted; round += 1) {
        const chosen = pick(random, round);
        for (const { sql, values } of requests.filter(({ every }) => round % every === 0)) {
          await client.query(sql, values(chosen));
        }
        await pause(stepMs);
      }
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  const pause = (ms: number) => wait(ms, undefined, { signal }).catch(() => undefined);
  const done = (async () => {
    while (!signal.aborted) {
      // The compute restarts or is too full: an application tries again.
      await work().catch(() => undefined);
      await pause(500);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
