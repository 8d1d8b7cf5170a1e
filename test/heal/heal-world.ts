import { detectors } from '../../src/alerts/registry.ts';
import type { ShownAlert } from '../../src/alerts/snapshot.ts';
import { createExaminer } from '../../src/cli/doctor/diagnose.ts';
import { ConfigSchema } from '../../src/config/schema.ts';
import type { Policy } from '../../src/heal/input.ts';
import { type Asked, type Decision, planHealing } from '../../src/heal/planner.ts';
import type { TenantPlacement } from '../../src/neon/placement.ts';
import { hook, leaderRow, metrics } from '../findings/control-world.ts';
import { clusterWorld, computeOn, type Live, tenantOn } from '../findings/drift-world.ts';
import { caseStartMs, looksOf, reading, readingsOf, type World } from '../findings/world.ts';

/** What an operator gets who sets `heal.mode: plan` and nothing else. */
export function policyOf(heal: object = { mode: 'plan' }): Policy {
  return ConfigSchema.parse({ heal }).heal;
}

const sources: Live['sources'] = (['neon.pageserver_connstring', 'neon.stripe_size'] as const).map(
  (setting) => ({
    setting,
    source: 'configuration file',
    file: 'postgresql.auto.conf',
    isPendingRestart: false,
  }),
);

/** A compute that asks these nodes, of which everything could be read. */
export function readCompute(
  entries: readonly (number | string)[],
  changed: Partial<Live> = {},
  name = 'main',
) {
  return computeOn(entries, { sources, ...changed }, name);
}

/** A pageserver that has run for an hour. */
export function nodeMetrics(nodeId: number, startedAtMs = caseStartMs - 3_600_000) {
  return reading('pageserver_metrics', `pageserver${nodeId}:9898`, { nodeId, startedAtMs });
}

/** Everything beside the cluster that a decision needs, and all of it well. */
export const wellAround: World = [metrics(), leaderRow(undefined), hook(true)];

export interface HealWorld {
  readonly placements?: readonly TenantPlacement[];
  readonly cluster?: Omit<Parameters<typeof clusterWorld>[0], 'placements'>;
  readonly computes?: World;
  readonly around?: World;
}

/** By default a tenant on nodes 1 and 2, whose compute names them the wrong way round. */
export function healWorld({ placements, cluster, computes, around }: HealWorld = {}): World {
  return [
    ...clusterWorld({ placements: placements ?? [tenantOn([1, 2]), tenantOn([3])], ...cluster }),
    ...(computes ?? [readCompute([2, 1])]),
    ...(around ?? wellAround),
  ];
}

/** The world without what some collectors read. */
export function without(world: World, ...collectors: readonly string[]): World {
  return world.filter(({ collector }) => !collectors.includes(collector));
}

const noBreath = () => undefined;

/** What `doctor` finds in two looks at a world. */
async function foundIn(world: World): Promise<readonly ShownAlert[]> {
  const { thresholds } = ConfigSchema.parse({}).findings;
  const examine = createExaminer({ detectors, thresholds, hosts: [], clock: { monotonicMs: () => 0 } });
  let alerts: readonly ShownAlert[] = [];
  for (const tick of [0, 1]) {
    const nowMs = caseStartMs + tick * 3_000;
    const look = { readings: readingsOf(world, tick, nowMs), looks: looksOf(world, nowMs), nowMs };
    alerts = (await examine(look)).snapshot.alerts;
  }
  return alerts;
}

/** What is asked about a world unless a test says otherwise: somebody asks by hand, with everything in mode plan. */
export function askedOf(world: World, alerts: readonly ShownAlert[], changed: Partial<Asked> = {}): Asked {
  const nowMs = caseStartMs + 3_000;
  return {
    readings: readingsOf(world, 1, nowMs),
    looks: looksOf(world, nowMs),
    alerts,
    policy: policyOf(),
    nowMs,
    watchingSinceMs: nowMs - 10_000,
    isByHand: true,
    aliases: {},
    breathe: noBreath,
    ...changed,
  };
}

/** What would be done about what `doctor` finds in a world. */
export async function decided(world: World, changed: Partial<Asked> = {}): Promise<readonly Decision[]> {
  return planHealing(askedOf(world, changed.alerts ?? (await foundIn(world)), changed));
}

/** The decision about one finding. */
export function about(decisions: readonly Decision[], detectorId: string): Decision {
  const found = decisions.find(({ shown }) => shown.detector.id === detectorId);
  if (found === undefined) {
    throw new Error(`no ${detectorId} among ${decisions.map(({ shown }) => shown.key).join(', ')}`);
  }
  return found;
}

/** `repair`, or why not. */
export function outcome(decision: Decision): string {
  return decision.verdict === 'repair' ? 'repair' : decision.refusal.reason;
}

/** Everything a decision would send, as text: `PUT /control/…`, or the statements. */
export function sent(decision: Decision): readonly string[] {
  if (decision.verdict !== 'repair') return [];
  return decision.plan.mutations.flatMap((one) =>
    one.to === 'compute' ? one.statements : [`${one.method} ${one.path}`],
  );
}

/** A firing finding as somebody claims it, true or not. */
export function claimed(
  detectorId: string,
  subject: ShownAlert['alert']['finding']['subject'],
  changed: { className?: string; related?: readonly ShownAlert['alert']['finding']['subject'][] } = {},
): ShownAlert {
  const detector = detectors.find(({ id }) => id === detectorId);
  if (detector === undefined) throw new Error(`no detector ${detectorId}`);
  const finding = { subject, severity: 'critical', summary: 'Claimed.', evidence: [], remedy: [], avoid: [] };
  return {
    key: `${detectorId} ${subject.kind} ${subject.name}`,
    detector,
    alert: {
      detectorId,
      finding: { ...finding, severity: detector.severity, ...changed },
      phase: 'firing',
      sinceMs: caseStartMs - 3_600_000,
      firedAtMs: caseStartMs - 3_000_000,
      knownMs: 3_600_000,
      samples: 200,
      lastSample: 'x',
      goneMs: 0,
      isFrozen: false,
    },
    explainedBy: undefined,
  };
}
