import { z } from 'zod';
import { SourceError } from '../errors.ts';
import { int4 } from './pg-values.ts';
import { checkRows, type PgRow } from './postgres-rows.ts';

/** So many backends of ours may be beyond control before nothing is asked of the server any more. */
const maxStuck = 3;

/**
 * Backends that went on with a statement although it was cancelled and its connection closed: a query can be unkillable
 * (reference/neurondb.md, 4). Asking the same again at every interval would fill the server with them.
 */
export class StuckBackends {
  #stuck: { readonly pid: number; readonly sql: string }[] = [];

  add(pid: number, sql: string): void {
    this.#stuck.push({ pid, sql });
  }

  /** @throws {SourceError} `timeout` when `sql` still runs in such a backend, or too many of them are left. */
  async refuse(sql: string, ask: (sql: string) => Promise<readonly PgRow[]>): Promise<void> {
    if (this.#stuck.length === 0) return;
    const pids = this.#stuck.map(({ pid }) => pid);
    const rows = await ask(
      `SELECT pid FROM pg_catalog.pg_stat_activity
 WHERE application_name = 'neonwatch' AND state = 'active' AND pid IN (${pids.join(', ')})`,
    );
    const alive = new Set(checkRows(rows, z.object({ pid: int4 })).map(({ pid }) => pid));
    this.#stuck = this.#stuck.filter(({ pid }) => alive.has(pid));
    const same = this.#stuck.find((stuck) => stuck.sql === sql);
    if (same !== undefined) {
      const what = `backend ${same.pid} still runs this statement although it was cancelled`;
      throw new SourceError('timeout', `${what}; it is not asked again while that lasts`);
    }
    if (this.#stuck.length < maxStuck) return;
    const left = this.#stuck.map(({ pid }) => pid).join(', ');
    throw new SourceError(
      'timeout',
      `backends ${left} still run statements of ours that were cancelled; nothing more is asked while that lasts`,
    );
  }
}
