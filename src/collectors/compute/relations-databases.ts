import type { PartSkipReason, SqlSession } from '../../sources/sql-reader.ts';
import type { SkippedPart } from '../collector.ts';
import type { SqlContext, SqlReadingBase } from '../sql-collector.ts';
import { skipReason } from '../sql-part.ts';
import { otherDatabases } from './neurondb-databases.ts';

/**
 * Does `work` in the database of the connection string and then, one after the other, in those that the `databases`
 * setting asks for. One of the latter that cannot be read is a skipped part (`database`) and costs the others nothing.
 */
export async function inEachDatabase<Facts>(
  { sql, settings, signal }: SqlContext<SqlReadingBase>,
  work: (session: SqlSession) => Promise<Facts>,
): Promise<{
  readonly databases: ReadonlyMap<string, Facts>;
  readonly skippedParts: readonly SkippedPart[];
}> {
  const own = await sql.session({}, signal, async (session) => ({
    name: session.database,
    facts: await work(session),
    others: await otherDatabases(session, settings.databases),
  }));
  const databases = new Map([[own.name, own.facts]]);
  const reasons = new Set<PartSkipReason>();
  for (const { name, isAllowed } of own.others) {
    if (!isAllowed) {
      reasons.add('no_privilege');
      continue;
    }
    try {
      databases.set(name, await sql.session({ database: name }, signal, work));
    } catch (thrown) {
      const reason = signal.aborted ? undefined : skipReason(thrown);
      if (reason === undefined) throw thrown;
      reasons.add(reason);
    }
  }
  return { databases, skippedParts: [...reasons].map((reason) => ({ part: 'database', reason })) };
}
