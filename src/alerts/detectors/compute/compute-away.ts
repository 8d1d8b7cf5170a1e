import { type DetectInput, type Detector, whyMissing } from '../../detector.ts';
import type { Evidence, Finding, Step, Unknown } from '../../finding.ts';
import { computeSubject, hostArguments, nodeSubjects, sqlLooks } from './compute-facts.ts';
import {
  type ComputeMemories,
  type ComputeMemory,
  computeCtlOf,
  rememberCompute,
  type SqlAnswer,
  sqlAnswer,
} from './sql-answer.ts';

type Input = DetectInput<ComputeMemories>;
type Look = Input['looks'][number];

function evidenceOf(look: Look, answer: SqlAnswer, sinceMs: number, { readings, nowMs }: Input): Evidence[] {
  const ctl = computeCtlOf(readings, look.target.name);
  const how = answer.state === 'away' ? answer.reason : answer.state;
  return [
    { what: 'SQL', value: how, source: `a new connection by ${look.collector}`, atMs: nowMs },
    {
      what: 'without an answer for',
      value: Math.round((nowMs - sinceMs) / 1000),
      unit: 'seconds',
      source: look.collector,
    },
    ctl === undefined
      ? { what: 'compute_ctl', value: 'not known', source: 'GET /status of compute_ctl' }
      : {
          what: 'compute_ctl status',
          value: ctl.reading.status,
          source: 'GET /status of compute_ctl',
          atMs: ctl.lastReadAtMs,
        },
  ];
}

function remedyOf(look: Look, { readings }: Input): Step[] {
  const ctl = computeCtlOf(readings, look.target.name);
  return [
    {
      text: 'See whether anything listens there.',
      command: `pg_isready -t 5 ${hostArguments(look.target) || '-d "$compute_dsn"'}`,
    },
    ...(ctl === undefined
      ? []
      : [
          {
            text: 'Ask compute_ctl what it is doing.',
            command: `curl -sS -H "Authorization: Bearer $COMPUTE_CTL_TOKEN" ${ctl.target.url}/status`,
          },
        ]),
    {
      text: `Read the end of the log of ${look.target.name} and start it if its process has ended. It fetches its first pages from the pageservers, so those have to be well first.`,
    },
    {
      text: 'When it is back, see whether it reads from the right pageservers: it begins with the connection string of its config.json.',
      command: 'psql "$compute_dsn" -c \'SHOW neon.pageserver_connstring\'',
    },
  ];
}

function away(look: Look, answer: SqlAnswer, memory: ComputeMemory, input: Input): Finding {
  const { name } = look.target;
  const why =
    answer.state === 'starting'
      ? `compute_ctl has said "${answer.status}" for too long`
      : answerWords(answer);
  return {
    subject: computeSubject(name),
    severity: 'critical',
    facts: { reason: answer.state === 'away' ? answer.reason : 'starting' },
    summary: `Compute ${name} is away: ${why}; nobody can connect to its databases.`,
    evidence: evidenceOf(look, answer, memory.sinceMs, input),
    remedy: remedyOf(look, input),
    avoid: [
      {
        what: 'restarting it again and again',
        why: 'each start takes the connection string of config.json and drops what ALTER SYSTEM had set; look first at why it ended',
      },
      {
        what: 'moving or detaching its tenant',
        why: 'its data is on pageservers and safekeepers and does not need the compute; every move changes what it has to be told',
      },
    ],
    related: nodeSubjects(memory.nodes),
  };
}

function answerWords(answer: SqlAnswer): string {
  const reason = answer.state === 'away' ? answer.reason : '';
  if (reason === 'dns') return 'its name is not known any more';
  if (reason === 'unreachable') return 'it cannot be reached over the network';
  return 'it refuses connections';
}

/** A compute that takes no connections although nobody meant it to be down. */
export const computeAway: Detector<ComputeMemories> = {
  id: 'compute_away',
  alert: 'NeonComputeAway',
  layer: 'compute',
  severity: 'critical',
  summary:
    'A compute takes no connections, and its compute_ctl, where known, does not say that it is stopped or starting.',
  classes: [],
  needs: [],
  hold: { forMs: 120_000, keepFiringMs: 60_000 },
  explainedBy: ['node_offline', 'pageserver_away', 'safekeeper_away'],
  detect(input) {
    const findings: Finding[] = [];
    const unknown: Unknown[] = [];
    const remembered: Record<string, ComputeMemory> = {};
    for (const [name, look] of sqlLooks(input.looks)) {
      const before = input.memory?.[name];
      const answer = sqlAnswer(look, before, input);
      const memory = rememberCompute(look, answer, before, input);
      remembered[name] = memory;
      const isLate =
        answer.state === 'starting' && input.nowMs - memory.sinceMs > input.thresholds.compute.startMax;
      if (answer.state === 'away' || isLate) findings.push(away(look, answer, memory, input));
      const missing = missingFor(answer, look);
      if (missing !== undefined) unknown.push({ subject: computeSubject(name), missing: [missing] });
    }
    if (Object.keys(remembered).length === 0) {
      return { findings, unknown: [{ missing: [whyMissing(input.looks, 'compute_settings')] }] };
    }
    return { findings, unknown, memory: remembered };
  },
};

function missingFor(answer: SqlAnswer, { collector, target }: Look): string | undefined {
  if (answer.state === 'unknown') return answer.missing;
  return answer.state === 'blocked' ? `${collector} of ${target.name}: probe_blocked` : undefined;
}
