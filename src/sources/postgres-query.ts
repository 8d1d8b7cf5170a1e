import type pg from 'pg';
import { SourceError } from '../errors.ts';
import type { PgRow } from './postgres-rows.ts';

interface RowDescription {
  readonly fields: readonly { readonly name: string }[];
}

interface DataRow {
  readonly fields: readonly (string | null)[];
}

/**
 * Text sent by the simple protocol, so that several statements can go together; its rows as the text that came.
 * pg's own `Query` would run its parsers over every value and keep no limit on rows.
 */
export class TextQuery implements pg.Submittable {
  readonly rows: Promise<PgRow[]>;
  /** Resolves when the server has nothing more to say to it, whatever became of the rows. */
  readonly finished: Promise<void>;
  readonly #sql: string;
  readonly #maxRows: number;
  readonly #settle: { readonly resolve: (rows: PgRow[]) => void; readonly reject: (error: unknown) => void };
  readonly #finish: () => void;
  #collected: PgRow[] = [];
  #isOver = false;
  #columns: readonly string[] = [];

  constructor(sql: string, maxRows: number) {
    this.#sql = sql;
    this.#maxRows = maxRows;
    const { promise, ...settle } = Promise.withResolvers<PgRow[]>();
    this.rows = promise;
    this.#settle = settle;
    const end = Promise.withResolvers<void>();
    this.finished = end.promise;
    this.#finish = end.resolve;
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#sql);
  }

  handleRowDescription({ fields }: RowDescription): void {
    this.#columns = fields.map(({ name }) => name);
  }

  handleDataRow({ fields }: DataRow): void {
    if (this.#isOver) return;
    if (this.#collected.length === this.#maxRows) {
      this.#refuse(new SourceError('too_large', `the answer has more than ${this.#maxRows} rows`));
      return;
    }
    // Columns may be named by the server: __proto__ is a name like any other.
    const row: [string, string | null][] = this.#columns.map((name, index) => [name, fields[index] ?? null]);
    this.#collected.push(Object.fromEntries(row));
  }

  handleCommandComplete(): void {}

  handleEmptyQuery(): void {}

  handleReadyForQuery(): void {
    this.#settle.resolve(this.#collected);
    this.#finish();
  }

  handleError(error: unknown): void {
    this.#refuse(error);
    this.#finish();
  }

  #refuse(error: unknown): void {
    this.#isOver = true;
    this.#collected = [];
    this.#settle.reject(error);
  }
}
