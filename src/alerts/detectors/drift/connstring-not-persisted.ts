import type { DriftJudgement } from '../../../views/drift/judgement.ts';
import { type Detector, perTarget } from '../../detector.ts';
import { computeSubject, driftRelated, type Sight } from '../../drift/evidence.ts';
import { type Gated, type GateMemory, gatedJudgements } from '../../drift/gate.ts';
import { intendedConnstring } from '../../drift/remedy.ts';
import { shardsText } from '../../drift/words.ts';
import type { Evidence, Finding } from '../../finding.ts';

const classes = ['SHADOWED', 'NOT_PERSISTED'] as const;
type Class = (typeof classes)[number];

function evidenceOf(judgement: DriftJudgement, className: Class, atMs: number | undefined): Evidence[] {
  const read = atMs === undefined ? {} : { atMs };
  if (className === 'SHADOWED') {
    return [
      {
        what: 'connection strings in the files',
        value: 'postgresql.auto.conf hides another one in postgresql.conf',
        source: 'pg_file_settings',
        ...read,
      },
    ];
  }
  const { rows, stripe, shardCount = 1 } = judgement;
  const differing = rows.filter(({ nextStartAgreement }) => nextStartAgreement !== 'right').slice(0, 8);
  const isStripeTold = shardCount > 1 && stripe.nextStartBlocks !== stripe.intendedBlocks;
  return [
    ...differing.map(({ shardNumber, nextStart, intended }) => ({
      what: `shard ${shardNumber} after the next start, now ${intended}`,
      value: nextStart ?? 'no entry',
      source: 'config.json',
      ...read,
    })),
    ...(isStripeTold
      ? [
          {
            what: `stripe size after the next start, now ${stripe.intendedBlocks}`,
            value: stripe.nextStartBlocks ?? 'not known',
            unit: 'blocks',
            source: 'config.json',
            ...read,
          },
        ]
      : []),
  ];
}

function notPersisted(sight: Sight, { judgement, liveReadAtMs }: Gated, className: Class): Finding {
  const { compute, tenantId, rows, stripe, shardCount = 1 } = judgement;
  const connstring = intendedConnstring(judgement) ?? '';
  const setting = { name: 'neon.pageserver_connstring', value: connstring, vartype: 'string' };
  const stripeSetting = {
    name: 'neon.stripe_size',
    value: String(stripe.intendedBlocks),
    vartype: 'integer',
  };
  const settings = shardCount > 1 ? [stripeSetting, setting] : [setting];
  const where = className === 'SHADOWED' ? 'postgresql.conf' : 'config.json';
  const numbers = rows.map(({ shardNumber }) => shardNumber);
  return {
    subject: computeSubject(compute),
    severity: 'warning',
    className,
    summary: `Compute ${compute} finds ${shardsText(numbers)} of tenant ${tenantId} now, and its next start brings back what ${where} says, which is something else.`,
    evidence: evidenceOf(judgement, className, liveReadAtMs),
    remedy: [
      {
        text: `Write these settings into \`spec.cluster.settings\` of config.json of compute ${compute}, in this order; whatever else in it names pageservers must say the same: ${JSON.stringify(settings)}`,
      },
      {
        text: 'See that the file is whole before anything reads it.',
        command: "jq -e '.spec.tenant_id, .spec.cluster.settings' config.json",
      },
    ],
    avoid: [
      {
        what: 'restarting the compute before that',
        why: 'compute_ctl writes postgresql.conf anew from config.json, and what ALTER SYSTEM had set is lost',
      },
      {
        what: 'ALTER SYSTEM RESET neon.pageserver_connstring',
        why: 'the older string takes over at the next reload, while the compute is in use',
      },
    ],
    related: driftRelated(sight, judgement),
  };
}

/** In sync now, and out of it at the next start. Usual where the hook sets computes by ALTER SYSTEM only. */
export const connstringNotPersisted: Detector<GateMemory> = {
  id: 'connstring_not_persisted',
  alert: 'NeonConnstringNotPersisted',
  layer: 'compute',
  severity: 'warning',
  summary: 'A compute has the right connection string, and its next start would bring back another one.',
  classes,
  needs: ['compute_settings', 'tenants', 'nodes', 'pageserver_locations'],
  hold: { forMs: 600_000, samples: 3, keepFiringMs: 120_000 },
  explainedBy: [],
  async detect(input) {
    const { gated, memory } = await gatedJudgements(input, input.memory);
    const verdict = perTarget(input, 'compute_settings', computeSubject, ({ target }) => {
      const one = gated.get(target.name);
      if (one === undefined) return {};
      const { judgement, wait } = one;
      if (wait !== undefined) return { unknown: [{ subject: computeSubject(target.name), missing: [wait] }] };
      const className = classes.find((state) => state === judgement.state);
      return className === undefined ? {} : { findings: [notPersisted(input, one, className)] };
    });
    return { ...verdict, memory };
  },
};
