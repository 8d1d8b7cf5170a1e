import { type DetectInput, type Detector, whyMissing } from '../../detector.ts';
import type { Finding, Unknown } from '../../finding.ts';
import { computeSubject, nodeSubjects, sqlLooks } from './compute-facts.ts';
import {
  type ComputeMemories,
  type ComputeMemory,
  computeCtlOf,
  rememberCompute,
  sqlAnswer,
} from './sql-answer.ts';

type Input = DetectInput<ComputeMemories>;

function blocked(look: Input['looks'][number], memory: ComputeMemory, input: Input): Finding {
  const { name } = look.target;
  const ctl = computeCtlOf(input.readings, name);
  const pageservers = memory.nodes.length === 0 ? 'not known' : memory.nodes.join(', ');
  return {
    subject: computeSubject(name),
    severity: 'critical',
    facts: { state: 'unknown' },
    summary: `Compute ${name} takes connections and does not answer SQL: its state is unknown (probe_blocked), and what reads pages from a pageserver most likely hangs for its users, too.`,
    evidence: [
      {
        what: 'SQL',
        value: 'no answer in time',
        source: `a new connection by ${look.collector}`,
        atMs: input.nowMs,
      },
      {
        what: 'without an answer for',
        value: Math.round((input.nowMs - memory.sinceMs) / 1000),
        unit: 'seconds',
        source: look.collector,
      },
      {
        what: 'pageservers it reads from',
        value: pageservers,
        source: 'neon.pageserver_connstring when it was last read',
      },
      ...(ctl === undefined
        ? []
        : [{ what: 'compute_ctl status', value: ctl.reading.status, source: 'GET /status of compute_ctl' }]),
    ],
    remedy: [
      {
        text: 'See whether the pageservers that it reads from are well; while one of their shards is away the compute waits.',
        command: 'neonwatch doctor',
      },
      {
        text: 'Compare where its shards are with what its postgresql.auto.conf and config.json say: a wrong list of pageservers blocks every read that misses the cache. The files can be read without SQL.',
      },
      {
        text: 'Try once more with a limit on everything; settings are read without a table.',
        command:
          'PGCONNECT_TIMEOUT=5 PGOPTIONS="-c statement_timeout=5s" psql "$compute_dsn" -c \'SHOW neon.pageserver_connstring\'',
      },
      {
        text: 'If the list is right and the pageservers answer, look for "request routed to wrong shard" in their logs and for stuck requests in the log of the compute.',
      },
    ],
    avoid: [
      {
        what: 'treating it as down and restarting it',
        why: 'its process is alive; a start takes the connection string of config.json, which is older still where the hook has changed it',
      },
      {
        what: 'running ad hoc queries against its tables',
        why: 'each one may wait through 60 reconnect attempts and hold a connection meanwhile',
      },
    ],
    related: nodeSubjects(memory.nodes),
  };
}

/** A compute that takes connections and answers nothing. */
export const computeProbeBlocked: Detector<ComputeMemories> = {
  id: 'compute_probe_blocked',
  alert: 'NeonComputeProbeBlocked',
  layer: 'compute',
  severity: 'critical',
  summary:
    'A compute takes connections and answers no SQL in time, as one does whose list of pageservers is wrong or whose pageserver is silent.',
  classes: [],
  needs: [],
  hold: { forMs: 90_000, keepFiringMs: 60_000 },
  explainedBy: [
    'node_offline',
    'pageserver_away',
    'connstring_drift',
    'stripe_order_hazard',
    'stuck_getpages',
  ],
  detect(input) {
    const findings: Finding[] = [];
    const unknown: Unknown[] = [];
    const remembered: Record<string, ComputeMemory> = {};
    for (const [name, look] of sqlLooks(input.looks)) {
      const before = input.memory?.[name];
      const answer = sqlAnswer(look, before, input);
      const memory = rememberCompute(look, answer, before, input);
      remembered[name] = memory;
      if (answer.state === 'blocked') findings.push(blocked(look, memory, input));
      if (answer.state === 'unknown')
        unknown.push({ subject: computeSubject(name), missing: [answer.missing] });
    }
    if (Object.keys(remembered).length === 0) {
      return { findings, unknown: [{ missing: [whyMissing(input.looks, 'compute_settings')] }] };
    }
    return { findings, unknown, memory: remembered };
  },
};
