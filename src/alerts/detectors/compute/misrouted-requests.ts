import { addressOfEndpoint } from '../../../views/drift/places.ts';
import { controllerCommand } from '../../commands.ts';
import { type DetectInput, type Detector, type Json, perTarget } from '../../detector.ts';
import type { Finding, Subject } from '../../finding.ts';
import { computeSubject, placesIn } from './compute-facts.ts';
import { addSample, type CounterRise, counterRise, counterSamples, keptMemory } from './counter-window.ts';

const windowMs = 300_000;

type Memory = Readonly<Record<string, Json>>;
type Input = DetectInput<Memory>;

/** Computes whose live list names this pageserver: one of them asks it for what it does not have. */
function computesOf(input: Input, nodeId: number): readonly string[] {
  const places = placesIn(input);
  return input.readings.all('compute_settings').flatMap(({ target, reading }) => {
    const connstring = reading.live?.connstring;
    if (connstring === undefined || 'flaw' in connstring) return [];
    const isThere = connstring.endpoints.some((endpoint) =>
      places.nodesAt(addressOfEndpoint(endpoint)).includes(nodeId),
    );
    return isThere ? [target.name] : [];
  });
}

function misrouted(nodeId: number, total: number, rise: CounterRise, atMs: number, input: Input): Finding {
  const computes = computesOf(input, nodeId);
  return {
    subject: { kind: 'node', name: String(nodeId) },
    severity: 'critical',
    summary: `Pageserver ${nodeId} gets ${rise.perSecond.toFixed(1)} page requests a second for shards that it does not hold: a compute has a wrong list of pageservers, and its queries fail or wait.`,
    evidence: [
      {
        what: 'misrouted requests',
        value: Number(rise.perSecond.toFixed(3)),
        unit: 'requests per second',
        source: 'pageserver_misrouted_pagestream_requests_total',
        atMs,
      },
      { what: 'measured over', value: rise.spanMs / 1000, unit: 'seconds', source: 'two readings' },
      { what: 'since its start', value: total, unit: 'requests', source: 'GET /metrics of the pageserver' },
      {
        what: 'computes that name it',
        value: computes.length === 0 ? 'none known' : computes.slice(0, 10).join(', '),
        source: 'neon.pageserver_connstring',
      },
    ],
    remedy: [
      {
        text: 'See whether a shard is being moved away from it right now; then it ends by itself.',
        command: controllerCommand(input.readings, 'GET', `/control/v1/node/${nodeId}/shards`),
      },
      {
        text: 'Compare the list of each compute that names it with where the shards are. The finding connstring_drift has the corrected list and the statements that set it.',
        command: 'psql "$compute_dsn" -c \'SHOW neon.pageserver_connstring\'',
      },
      { text: 'Computes that neonwatch does not watch may ask it, too: look for the tenant in its log.' },
    ],
    avoid: [
      {
        what: 'restarting the compute hook',
        why: 'it only receives: the controller sends nothing again because the hook came back',
      },
      {
        what: 'moving shards until it is quiet',
        why: 'it hides a wrong list for as long as all shards sit on one pageserver, and it comes back with the next move',
      },
    ],
    related: computes.map((name): Subject => computeSubject(name)),
  };
}

/** A pageserver that keeps being asked for shards that it does not hold. */
export const misroutedRequests: Detector<Memory> = {
  id: 'misrouted_requests',
  alert: 'NeonMisroutedRequests',
  layer: 'compute',
  severity: 'critical',
  summary:
    'A pageserver keeps being asked for pages of shards that it does not hold; a blip while shards move is normal.',
  classes: [],
  needs: ['pageserver_metrics'],
  hold: { forMs: 300_000, keepFiringMs: 120_000 },
  explainedBy: [
    'connstring_drift',
    'stripe_order_hazard',
    'lying_hook',
    'notification_pending',
    'notifications_failing',
    'intent_contradicted',
    'node_offline',
  ],
  detect(input) {
    const memory = keptMemory(input, 'pageserver_metrics');
    const verdict = perTarget(
      input,
      'pageserver_metrics',
      (name) => nodeOf(input, name),
      ({ target, reading, lastReadAtMs }) => {
        const total = reading.misroutedRequests;
        const subject: Subject = { kind: 'node', name: String(reading.nodeId) };
        const unknown = (why: string) => ({
          unknown: [{ subject, missing: [`pageserver_metrics of ${target.name}: ${why}`] }],
        });
        if (total === undefined) return unknown('no count of misrouted requests');
        const former = counterSamples(input.memory?.[target.name]);
        const samples = addSample(former, lastReadAtMs, total, windowMs);
        memory[target.name] = samples;
        const rise = counterRise(samples, windowMs);
        if (rise === undefined) return unknown('readings of a few minutes');
        if (rise.perSecond <= input.thresholds.compute.misroutedPerSecond) return {};
        return { findings: [misrouted(reading.nodeId, total, rise, lastReadAtMs, input)] };
      },
    );
    return { ...verdict, memory };
  },
};

/** The node of a target that cannot be read; its look has the id when the controller announced it. */
function nodeOf({ looks }: Input, targetName: string): Subject {
  const nodeId = looks.find(({ target }) => target.name === targetName)?.target.nodeId;
  return { kind: 'node', name: nodeId === undefined ? targetName : String(nodeId) };
}
