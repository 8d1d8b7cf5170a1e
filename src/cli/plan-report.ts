import { controllerCommand } from '../alerts/commands.ts';
import { subjectText } from '../alerts/finding.ts';
import type { Readings } from '../collection/store.ts';
import type { Mutation, Plan } from '../heal/action.ts';
import type { Mode } from '../heal/input.ts';
import type { Decision, GateVerdict } from '../heal/planner.ts';
import { counted, type Setting, wrapped } from './doctor/lines.ts';

/** What `neonwatch plan` shows. */
export interface PlanReport {
  readonly decisions: readonly Decision[];
  readonly readings: Readings;
  /** `heal.mode`. */
  readonly mode: Mode;
  /** Whether anything at all could be read. */
  readonly hasRead: boolean;
  /** When it was decided, milliseconds since the epoch. */
  readonly nowMs: number;
}

type Repair = Decision & { readonly verdict: 'repair' };
type Withheld = Decision & { readonly verdict: 'withheld' };

function isRepair(decision: Decision): decision is Repair {
  return decision.verdict === 'repair';
}

/** 0: nothing would be done; 1: something would; 2: nothing could be read. */
export function planExitCode({ decisions, hasRead }: PlanReport): 0 | 1 | 2 {
  if (!hasRead) return 2;
  return decisions.some(isRepair) ? 1 : 0;
}

function headline({ decisions, hasRead, mode }: PlanReport): string {
  const nothingSent = 'Nothing was sent.';
  if (!hasRead) return `Nothing could be read, so nothing is decided. ${nothingSent}`;
  const repairs = decisions.filter(isRepair).length;
  const off = mode === 'off' ? ' heal.mode is off: `--heal.mode plan` shows what it would do.' : '';
  if (decisions.length === 0) return `Nothing is found wrong, so there is nothing to do. ${nothingSent}`;
  const text = `${repairs} of ${counted(decisions.length, 'finding')} would be repaired.`;
  return `${text}${off} ${nothingSent}`;
}

/** A request as it would be typed; SQL one statement a line. */
function mutationLines(mutation: Mutation, readings: Readings): string[] {
  if (mutation.to === 'storage_controller') {
    return [controllerCommand(readings, mutation.method, mutation.path)];
  }
  return mutation.statements.map((statement) => `${statement};`);
}

function planLines(plan: Plan, readings: Readings, setting: Setting): string[] {
  const indented = (mutation: Mutation) => mutationLines(mutation, readings).map((line) => `      ${line}`);
  const where = plan.mutations.flatMap((one) => (one.to === 'compute' ? [one.compute] : []));
  const over = where.length === 0 ? '' : ` as a superuser, over a new connection to compute ${where[0]}`;
  return [
    ...wrapped(plan.summary, 2, setting),
    ...wrapped(`would send${over}:`, 2, setting),
    ...plan.mutations.flatMap(indented),
    ...(plan.cancel === undefined
      ? []
      : ['  would end it when it takes too long:', ...indented(plan.cancel)]),
    `  plan ${plan.fingerprint}`,
  ];
}

const marks = { pass: 'yes', waived: 'wait', refuse: 'NO' } as const;

function gateLines(verdicts: readonly GateVerdict[], setting: Setting): string[] {
  return verdicts.flatMap(({ id, name, verdict, value, limit }) =>
    wrapped(
      `${marks[verdict].padEnd(4)} ${id.padEnd(3)} ${name}: ${value} (must be: ${limit})`,
      4,
      setting,
      9,
    ),
  );
}

function decisionLines(decision: Decision, readings: Readings, setting: Setting): string[] {
  const { shown, gates } = decision;
  const head = `${shown.detector.id}, ${subjectText(shown.alert.finding.subject)}`;
  const body = isRepair(decision)
    ? planLines(decision.plan, readings, setting)
    : [
        ...wrapped(`because: ${decision.refusal.because} [${decision.refusal.reason}]`, 2, setting, 4),
        ...wrapped(`until: ${decision.refusal.release}`, 2, setting, 4),
      ];
  const kind = decision.kind === undefined ? '' : ` ${decision.kind}`;
  return ['', `${decision.verdict}${kind}  ${head}`, ...body, ...gateLines(gates, setting)];
}

/** Findings for which there is no action: only named, since `doctor` says what to do about them. */
function unactedLines(decisions: readonly Decision[], setting: Setting): string[] {
  const keys = decisions.filter(({ kind }) => kind === undefined).map(({ shown }) => shown.key);
  if (keys.length === 0) return [];
  const text = `No action for ${counted(keys.length, 'finding')}, which \`neonwatch doctor\` says what to do about: ${keys.join('; ')}`;
  return ['', ...wrapped(text, 0, setting, 2)];
}

/** The report as lines. */
export function planReportLines(report: PlanReport, setting: Setting): string[] {
  const { decisions, readings } = report;
  const acted = decisions.filter(({ kind }) => kind !== undefined);
  const isWaived = acted.some(({ gates }) => gates.some(({ verdict }) => verdict === 'waived'));
  return [
    ...wrapped(headline(report), 0, setting),
    ...acted.flatMap((decision) => decisionLines(decision, readings, setting)),
    ...unactedLines(decisions, setting),
    ...(isWaived
      ? ['', ...wrapped('`wait`: one look cannot show it; a healer that runs would wait for it.', 0, setting)]
      : []),
  ];
}

function withheldJson({ refusal }: Withheld) {
  return { withheld: refusal };
}

function repairJson({ plan }: Repair) {
  const { kind, target, summary, mutations, cancel, movedShards, facts, fingerprint } = plan;
  return { plan: { kind, target, summary, mutations, cancel, movedShards, facts, fingerprint } };
}

/** What `neonwatch plan --json` prints. */
export function planReportJson(report: PlanReport, version: string) {
  return {
    neonwatch: version,
    at: new Date(report.nowMs).toISOString(),
    mode: report.mode,
    sent: 0,
    decisions: report.decisions.map((decision) => ({
      finding: decision.shown.detector.id,
      subject: decision.shown.alert.finding.subject,
      action: decision.kind,
      verdict: decision.verdict,
      ...(isRepair(decision) ? repairJson(decision) : withheldJson(decision as Withheld)),
      gates: decision.gates,
    })),
  };
}
