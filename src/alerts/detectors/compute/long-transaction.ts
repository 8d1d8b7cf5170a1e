import type { Observation } from '../../../collection/store.ts';
import type { ReadingOf } from '../../../collectors/registry.ts';
import { type Detector, perTarget } from '../../detector.ts';
import type { Evidence, Finding } from '../../finding.ts';
import { computeSubject, psqlCommand } from './compute-facts.ts';

type Health = Observation<ReadingOf<'compute_health'>>;

/** Ages in milliseconds at the time of the look; undefined when there is no such transaction. */
interface Ages {
  readonly active: number | undefined;
  readonly idle: number | undefined;
}

function agesOf({ reading }: Health, nowMs: number): Ages {
  const { oldestTransactionAtMs, oldestIdleInTransactionAtMs } = reading.activity;
  const age = (atMs: number | undefined) => (atMs === undefined ? undefined : Math.max(nowMs - atMs, 0));
  return { active: age(oldestTransactionAtMs), idle: age(oldestIdleInTransactionAtMs) };
}

function evidenceOf({ active, idle }: Ages, atMs: number): Evidence[] {
  const rows = [
    ['oldest open transaction', active],
    ['longest idle in a transaction', idle],
  ] as const;
  return rows.flatMap(([what, ageMs]) =>
    ageMs === undefined
      ? []
      : [{ what, value: Math.round(ageMs / 1000), unit: 'seconds', source: 'pg_stat_activity', atMs }],
  );
}

/** Times are taken to minutes: the sentence is not another one at every look. */
const minutes = (ms: number) => (ms < 60_000 ? 'less than a minute' : `${Math.floor(ms / 60_000)} min`);

function long(health: Health, className: 'active' | 'idle', ages: Ages, limitMs: number): Finding {
  const { name } = health.target;
  const subject = computeSubject(name);
  const isIdle = className === 'idle';
  const sentence = isIdle
    ? `A session of compute ${name} has been idle in its transaction for ${minutes(ages.idle ?? 0)}: it keeps its locks, and nothing it can still see is vacuumed.`
    : `A transaction of compute ${name} has been open for ${minutes(ages.active ?? 0)}: nothing it can still see is vacuumed, and tables grow.`;
  const order = isIdle
    ? "state LIKE 'idle in transaction%' ORDER BY state_change"
    : 'xact_start IS NOT NULL ORDER BY xact_start';
  // Only what is still too old: who pastes this later must not end somebody else's transaction.
  const since = isIdle ? 'state_change' : 'xact_start';
  const tooOld = `pid <> pg_backend_pid() AND now() - ${since} > interval '${Math.round(limitMs / 1000)} s'`;
  return {
    subject,
    severity: 'warning',
    className,
    summary: sentence,
    evidence: evidenceOf(ages, health.lastReadAtMs),
    remedy: [
      {
        text: 'See whose it is.',
        command: psqlCommand(
          subject,
          `SELECT pid, usename, datname, application_name, client_addr, state, now() - xact_start AS open, now() - state_change AS since FROM pg_stat_activity WHERE backend_type = 'client backend' AND ${order} LIMIT 5`,
        ),
      },
      {
        text: isIdle
          ? 'Ask its owner to commit or roll back. If nobody answers, end that one session: its transaction is rolled back.'
          : 'If it is a report or a dump that is meant to run, let it end. If not, cancel its statement.',
        command: psqlCommand(
          subject,
          `SELECT ${isIdle ? 'pg_terminate_backend' : 'pg_cancel_backend'}(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND ${tooOld} AND ${order} LIMIT 1`,
        ),
      },
      {
        text: isIdle
          ? 'Set idle_in_transaction_session_timeout for that role, so that Postgres ends the next one.'
          : 'Set statement_timeout for that role, so that Postgres ends the next one.',
      },
    ],
    avoid: [
      {
        what: 'kill -9 on its backend',
        why: 'Postgres then restarts every session of the compute and recovers from WAL',
      },
      {
        what: 'VACUUM FULL while it is open',
        why: 'it waits for that transaction behind a lock that shuts out everybody else',
      },
    ],
  };
}

/** A transaction that stays open. */
export const longTransaction: Detector = {
  id: 'long_transaction',
  alert: 'NeonLongTransaction',
  layer: 'compute',
  severity: 'warning',
  summary: 'A transaction of a compute has been open, or a session idle in its transaction, for very long.',
  classes: ['active', 'idle'],
  needs: ['compute_health'],
  hold: { forMs: 0, keepFiringMs: 60_000 },
  explainedBy: ['stuck_getpages', 'backpressure'],
  detect(input) {
    const { activeTransactionMax, idleTransactionMax } = input.thresholds.compute;
    return perTarget(input, 'compute_health', computeSubject, (health) => {
      const { name } = health.target;
      if (health.reading.activity.hidden > 0) {
        const missing = [`compute_health of ${name}: transactions of others, for want of pg_read_all_stats`];
        return { unknown: [{ subject: computeSubject(name), missing }] };
      }
      const ages = agesOf(health, input.nowMs);
      // Locks of one that does nothing hurt sooner, and ending it costs nobody anything.
      if ((ages.idle ?? 0) > idleTransactionMax)
        return { findings: [long(health, 'idle', ages, idleTransactionMax)] };
      if ((ages.active ?? 0) > activeTransactionMax)
        return { findings: [long(health, 'active', ages, activeTransactionMax)] };
      return {};
    });
  },
};
