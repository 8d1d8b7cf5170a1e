import type { Observation } from '../../../collection/store.ts';
import type { ReadingOf } from '../../../collectors/registry.ts';
import { type DetectInput, type Detector, type Json, perTarget } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import { computeRelated, computeSubject, nodesOfCompute } from './compute-facts.ts';
import { addSample, type CounterRise, counterRise, counterSamples, keptMemory } from './counter-window.ts';

const windowMs = 120_000;

type Memory = Readonly<Record<string, Json>>;
type Health = Observation<ReadingOf<'compute_health'>>;

interface Stuck {
  readonly longestMs: number;
  readonly rise: CounterRise | undefined;
}

function stuck(health: Health, { longestMs, rise }: Stuck, input: DetectInput<Memory>): Finding {
  const { name } = health.target;
  const nodes = nodesOfCompute(input, name);
  return {
    subject: computeSubject(name),
    severity: 'critical',
    summary: `Page requests of compute ${name} get no answer from a pageserver, the oldest for ${Math.round(longestMs / 1000)} s: the queries behind them hang.`,
    evidence: [
      {
        what: 'oldest request without an answer',
        value: longestMs / 1000,
        unit: 'seconds',
        source: 'neon_perf_counters compute_getpage_max_inflight_stuck_time_ms',
        atMs: health.lastReadAtMs,
      },
      ...(rise === undefined
        ? []
        : [
            {
              what: 'requests that got stuck of late',
              value: rise.rise,
              unit: 'requests',
              source: 'neon_perf_counters compute_getpage_stuck_requests_total',
              atMs: health.lastReadAtMs,
            },
          ]),
      {
        what: 'pageservers it reads from',
        value: nodes.length === 0 ? 'not known' : nodes.join(', '),
        source: 'neon.pageserver_connstring',
      },
    ],
    remedy: [
      {
        text: 'Find the pageserver that does not answer: each of these should answer at once.',
        command: pageserverCommands(input.readings, nodes),
      },
      {
        text: 'If all answer, compare the list of the compute with where its shards are; shard i has to be at position i.',
        command: 'psql "$compute_dsn" -c \'SHOW neon.pageserver_connstring\'',
      },
      {
        text: 'A pageserver that accepts connections and never answers has to be restarted by itself; its shards fail over to their secondaries.',
      },
    ],
    avoid: [
      {
        what: 'restarting the compute',
        why: 'its first pages come from the same pageservers, so it would hang in its start instead',
      },
      {
        what: 'lowering neon.pageserver_response_disconnect_timeout',
        why: 'requests that are merely slow would be sent again and again to a pageserver that is busy already',
      },
    ],
    related: computeRelated(input, name),
  };
}

function pageserverCommands(readings: DetectInput<Memory>['readings'], nodes: readonly number[]): string {
  const facts = readings.one('nodes')?.reading.nodes ?? [];
  const commands = facts
    .filter(({ nodeId }) => nodes.length === 0 || nodes.includes(nodeId))
    .slice(0, 8)
    .map(({ httpAddress }) => `curl -sS -m 5 http://${httpAddress}/v1/status`);
  return commands.length === 0 ? 'neonwatch doctor' : commands.join('; ');
}

/** A compute whose page requests are left without an answer. */
export const stuckGetpages: Detector<Memory> = {
  id: 'stuck_getpages',
  alert: 'NeonStuckGetpages',
  layer: 'compute',
  severity: 'critical',
  summary: 'Page requests of a compute stay without an answer from a pageserver.',
  classes: [],
  needs: ['compute_health'],
  hold: { forMs: 120_000, samples: 2, keepFiringMs: 120_000 },
  explainedBy: ['node_offline', 'pageserver_away', 'connstring_drift', 'stripe_order_hazard'],
  detect(input) {
    const memory = keptMemory(input, 'compute_health');
    const { stuckMax, stuckRequests } = input.thresholds.compute;
    const verdict = perTarget(input, 'compute_health', computeSubject, (health) => {
      const { name } = health.target;
      const values = health.reading.neon?.perf?.values;
      const longestMs = values?.get('compute_getpage_max_inflight_stuck_time_ms');
      const total = values?.get('compute_getpage_stuck_requests_total');
      if (longestMs === undefined && total === undefined) return notCounted(health);
      const samples =
        total === undefined
          ? []
          : addSample(counterSamples(input.memory?.[name]), health.lastReadAtMs, total, windowMs);
      memory[name] = samples;
      const rise = counterRise(samples, windowMs);
      const isStuck = (longestMs ?? 0) >= stuckMax || (rise?.rise ?? 0) >= stuckRequests;
      return isStuck ? { findings: [stuck(health, { longestMs: longestMs ?? 0, rise }, input)] } : {};
    });
    return { ...verdict, memory };
  },
};

/** A server without the library has no such counters; one that hides them is unknown. */
function notCounted({ target, reading }: Health) {
  const skipped = reading.skippedParts.find(({ part }) => part === 'neon' || part === 'neon_perf_counters');
  if (skipped === undefined || skipped.reason === 'not_neon') return {};
  const missing = [`compute_health of ${target.name}: ${skipped.part}: ${skipped.reason}`];
  return { unknown: [{ subject: computeSubject(target.name), missing }] };
}
