import type { Observation } from '../../../collection/store.ts';
import type { ReadingOf } from '../../../collectors/registry.ts';
import { type DetectInput, type Detector, type Json, perTarget } from '../../detector.ts';
import type { Evidence, Finding } from '../../finding.ts';
import { computeRelated, computeSubject, psqlCommand } from './compute-facts.ts';
import { addSample, type CounterRise, counterRise, counterSamples, keptMemory } from './counter-window.ts';

const windowMs = 300_000;

type Memory = Readonly<Record<string, Json>>;
type Health = Observation<ReadingOf<'compute_health'>>;

function lagEvidence({ reading, lastReadAtMs }: Health): Evidence[] {
  const lag = reading.neon?.lag;
  const positions = [
    ['WAL not received by the slowest pageserver', lag?.received],
    ['WAL not on its disk', lag?.diskConsistent],
    ['WAL not in remote storage', lag?.remoteConsistent],
  ] as const;
  return positions.flatMap(([what, bytes]) =>
    bytes === undefined
      ? []
      : [{ what, value: Number(bytes), unit: 'bytes', source: 'backpressure_lsns()', atMs: lastReadAtMs }],
  );
}

function throttled(health: Health, rise: CounterRise, input: DetectInput<Memory>): Finding {
  const { name } = health.target;
  const subject = computeSubject(name);
  return {
    subject,
    severity: 'warning',
    summary: `Writes to compute ${name} are being slowed down: its backends waited ${rise.perSecond.toFixed(2)} s per second because storage has fallen behind with its WAL.`,
    evidence: [
      {
        what: 'time that backends were held up',
        value: Number(rise.perSecond.toFixed(3)),
        unit: 'seconds per second',
        source: 'backpressure_throttling_time()',
        atMs: health.lastReadAtMs,
      },
      { what: 'measured over', value: rise.spanMs / 1000, unit: 'seconds', source: 'two readings' },
      ...lagEvidence(health),
    ],
    remedy: [
      {
        text: 'See which position is behind: received means a pageserver that does not keep up or is not reached, disk one whose disk is slow, remote an object store that is slow or refuses.',
        command: psqlCommand(subject, 'SELECT * FROM neon.backpressure_lsns()'),
      },
      {
        text: 'See which sessions write, and let the largest load run slower or in smaller pieces.',
        command: psqlCommand(
          subject,
          "SELECT pid, usename, datname, state, now() - xact_start AS open FROM pg_stat_activity WHERE backend_type = 'client backend' ORDER BY xact_start",
        ),
      },
      {
        text: 'Look at disk use, upload queue and errors of the pageservers that hold the shards.',
        command: 'neonwatch doctor',
      },
    ],
    avoid: [
      {
        what: 'raising max_replication_write_lag, max_replication_flush_lag or max_replication_apply_lag',
        why: 'it takes away the brake and not the cause: reads then wait for pages that no pageserver has yet',
      },
      {
        what: 'restarting the compute',
        why: 'the WAL that storage has not taken stays, and its start has to wait for it',
      },
    ],
    related: computeRelated(input, name),
  };
}

/** A compute that is slowed down because its storage has fallen behind. */
export const backpressure: Detector<Memory> = {
  id: 'backpressure',
  alert: 'NeonComputeBackpressure',
  layer: 'compute',
  severity: 'warning',
  summary:
    'Backends of a compute are held up for a good part of the time because pageservers are behind with its WAL.',
  classes: [],
  needs: ['compute_health'],
  hold: { forMs: 300_000, keepFiringMs: 300_000 },
  explainedBy: ['node_offline', 'pageserver_away', 'safekeeper_away', 'connstring_drift'],
  detect(input) {
    const memory = keptMemory(input, 'compute_health');
    const verdict = perTarget(input, 'compute_health', computeSubject, (health) => {
      const { name } = health.target;
      const micros = health.reading.neon?.throttledMicroseconds;
      // A Postgres that is no Neon compute has no brake.
      if (health.reading.neon === undefined) return neonUnknown(health);
      if (micros === undefined) return missing(name, 'backpressure_throttling_time()');
      const samples = addSample(
        counterSamples(input.memory?.[name]),
        health.lastReadAtMs,
        Number(micros) / 1e6,
        windowMs,
      );
      memory[name] = samples;
      const rise = counterRise(samples, windowMs);
      if (rise === undefined) return missing(name, 'readings of a few minutes');
      const isSlow = rise.perSecond > input.thresholds.compute.throttledSecondsPerSecond;
      return isSlow ? { findings: [throttled(health, rise, input)] } : {};
    });
    return { ...verdict, memory };
  },
};

function missing(name: string, what: string) {
  return { unknown: [{ subject: computeSubject(name), missing: [`compute_health of ${name}: ${what}`] }] };
}

/** Extension neon that is there and could not be read is unknown; a server without it has nothing to judge. */
function neonUnknown({ target, reading }: Health) {
  const skipped = reading.skippedParts.find(({ part }) => part === 'neon');
  if (skipped === undefined || skipped.reason === 'not_neon') return {};
  return missing(target.name, `extension neon: ${skipped.reason}`);
}
