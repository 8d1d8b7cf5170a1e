import type { Target } from '../../../collectors/target.ts';
import type { Detector } from '../../detector.ts';
import type { Finding, Severity, Subject, Unknown } from '../../finding.ts';
import { psqlCommand, serverSubject } from './compute-facts.ts';
import { figure, type PostgresObservation, partRows, perServer } from './postgres-server.ts';

/** Transaction ids are compared modulo 2^32: none may be older than half of that. */
const wrapsAt = 2 ** 31;
/** Early enough for a freeze of large tables over days, whatever autovacuum is set to. */
const warnPart = 0.5;
const criticalPart = 0.75;

/** The two counters that wrap, with the setting at which autovacuum freezes by force. */
const counters = [
  {
    what: 'transaction ids',
    column: 'pg_database_wraparound_age_datfrozenxid_seconds',
    setting: 'autovacuum_freeze_max_age',
    source: 'age(datfrozenxid)',
  },
  {
    what: 'multixact ids',
    column: 'pg_database_wraparound_age_datminmxid_seconds',
    setting: 'autovacuum_multixact_freeze_max_age',
    source: 'mxid_age(datminmxid)',
  },
] as const;

type Counter = (typeof counters)[number];

interface Age {
  readonly counter: Counter;
  readonly age: number;
  readonly forcedAt: number;
  readonly severity: Severity | undefined;
}

/** How bad an age is; undefined when it is none to speak of. */
export function ageSeverity(age: number, forcedAt: number, overrun: number): Severity | undefined {
  if (age >= criticalPart * wrapsAt) return 'critical';
  return age >= warnPart * wrapsAt || age > overrun * forcedAt ? 'warning' : undefined;
}

function old(
  datname: string,
  { counter, age, forcedAt, severity }: Age,
  server: PostgresObservation,
): Finding {
  const database: Subject = { kind: 'database', name: `${server.target.name}/${datname}` };
  const leftPercent = Math.max(Math.floor((1 - age / wrapsAt) * 100), 0);
  const millions = Math.round(age / 1e6);
  return {
    subject: database,
    severity: severity ?? 'warning',
    summary: `The oldest ${counter.what} in database ${database.name} are ${millions} million old, ${leftPercent} % are left before Postgres refuses every write: autovacuum does not freeze them as it should.`,
    evidence: [
      {
        what: `age of the oldest of its ${counter.what}`,
        value: age,
        unit: counter.what,
        source: counter.source,
        atMs: server.lastReadAtMs,
      },
      {
        what: counter.setting,
        value: forcedAt,
        unit: counter.what,
        source: 'pg_settings',
        atMs: server.lastReadAtMs,
      },
      { what: 'they run out at', value: wrapsAt, unit: counter.what, source: 'Postgres' },
    ],
    remedy: remedyOf(server.target, datname),
    avoid: [
      {
        what: 'VACUUM FULL',
        why: 'it rewrites the table under a lock that shuts everybody out, and needs its size once more',
      },
      {
        what: 'raising autovacuum_freeze_max_age',
        why: 'the alarm would be quiet and the transaction ids would go on running out',
      },
      {
        what: 'waiting until writes are refused',
        why: 'vacuum itself is the cure, and is easiest while the server still works',
      },
    ],
    related: [serverSubject(server.target)],
  };
}

function remedyOf({ kind }: Target, database: string): Finding['remedy'] {
  return [
    {
      text: 'See what holds the horizon back: a transaction open for long, a prepared one that nobody ends, a slot that nobody reads.',
      command: psqlCommand(
        { kind },
        "SELECT 'session ' || pid AS holder, age(backend_xmin) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL UNION ALL SELECT 'prepared ' || gid, age(transaction) FROM pg_prepared_xacts UNION ALL SELECT 'slot ' || slot_name, greatest(age(xmin), age(catalog_xmin)) FROM pg_replication_slots ORDER BY 2 DESC NULLS LAST LIMIT 10",
      ),
    },
    {
      text: 'End the oldest holder, then see which tables are the oldest.',
      command: psqlCommand(
        { kind },
        "SELECT c.oid::regclass, age(c.relfrozenxid), mxid_age(c.relminmxid), pg_size_pretty(pg_table_size(c.oid)) FROM pg_class c WHERE c.relkind IN ('r', 'm', 't') ORDER BY 2 DESC LIMIT 10",
        database,
      ),
    },
    {
      text: 'Freeze the database; it can run while everybody works.',
      command: psqlCommand({ kind }, 'VACUUM (FREEZE, VERBOSE)', database),
    },
  ];
}

function agesOf(row: Parameters<typeof figure>[0], server: PostgresObservation, overrun: number): Age[] {
  return counters.flatMap((counter) => {
    const age = figure(row, counter.column);
    const forcedAt = server.reading.settings?.get(`pg_settings_${counter.setting}`)?.value;
    if (age === undefined || forcedAt === undefined) return [];
    return [{ counter, age, forcedAt, severity: ageSeverity(age, forcedAt, overrun) }];
  });
}

/** A database whose transaction ids are running out. */
export const wraparound: Detector = {
  id: 'wraparound',
  alert: 'NeonWraparound',
  layer: 'compute',
  severity: 'critical',
  summary:
    'The oldest transaction or multixact id of a database is far older than autovacuum lets it get, or near the end of all ids.',
  classes: [],
  needs: ['postgres'],
  hold: { forMs: 600_000, keepFiringMs: 600_000 },
  explainedBy: ['long_transaction', 'slot_retains_wal'],
  detect(input) {
    return perServer(input, (server, subject) => {
      const rows = partRows(server, 'wraparound');
      const unknown = (missing: string): { unknown: Unknown[] } => ({
        unknown: [{ subject, missing: [missing] }],
      });
      if (typeof rows === 'string') return unknown(rows);
      if (server.reading.settings === undefined)
        return unknown(`postgres of ${server.target.name}: settings`);
      const findings = rows.flatMap((row) => {
        const worst = agesOf(row, server, input.thresholds.compute.freezeOverrun)
          .filter(({ severity }) => severity !== undefined)
          .sort((left, right) => right.age - left.age)[0];
        return worst === undefined ? [] : [old(row.texts['datname'] ?? '', worst, server)];
      });
      return { findings };
    });
  },
};
