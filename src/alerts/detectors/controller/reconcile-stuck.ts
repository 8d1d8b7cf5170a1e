import { eachBreathing } from '../../../breathe.ts';
import type { TenantPlacement } from '../../../neon/placement.ts';
import { isTenantId } from '../../../neon/shard-id.ts';
import { controllerCommand } from '../../commands.ts';
import { type DetectInput, type Detector, type Json, whyMissing } from '../../detector.ts';
import { type Avoid, cluster, type Evidence, type Finding, type Step, type Subject } from '../../finding.ts';
import { counted, some } from '../../placement/words.ts';
import { controllerSubject, hookSubject, leadingMetrics } from './instances.ts';
import { type Seats, takeSeats } from './named.ts';

interface Memory {
  readonly [key: string]: Json;
  /** Tenants that have a finding of their own. */
  readonly named: readonly string[];
}

type Input = DetectInput<Memory>;
type Metrics = NonNullable<ReturnType<typeof leadingMetrics>>;

const stuckClasses = ['long_running', 'failing'] as const;

const longSource = 'storage_controller_reconcile_long_running of GET /metrics';
const stuckSource = 'storage_controller_stuck_reconciles of GET /metrics';

const avoid: readonly Avoid[] = [
  {
    what: 'POST /debug/v1/reconcile_all',
    why: 'it runs all tenants and the optimizer at once and is meant for tests; what is stuck stays stuck',
  },
  {
    what: 'setting the policy Stop to have quiet',
    why: 'the controller then never comes back to the shard, and its compute is told nothing either',
  },
  {
    what: 'PUT /v1/tenant/…/location_config on a pageserver',
    why: 'it goes past the generations by which pageservers know who may write',
  },
];

function shardsOf(tenantId: string, { reading }: Metrics): readonly number[] {
  const numbers = reading.longRunning
    .filter((one) => one.tenantId === tenantId)
    .flatMap(({ shardNumber }) => shardNumber ?? []);
  return [...new Set(numbers)].sort((left, right) => left - right);
}

type Placements = ReadonlyMap<string, TenantPlacement>;

/** What the tenant list says of some tenants; empty without one. */
async function placementsOf(
  tenantIds: ReadonlySet<string>,
  { readings, breathe }: Input,
): Promise<Placements> {
  const found = new Map<string, TenantPlacement>();
  if (tenantIds.size === 0) return found;
  await eachBreathing(readings.one('tenants')?.reading.tenants ?? [], breathe, (tenant) => {
    if (tenantIds.has(tenant.tenantId)) found.set(tenant.tenantId, tenant);
  });
  return found;
}

/** The shards, and the pageservers between which they may be on their way. */
function placesOf(tenant: TenantPlacement | undefined, numbers: readonly number[]) {
  const shards = (tenant?.shards ?? []).filter(({ id }) => numbers.includes(id.number));
  const nodeIds = shards.flatMap(({ nodeAttached, nodeSecondary }) =>
    [nodeAttached ?? [], nodeSecondary].flat(),
  );
  return { shardIds: shards.map(({ id }) => id.text), nodeIds: [...new Set(nodeIds)] };
}

function remedyOf(tenantId: string, shardIds: readonly string[], { readings }: Input): Step[] {
  const cancel = shardIds[0] ?? tenantId;
  return [
    {
      text: 'See where each shard is meant to be, and whether its notification is pending.',
      command: controllerCommand(readings, 'GET', `/control/v1/tenant/${tenantId}`),
    },
    {
      text: 'See that its pageservers and the compute hook are well: a reconcile waits for both, for the hook without an end.',
    },
    {
      text: `Read the log of the controller for ${tenantId}: it names the step that does not end.`,
    },
    {
      text: 'If those are well and nothing has changed for minutes, cancel the reconcile, once. The controller begins it anew within 20 seconds.',
      command: controllerCommand(readings, 'PUT', `/control/v1/tenant/${cancel}/cancel_reconcile`),
    },
  ];
}

interface Long {
  readonly metrics: Metrics;
  readonly placements: Placements;
}

function longRunning(tenantId: string, { metrics, placements }: Long, input: Input): Finding {
  const numbers = shardsOf(tenantId, metrics);
  const { shardIds, nodeIds } = placesOf(placements.get(tenantId), numbers);
  const which = numbers.length === 0 ? '' : ` (shard ${some(numbers.map(String), 4)})`;
  const related: Subject[] = [
    hookSubject(input.looks),
    ...nodeIds.map((nodeId): Subject => ({ kind: 'node', name: String(nodeId) })),
    ...shardIds.slice(0, 20).map((name): Subject => ({ kind: 'shard', name })),
  ];
  return {
    subject: { kind: 'tenant', name: tenantId },
    severity: 'warning',
    className: 'long_running',
    summary: `A reconcile of tenant ${tenantId}${which} does not come to its end: what the controller means to do with it stays half done.`,
    evidence: [
      {
        what: 'reconciles under way for more than 120 seconds',
        value: Math.max(1, numbers.length),
        unit: 'reconciles',
        source: longSource,
        atMs: metrics.lastReadAtMs,
      },
    ],
    remedy: remedyOf(tenantId, shardIds, input),
    avoid,
    related,
  };
}

function many({ others, examples }: Seats, { metrics, placements }: Long, input: Input): Finding {
  const [first = ''] = examples;
  const { shardIds } = placesOf(placements.get(first), shardsOf(first, metrics));
  return {
    subject: cluster,
    severity: 'warning',
    className: 'long_running',
    summary: `Reconciles of ${counted(others, 'more tenant')} do not come to their end, first of them ${first}.`,
    evidence: [
      {
        what: 'more tenants',
        value: others,
        unit: 'tenants',
        source: longSource,
        atMs: metrics.lastReadAtMs,
      },
    ],
    remedy: remedyOf(first, shardIds, input),
    avoid,
    related: [hookSubject(input.looks)],
  };
}

function failing({ target, reading, lastReadAtMs }: Metrics, stuck: number, { readings }: Input): Finding {
  const errors = reading.reconcileComplete.get('error');
  const evidence: Evidence[] = [
    {
      what: 'shards that failed ten times or more in a row',
      value: stuck,
      unit: 'shards',
      source: stuckSource,
      atMs: lastReadAtMs,
    },
    ...(errors === undefined
      ? []
      : [
          {
            what: 'reconciles that failed since the start of the controller',
            value: errors,
            unit: 'reconciles',
            source: 'storage_controller_reconcile_complete{status="error"} of GET /metrics',
          },
        ]),
  ];
  return {
    subject: controllerSubject(target),
    severity: 'warning',
    className: 'failing',
    summary: `Storage controller ${target.name} fails to reconcile ${counted(stuck, 'shard')}, again and again: they are not where it means them to be.`,
    evidence,
    remedy: [
      {
        text: 'Find the shards: consecutive_reconciles_count is 10 or more. The list is long; ask for it once.',
        command: `${controllerCommand(readings, 'GET', '/debug/v1/tenant')} | jq -c '.[] | select(.consecutive_reconciles_count >= 10) | {tenant_shard_id, last_error}'`,
      },
      {
        text: 'last_error is of the newest failure and says which pageserver refused what. Mend that: a pageserver that is away, a full disk, a bucket that cannot be read.',
      },
      { text: 'Nothing has to be started by hand: the controller tries again every 20 seconds.' },
      {
        text: 'See that the number falls to 0.',
        command: `curl -sS -m 5 ${target.url}/metrics | grep storage_controller_stuck_reconciles`,
      },
    ],
    avoid,
    related: [],
  };
}

/** Reconciles that last far longer than a move takes, or fail every time. */
export const reconcileStuck: Detector<Memory> = {
  id: 'reconcile_stuck',
  alert: 'NeonReconcileStuck',
  layer: 'controller',
  severity: 'warning',
  summary: 'A reconcile does not come to its end, or fails ten times and more in a row.',
  classes: stuckClasses,
  needs: ['controller_metrics'],
  // On top of the 120 s after which the controller says so; a live migration may warm up for 300 s.
  hold: { forMs: 300_000, samples: 5, keepFiringMs: 60_000 },
  explainedBy: [
    'controller_database_away',
    'nothing_schedulable',
    'node_offline',
    'pageserver_away',
    'hook_away',
    'notifications_failing',
  ],
  async detect(input) {
    const metrics = leadingMetrics(input.readings);
    const { memory } = input;
    if (metrics === undefined) {
      const missing = [
        'controller_metrics of the one that leads',
        whyMissing(input.looks, 'controller_metrics'),
      ];
      return { findings: [], unknown: [{ missing }], ...(memory && { memory }) };
    }
    // A label could hold anything, and ids end up in commands.
    const tenants = new Set(metrics.reading.longRunning.map(({ tenantId }) => tenantId).filter(isTenantId));
    const long = { metrics, placements: await placementsOf(tenants, input) };
    const seats = input.thresholds.controller.stuckTenantsNamed;
    const taken = await takeSeats(memory?.named ?? [], tenants, seats, input.breathe);
    const { named } = taken;
    const findings = named.map((tenantId) => longRunning(tenantId, long, input));
    if (taken.others > 0) findings.push(many(taken, long, input));
    const stuck = metrics.reading.stuckReconciles;
    if (stuck !== undefined && stuck > 0) findings.push(failing(metrics, stuck, input));
    const unknown =
      stuck === undefined
        ? [
            {
              subject: controllerSubject(metrics.target),
              missing: [`controller_metrics of ${metrics.target.name}: no stuck_reconciles`],
            },
          ]
        : [];
    return { findings, unknown, memory: { named } };
  },
};
