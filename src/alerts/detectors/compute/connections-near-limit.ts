import type { Observation } from '../../../collection/store.ts';
import type { ReadingOf } from '../../../collectors/registry.ts';
import { type DetectInput, type Detector, whyMissing } from '../../detector.ts';
import type { Evidence, Finding, Step, Unknown } from '../../finding.ts';
import { computeSubject, psqlCommand, sqlLooks } from './compute-facts.ts';

type Health = Observation<ReadingOf<'compute_health'>>;

const tooManyConnections = '53300';
const holdersShown = 5;

/** Connections in use, and how many ordinary roles may have: the reserved ones are for others. */
export function connectionUse({ reading }: Pick<Health, 'reading'>): { used: number; available: number } {
  const { maxConnections, superuserReservedConnections, reservedConnections = 0, activity } = reading;
  return {
    used: activity.connections.reduce((sum, { connections }) => sum + connections, 0),
    available: Math.max(maxConnections - superuserReservedConnections - reservedConnections, 1),
  };
}

function holders({ reading, lastReadAtMs }: Health): Evidence[] {
  const largest = [...reading.activity.connections].sort((a, b) => b.connections - a.connections);
  return largest.slice(0, holdersShown).map(({ usename, datname, state, connections }) => ({
    what: `held by ${usename || 'nobody known'} in ${datname || 'no database'}, ${state}`,
    value: connections,
    unit: 'connections',
    source: 'pg_stat_activity',
    atMs: lastReadAtMs,
  }));
}

function remedyOf(name: string): Step[] {
  const subject = computeSubject(name);
  return [
    {
      text: 'See who holds them; connections that have been idle for long are the first to look at.',
      command: psqlCommand(
        subject,
        "SELECT usename, datname, application_name, state, count(*), max(now() - state_change) AS longest FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC LIMIT 20",
      ),
    },
    {
      text: 'Make the pool of that application smaller, or put a pooler in transaction mode before the compute: the pools together have to stay below the limit, with some left for administrators.',
    },
    {
      text: 'Raise max_connections only if the memory is there for it; it takes a restart, and in Neon the setting comes from the spec of the compute.',
      command: psqlCommand(subject, 'SHOW max_connections'),
    },
  ];
}

const avoid = [
  {
    what: 'pg_terminate_backend() on all idle sessions',
    why: 'a pool opens them again at once, and transactions that were only waiting are lost',
  },
  {
    what: 'restarting the compute',
    why: 'everybody comes back at the same moment, and what ALTER SYSTEM has set is gone',
  },
];

function nearLimit(health: Health): Finding {
  const { name } = health.target;
  const { used, available } = connectionUse(health);
  const isFull = used >= available;
  const percent = Math.floor((used / available) * 100);
  return {
    subject: computeSubject(name),
    severity: isFull ? 'critical' : 'warning',
    summary: isFull
      ? `Compute ${name} has no connection left for ordinary roles (${used} of ${available}): new logins are refused.`
      : `Compute ${name} has ${used} of its ${available} connections for ordinary roles in use (${percent} %): when the rest is taken, logins are refused.`,
    evidence: [
      {
        what: 'connections in use',
        value: used,
        unit: 'connections',
        source: 'pg_stat_activity',
        atMs: health.lastReadAtMs,
      },
      {
        what: 'connections for ordinary roles',
        value: available,
        unit: 'connections',
        source: 'pg_settings',
      },
      ...holders(health),
    ],
    remedy: remedyOf(name),
    avoid,
  };
}

function refused(name: string, nowMs: number): Finding {
  return {
    subject: computeSubject(name),
    severity: 'critical',
    summary: `Compute ${name} refuses logins because all connections are taken: its users are shut out as we are.`,
    evidence: [
      {
        what: 'login',
        value: `refused (SQLSTATE ${tooManyConnections})`,
        source: 'a new connection',
        atMs: nowMs,
      },
    ],
    remedy: [
      {
        text: 'Connect as a superuser: superuser_reserved_connections are kept for that.',
        command: psqlCommand(computeSubject(name), 'SELECT count(*) FROM pg_stat_activity'),
      },
      ...remedyOf(name),
    ],
    avoid,
  };
}

/** A compute that is about to refuse logins, or does. */
export const connectionsNearLimit: Detector = {
  id: 'connections_near_limit',
  alert: 'NeonConnectionsNearLimit',
  layer: 'compute',
  severity: 'critical',
  summary:
    'Most connections of a compute that are there for ordinary roles are taken, or all of them and it refuses logins.',
  classes: [],
  needs: [],
  hold: { forMs: 120_000, keepFiringMs: 300_000 },
  explainedBy: ['stuck_getpages', 'backpressure', 'long_transaction'],
  detect({ readings, looks, thresholds, nowMs }: DetectInput<never>) {
    const findings: Finding[] = [];
    const unknown: Unknown[] = [];
    const fresh = new Map(readings.all('compute_health').map((one) => [one.target.name, one]));
    const watched = sqlLooks(looks);
    for (const [name, look] of watched) {
      const health = fresh.get(name);
      const isRefused = look.up === false && look.lastError?.sqlState === tooManyConnections;
      if (isRefused) findings.push(refused(name, nowMs));
      else if (health === undefined) {
        unknown.push({ subject: computeSubject(name), missing: [whyMissing(looks, 'compute_health', name)] });
      } else {
        const { used, available } = connectionUse(health);
        if (used >= thresholds.compute.connectionsInUse * available) findings.push(nearLimit(health));
      }
    }
    if (watched.size === 0) unknown.push({ missing: [whyMissing(looks, 'compute_health')] });
    return { findings, unknown };
  },
};
