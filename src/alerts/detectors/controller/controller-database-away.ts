import { controllerCommand } from '../../commands.ts';
import { type DetectInput, type Detector, type Json, type Look, whyMissing } from '../../detector.ts';
import type { Evidence, Finding } from '../../finding.ts';
import { addSample, type CounterSamples, counterSamples } from '../compute/counter-window.ts';
import { awayReason, awayWords, controllerInstances, databaseSubject } from './instances.ts';

type Memory = Readonly<Record<string, Json>>;
type Input = DetectInput<Memory>;

/** What each witness says of the database. Undefined: it cannot be asked, or was not yet. */
interface Witnesses {
  /** Our own connection: a reason why there was none, or that there was. */
  readonly ours: { readonly reason: string | undefined } | undefined;
  /** Whether the controller could read its leader there. */
  readonly leaderRoute: 'answered' | 'failed' | undefined;
  /** Connections that the controller failed to get of late. */
  readonly errors: number | undefined;
}

const connectionErrors = ['connection', 'connection_pool'] as const;

function lookAt(looks: readonly Look[], collector: string): Look | undefined {
  return looks.find((look) => look.collector === collector);
}

function isLed(input: Input): boolean {
  return controllerInstances(input).some((one) => one.state === 'read' && one.isLive);
}

/** The controller answers `/control/v1/leader` with 500 after 30 s when it cannot reach its database. */
function leaderRoute(input: Input): Witnesses['leaderRoute'] {
  const look = lookAt(input.looks, 'leader');
  if (look?.up === true) return 'answered';
  // A controller that does not lead, or is away, fails the route for reasons of its own.
  if (look?.up !== false || look.lastError === undefined || !isLed(input)) return undefined;
  const { reason, status } = look.lastError;
  return reason === 'timeout' || status === 500 ? 'failed' : undefined;
}

function ourConnection({ looks }: Input): Witnesses['ours'] {
  const look = lookAt(looks, 'controller_database');
  if (look?.up === undefined) return undefined;
  if (look.up) return { reason: undefined };
  const reason = awayReason(look);
  // Denied, say, or slow: a server was there.
  const wasThere = look.lastError?.sqlState !== undefined || look.lastError?.isConnected === true;
  return reason === undefined || wasThere ? undefined : { reason };
}

/** Failed connections counted by every process of the controller; of those not on the page none has happened. */
function countErrors({ readings, memory, thresholds }: Input): {
  errors: number | undefined;
  kept: Memory;
} {
  const windowMs = thresholds.controller.databaseErrorWindow;
  const kept: Record<string, CounterSamples> = {};
  let errors: number | undefined;
  for (const { target, reading, lastReadAtMs } of readings.all('controller_metrics')) {
    const count = connectionErrors.reduce(
      (sum, type) => sum + (reading.databaseQueryErrors.get(type) ?? 0),
      0,
    );
    const before = counterSamples(memory?.[target.name]);
    const samples = addSample(before, lastReadAtMs, count, windowMs);
    kept[target.name] = samples;
    const [first, last] = [samples[0], samples.at(-1)];
    if (first !== undefined && last !== undefined) errors = (errors ?? 0) + last[1] - first[1];
  }
  return { errors, kept: kept as Memory };
}

function evidenceOf({ ours, leaderRoute: route, errors }: Witnesses, { nowMs }: Input): Evidence[] {
  const evidence: Evidence[] = [];
  const add = (what: string, value: string | number, source: string, unit?: string) =>
    evidence.push({ what, value, source, atMs: nowMs, ...(unit === undefined ? {} : { unit }) });
  if (ours !== undefined) add('our own connection', ours.reason ?? 'answers', 'SQL to storageController.dsn');
  if (route !== undefined) add("the controller's own look", route, 'GET /control/v1/leader');
  if (errors !== undefined) {
    const source = 'storage_controller_database_query_error of GET /metrics';
    add('connections that the controller failed to get', errors, source, 'errors');
  }
  return evidence;
}

function away(witnesses: Witnesses, input: Input): Finding {
  const subject = databaseSubject(input.looks);
  const { ours } = witnesses;
  const isSeenByController = witnesses.leaderRoute === 'failed' || (witnesses.errors ?? 0) > 0;
  const seenBy = ours?.reason === undefined ? 'controller' : isSeenByController ? 'both' : 'us';
  const how =
    seenBy === 'controller'
      ? ours === undefined
        ? 'the controller cannot reach it'
        : 'the controller cannot reach it, though we can'
      : awayWords(ours?.reason ?? '');
  // Only the way from here may be broken, as long as a controller leads and nothing of it says otherwise.
  const isOurWay = seenBy === 'us' && isLed(input);
  return {
    subject,
    severity: isOurWay ? 'warning' : 'critical',
    facts: { seen_by: seenBy },
    summary: isOurWay
      ? `The storage controller's database ${subject.name} is away for us: ${how}; the controller leads, and whether it reaches its database cannot be asked, so that every change may fail.`
      : `The storage controller's database ${subject.name} is away: ${how}; lists still look well, but every change waits 30 seconds and fails, and a failover is not stored.`,
    evidence: evidenceOf(witnesses, input),
    remedy: [
      {
        text: 'See whether it takes connections, from here and from the host of the controller.',
        command: 'psql "$storcon_dsn" -c \'SELECT 1\'',
      },
      {
        text: 'Start Postgres if its process has ended; read its log for a full disk and for too many connections.',
      },
      {
        text: 'The controller connects again by itself. See that it does: the route answers at once.',
        command: controllerCommand(input.readings, 'GET', '/control/v1/leader'),
      },
    ],
    avoid: [
      {
        what: 'restarting the controller while its database is away',
        why: 'it serves what it has in memory now; after a restart it serves nothing until the database is back',
      },
      {
        what: 'fill, drain, migrate, or creating tenants now',
        why: 'each waits 30 seconds, answers 503, and what was done of it is not stored',
      },
      {
        what: 'an older backup of the database in its place',
        why: 'it has older generations: pageservers would be told to write as somebody they no longer are',
      },
    ],
  };
}

/** What cannot be told: nobody is there to say, or they contradict each other. */
function missingOf({ ours, leaderRoute: route }: Witnesses, { looks }: Input): string[] {
  if (ours?.reason !== undefined && route === 'answered') {
    return [
      `controller_database: ${ours.reason} for us, while the controller reaches it; see storageController.dsn`,
    ];
  }
  if (ours !== undefined || route !== undefined) return [];
  return [whyMissing(looks, 'controller_database'), whyMissing(looks, 'leader')];
}

/** The controller's database is gone, for the controller or for everybody. */
export const controllerDatabaseAway: Detector<Memory> = {
  id: 'controller_database_away',
  alert: 'NeonControllerDatabaseAway',
  layer: 'database',
  severity: 'critical',
  summary: "The storage controller's database takes no connections, as we, the controller or both see it.",
  classes: [],
  needs: [],
  hold: { forMs: 120_000, keepFiringMs: 60_000 },
  explainedBy: [],
  detect(input) {
    const { errors, kept } = countErrors(input);
    const witnesses = { ours: ourConnection(input), leaderRoute: leaderRoute(input), errors };
    const isFailing = witnesses.leaderRoute === 'failed' || (errors ?? 0) > 0;
    const isOursAlone = witnesses.ours?.reason !== undefined && witnesses.leaderRoute !== 'answered';
    const findings = isFailing || isOursAlone ? [away(witnesses, input)] : [];
    const missing = findings.length > 0 ? [] : missingOf(witnesses, input);
    const unknown = missing.length > 0 ? [{ subject: databaseSubject(input.looks), missing }] : [];
    return { findings, unknown, memory: kept };
  },
};
