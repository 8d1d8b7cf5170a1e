import { type Detector, type Json, type Look, whyMissing } from '../../detector.ts';
import { instant, type Sight } from '../../drift/evidence.ts';
import { type Gated, type GateMemory, gatedJudgements } from '../../drift/gate.ts';
import { type Lie, lies, type NoticeMemory, notice } from '../../drift/notices.ts';
import { driftAvoids, pushSteps } from '../../drift/remedy.ts';
import type { Evidence, Finding, Unknown } from '../../finding.ts';
import { hookSubject } from '../controller/instances.ts';

type Memory = { readonly gate: GateMemory; readonly notices: { readonly [compute: string]: NoticeMemory } };

interface Caught extends Gated {
  readonly memory: NoticeMemory;
  readonly lie: Lie;
}

/** Computes that are spelled out. */
const maxNamed = 5;

const lieTexts: Readonly<Record<Lie, string>> = {
  NOT_APPLIED: 'did not apply it',
  ORDER_LOST: 'lost the order of the shards',
  OTHER_TENANT: 'gave it the connection string of another tenant',
};

function evidenceOf({ judgement, liveReadAtMs: atMs, memory, lie }: Caught): Evidence[] {
  const { compute, state, tenantId } = judgement;
  const read = atMs === undefined ? {} : { atMs };
  return [
    {
      what: `compute ${compute}, tenant ${tenantId}`,
      value: `${state}: the hook ${lieTexts[lie]}`,
      source: 'pg_settings',
      ...read,
    },
    ...(memory.movedAtMs === null
      ? []
      : [
          {
            what: `tenant ${tenantId} at rest in its present place since`,
            value: instant(memory.movedAtMs),
            source: 'GET /control/v1/tenant',
          },
        ]),
    ...(memory.startedAtMs === null
      ? []
      : [
          {
            what: `compute ${compute} runs since`,
            value: instant(memory.startedAtMs),
            source: 'pg_postmaster_start_time()',
            ...read,
          },
        ]),
    {
      what: `times seen of compute ${compute}`,
      value: memory.timesCaught,
      unit: 'moves',
      source: 'neonwatch',
    },
  ];
}

function lying({ readings, looks }: Sight, caught: readonly Caught[]): Finding | undefined {
  const [first] = caught;
  if (first === undefined) return undefined;
  const computes = caught.map(({ judgement }) => judgement.compute);
  const named = `${computes.slice(0, maxNamed).join(', ')}${computes.length > maxNamed ? ' and others' : ''}`;
  const subjectOf = { kind: 'compute' } as const;
  return {
    subject: hookSubject(looks),
    severity: caught.some(({ judgement }) => judgement.serving !== 'yes') ? 'critical' : 'warning',
    className: first.lie,
    summary: `The compute hook acknowledged where tenant ${first.judgement.tenantId} is, and ${lieTexts[first.lie]}: compute ${named} asks the wrong pageservers, and the controller will not tell it again.`,
    evidence: [
      { what: 'computes left wrong', value: caught.length, unit: 'computes', source: 'pg_settings' },
      ...caught.slice(0, maxNamed).flatMap((one) => evidenceOf(one)),
    ],
    remedy: [
      ...pushSteps(readings, first.judgement),
      {
        text: 'Then mend the hook: shards in the order of shard_number, one entry a shard also when two are on one node, only the computes of the tenant it was told of, neon.stripe_size before the connection string, and 200 only after the compute shows the new value.',
      },
    ],
    avoid: driftAvoids,
    related: [
      ...computes.map((name) => ({ ...subjectOf, name })),
      ...caught.flatMap(({ judgement: { tenantId } }) =>
        tenantId === undefined ? [] : [{ kind: 'tenant', name: tenantId } as const],
      ),
    ],
  };
}

/** What would have to be read before the hook can be said to be honest. */
function unjudged(looks: readonly Look[], open: readonly string[]): readonly Unknown[] {
  return open.length === 0 ? [] : [{ subject: hookSubject(looks), missing: open.slice(0, maxNamed) }];
}

/**
 * The controller says that the hook has taken its notification, and the compute shows that it has not done what it
 * said. The controller keeps an acknowledged notification for done and never sends it again.
 */
export const lyingHook: Detector<Memory & Json> = {
  id: 'lying_hook',
  alert: 'NeonLyingHook',
  layer: 'hook',
  severity: 'critical',
  summary: 'The compute hook acknowledged a move and left the compute with a wrong connection string.',
  classes: lies,
  needs: ['compute_settings', 'tenants', 'nodes', 'pageserver_locations'],
  hold: { forMs: 120_000, samples: 3, keepFiringMs: 120_000 },
  explainedBy: [],
  async detect(input) {
    const { looks, nowMs } = input;
    const { gated, memory: gate } = await gatedJudgements(input, input.memory?.gate);
    const watched = looks.filter(({ collector }) => collector === 'compute_settings');
    const former = input.memory?.notices ?? {};
    const notices: Record<string, NoticeMemory> = {};
    const caught: Caught[] = [];
    const open: string[] = [];
    for (const name of new Set([...watched.map(({ target }) => target.name), ...gated.keys()])) {
      const before = former[name];
      const one = gated.get(name);
      if (one === undefined || one.wait !== undefined || one.isAliasSuspect) {
        if (before !== undefined) notices[name] = before;
        if (before?.lie != null) open.push(one?.wait ?? whyMissing(looks, 'compute_settings', name));
        continue;
      }
      const memory = notice(one.judgement, before, nowMs);
      notices[name] = memory;
      if (memory.lie !== null) caught.push({ ...one, memory, lie: memory.lie });
    }
    const finding = lying(input, caught);
    const unknown = finding === undefined ? unjudged(looks, open) : [];
    return { findings: finding === undefined ? [] : [finding], unknown, memory: { gate, notices } };
  },
};
