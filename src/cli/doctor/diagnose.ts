import type { Detector, Json, Look } from '../../alerts/detector.ts';
import { evaluate } from '../../alerts/evaluate.ts';
import { type AlertState, advance, emptyState } from '../../alerts/lifecycle.ts';
import { type FindingsSnapshot, showAlerts, unjudged } from '../../alerts/snapshot.ts';
import type { Thresholds } from '../../alerts/thresholds.ts';
import { breatheBy } from '../../breathe.ts';
import type { Clock } from '../../clock.ts';
import type { HostFacts } from '../../collection/host-families.ts';
import type { Readings } from '../../collection/store.ts';
import type { Config } from '../../config/schema.ts';
import { lookOnce } from '../../look-once.ts';
import { effectiveThresholds, enabledDetectors } from '../../open-findings.ts';
import { hostFacts } from '../../open-postgres.ts';
import type { Diagnosis } from './diagnosis.ts';
import { factsOf } from './facts.ts';
import { noticedOf } from './noticed.ts';
import { tenantTable } from './tenant-table.ts';

/** What looks are judged by. */
export interface Examination {
  readonly detectors: readonly Detector[];
  readonly thresholds: Thresholds;
  readonly hosts: readonly HostFacts[];
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Beginning of a tenant id: what all witnesses say of it is put together as well. */
  readonly tenant?: string | undefined;
}

/** One look at everything. */
export interface ExaminedLook {
  readonly readings: Readings;
  readonly looks: readonly Look[];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Findings of one look are shown at once: who asks does not want to wait until they are believed. */
function atOnce(detector: Detector): Detector {
  return { ...detector, hold: { forMs: 0, samples: 1, keepFiringMs: 0 } };
}

/** Judges one look after the other; each diagnosis is of the last one, with what the former ones taught. */
export function createExaminer(examination: Examination): (look: ExaminedLook) => Promise<Diagnosis> {
  const { detectors, thresholds, hosts, clock, tenant: prefix } = examination;
  const { aliases } = thresholds.drift;
  let state: AlertState = emptyState;
  let memories: ReadonlyMap<string, Json> = new Map();
  return async ({ readings, looks, nowMs }) => {
    const input = { readings, looks, thresholds, hosts, nowMs, memories };
    const evaluations = await evaluate(detectors, { ...input, breathe: breatheBy(clock) });
    const believed = evaluations.map((one) => ({ ...one, detector: atOnce(one.detector) }));
    state = advance(state, believed, nowMs).state;
    memories = new Map(
      evaluations.flatMap(({ detector, memory }) =>
        memory === undefined ? [] : [[detector.id, memory] as const],
      ),
    );
    const present = [...state.alerts.values()].filter(({ goneMs, isFrozen }) => goneMs === 0 && !isFrozen);
    const snapshot: FindingsSnapshot = {
      version: 1,
      evaluatedAtMs: nowMs,
      durationMs: 0,
      detectors,
      alerts: showAlerts(detectors, present),
      unjudged: unjudged(evaluations),
    };
    const tenant =
      prefix === undefined ? undefined : await tenantTable(readings, prefix, aliases, breatheBy(clock));
    const found = snapshot.alerts.map(({ alert: { finding } }) => finding.subject);
    const noticed = noticedOf(readings, looks, found);
    return { snapshot, looks, facts: factsOf(readings), noticed, tenant, nowMs };
  };
}

export interface DiagnoseOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timeoutMs: number;
  readonly tenant?: string | undefined;
  /** See `LookOnceOptions`. */
  readonly betweenLooksMs?: number | undefined;
  /** Aborts when nobody waits for the diagnosis any more. */
  readonly signal?: AbortSignal | undefined;
  /** Is given every look before it is judged. */
  readonly onLook?: (look: ExaminedLook) => Promise<void>;
}

/** What a configuration says of judging. */
function examinationOf(config: Config, clock: Clock, tenant?: string): Examination {
  return {
    detectors: enabledDetectors(config),
    thresholds: effectiveThresholds(config),
    hosts: hostFacts(config),
    clock,
    tenant,
  };
}

/** Looks at everything once, at what moves twice, and judges both looks; what is shown is what the last one found. */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const { config, clock } = options;
  const examine = createExaminer(examinationOf(config, clock, options.tenant));
  let diagnosis: Diagnosis | undefined;
  await lookOnce({
    ...options,
    async onLooked({ store, statuses }) {
      const look = { readings: store, looks: statuses, nowMs: clock.wallMs() };
      await options.onLook?.(look);
      diagnosis = await examine(look);
    },
  });
  if (diagnosis === undefined) throw new Error('a look always ends with what it gave');
  return diagnosis;
}
