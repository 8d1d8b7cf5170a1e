import type { ActivityRow } from './compute-health-rows.ts';

/** Stands for every name that is not among the first; a database or role of this very name is counted with them. */
export const otherName = 'other';

/** Client connections of one state, role and database. */
export interface ConnectionCount {
  /** As `pg_stat_activity` has it; `unknown` where our role may not see it. */
  readonly state: string;
  readonly usename: string;
  readonly datname: string;
  readonly connections: number;
}

export interface Activity {
  /** Complete: what is not named is in `other`. By descending count. */
  readonly connections: readonly ConnectionCount[];
  /** Connections whose state our role may not see (it lacks pg_read_all_stats). */
  readonly hidden: number;
  /** Start of the oldest open transaction; undefined when there is none, or when some are hidden. */
  readonly oldestTransactionAtMs: number | undefined;
  /** When the session that is idle in its transaction for longest became idle. */
  readonly oldestIdleInTransactionAtMs: number | undefined;
}

/** @param top groups kept by name; the others are summed up by state */
export function activityOf(rows: readonly ActivityRow[], top: number): Activity {
  const hidden = rows.reduce((sum, row) => sum + row.hidden, 0);
  const oldest = (pick: (row: ActivityRow) => number | null) => {
    const known = rows.flatMap((row) => pick(row) ?? []);
    return hidden > 0 || known.length === 0 ? undefined : Math.min(...known);
  };
  return {
    connections: topConnections(rows, top),
    hidden,
    oldestTransactionAtMs: oldest((row) => row.oldest_transaction),
    oldestIdleInTransactionAtMs: oldest((row) => row.oldest_idle),
  };
}

function topConnections(rows: readonly ActivityRow[], top: number): ConnectionCount[] {
  const named = rows.map((row) => ({
    state: row.state ?? 'unknown',
    usename: row.usename ?? '',
    datname: row.datname ?? '',
    connections: row.connections,
  }));
  named.sort((left, right) => right.connections - left.connections || (keyOf(left) < keyOf(right) ? -1 : 1));
  const groups = new Map<string, ConnectionCount>();
  for (const [index, group] of named.entries()) {
    const label = index < top ? group : { ...group, usename: otherName, datname: otherName };
    const known = groups.get(keyOf(label))?.connections ?? 0;
    groups.set(keyOf(label), { ...label, connections: known + group.connections });
  }
  return [...groups.values()];
}

function keyOf({ state, usename, datname }: ConnectionCount): string {
  return JSON.stringify([state, usename, datname]);
}
