import type { Look } from '../../alerts/detector.ts';
import type { FindingsSnapshot, ShownAlert } from '../../alerts/snapshot.ts';
import type { Facts } from './facts.ts';
import { counted } from './lines.ts';
import type { Noticed } from './noticed.ts';
import type { TenantChoice, TenantTable } from './tenant-table.ts';

/** What has to last this long is often only passing: the report says so. */
export const longHoldMs = 180_000;

/** Everything that one look at everything gave. */
export interface Diagnosis {
  readonly snapshot: FindingsSnapshot;
  readonly looks: readonly Look[];
  readonly facts: Facts;
  /** What is no finding, and not so in a quiet cluster. */
  readonly noticed: readonly Noticed[];
  /** What all witnesses say of the tenant that was asked for. */
  readonly tenant?: TenantTable | TenantChoice | undefined;
  /** When the report is made, milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Findings that count: what is merely worth knowing does not make a cluster ill. */
function wrong({ snapshot }: Diagnosis): readonly ShownAlert[] {
  return snapshot.alerts.filter(({ alert }) => alert.finding.severity !== 'info');
}

/** Looks that failed. */
export function failed({ looks }: Diagnosis): readonly Look[] {
  return looks.filter(({ lastError }) => lastError !== undefined);
}

/** 0: nothing is wrong; 1: findings of warning or critical; 2: nothing could be read, so nothing is known. */
export function exitCodeOf(diagnosis: Diagnosis): 0 | 1 | 2 {
  const hasRead = diagnosis.looks.some(({ up }) => up === true);
  if (!hasRead) return 2;
  return wrong(diagnosis).length > 0 ? 1 : 0;
}

/** Believed soon: it does not often pass by itself. */
function isShort({ detector, alert }: ShownAlert): boolean {
  return alert.finding.severity === 'critical' || detector.hold.forMs < longHoldMs;
}

/**
 * What the first line speaks of: what hurts a user now, or else what is not likely to pass by itself, or else the
 * first; of several the one that the others depend on. A cause is as grave as what it explains.
 */
export function gravest(
  causes: readonly ShownAlert[],
  alerts: readonly ShownAlert[],
): ShownAlert | undefined {
  const critical = alerts.filter(({ alert }) => alert.finding.severity === 'critical');
  const graveKeys = new Set(critical.map(({ key, explainedBy }) => explainedBy ?? key));
  return causes.find(({ key }) => graveKeys.has(key)) ?? causes.find(isShort) ?? causes[0];
}

/** The line that answers the question: what is wrong, in one sentence. */
export function headline(diagnosis: Diagnosis): string {
  const { looks } = diagnosis;
  const causes = wrong(diagnosis).filter(({ explainedBy }) => explainedBy === undefined);
  const first = gravest(causes.length > 0 ? causes : wrong(diagnosis), wrong(diagnosis));
  const others = wrong(diagnosis).length - 1;
  // What has to last for long before it counts may come of what is under way.
  const motion = diagnosis.noticed.find(({ isMotion }) => isMotion);
  if (motion !== undefined && first !== undefined && !wrong(diagnosis).some(isShort)) {
    return `${motion.text} (${counted(others + 1, 'finding')} below, which that may explain)`;
  }
  if (first !== undefined) {
    return `${first.alert.finding.summary}${others > 0 ? ` (${counted(others, 'more finding')} below)` : ''}`;
  }
  const [failure, ...moreFailures] = failed(diagnosis);
  const failures = failure === undefined ? 0 : moreFailures.length + 1;
  if (looks.length > 0 && failures === looks.length) return 'Nothing could be read, so nothing is known.';
  if (looks.length === 0) return 'There was nothing to look at.';
  const targets = new Set(looks.map(({ target }) => `${target.kind} ${target.name}`)).size;
  const [noticed, ...rest] = diagnosis.noticed;
  if (noticed !== undefined) {
    const more = rest.length > 0 ? ` (${rest.length} more noticed below)` : '';
    return `No finding yet, but: ${noticed.text}${more}`;
  }
  if (failures > 0) {
    return `Nothing is found wrong, but ${failures} of ${counted(looks.length, 'look')} failed: ${failure?.lastError?.message}`;
  }
  return `All is well: ${counted(targets, 'target')}, ${counted(looks.length, 'look')}, nothing found wrong.`;
}
