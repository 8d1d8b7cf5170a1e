import type { SkipReason } from '../collectors/collector.ts';
import type { ErasedSqlCollector } from '../collectors/registry.ts';
import type { SqlContext } from '../collectors/sql-collector.ts';
import type { Target } from '../collectors/target.ts';
import type { SqlReader } from '../sources/sql-reader.ts';
import { type ReadInstants, readInstants } from './observe.ts';
import { type Run, taken } from './run.ts';

/** The same reader, with its statements noted; waiting for the connection is not reading. */
function observedSql(sql: SqlReader, { note }: ReadInstants): SqlReader {
  return {
    session: (options, signal, work) =>
      sql.session(options, signal, (session) =>
        work({
          database: session.database,
          serverVersion: session.serverVersion,
          isPooled: session.isPooled,
          rows: (statement, row) => note(() => session.rows(statement, row)),
        }),
      ),
  };
}

/** Whether SQL may be sent now. */
export interface WakeGate {
  /** A reason when SQL would wake or keep awake a compute. */
  readonly enter: (signal: AbortSignal) => Promise<SkipReason | undefined>;
  /** After each run that was let in: its last statement has ended. */
  readonly leave: () => void;
}

/** What the collectors of one server share. */
export interface SqlPorts extends Pick<SqlContext<unknown>, 'settings' | 'readConfigJson' | 'clock'> {
  readonly sql: SqlReader;
  readonly gate: WakeGate;
}

/** A collector that reads over SQL, if the gate lets it. */
export function sqlRun(collector: ErasedSqlCollector, target: Target, ports: SqlPorts): Run {
  const { gate, ...rest } = ports;
  return {
    collector: collector.name,
    async take(previous, signal) {
      const closed = await gate.enter(signal);
      if (closed !== undefined) return { skipped: closed };
      const instants = readInstants(ports.clock);
      const context = { ...rest, sql: observedSql(ports.sql, instants), target, previous, signal };
      try {
        // Every reading of an SQL collector came from that collector: the store keeps them by its name.
        return taken(await collector.collect(context as never), instants);
      } finally {
        gate.leave();
      }
    },
  };
}
