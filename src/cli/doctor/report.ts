import { type Layer, layers, subjectText } from '../../alerts/finding.ts';
import { runbookPath, type ShownAlert } from '../../alerts/snapshot.ts';
import type { TargetKind } from '../../collectors/target.ts';
import { type Diagnosis, failed, gravest, headline, longHoldMs } from './diagnosis.ts';
import { coloured, counted, type Setting, spanText, valueText, wrapped } from './lines.ts';

/** The whole report as lines; the first is another where more is known than one look tells. */
export function reportLines(
  diagnosis: Diagnosis,
  setting: Setting,
  firstLine = headline(diagnosis),
): string[] {
  const { alerts } = diagnosis.snapshot;
  const causes = alerts.filter(({ explainedBy }) => explainedBy === undefined);
  // What the first line says, then the rest in the order in which the parts depend on each other.
  const first = gravest(causes, alerts);
  const standing = causes.toSorted((left, right) => Number(right === first) - Number(left === first));
  return [
    ...wrapped(firstLine, 0, setting),
    ...standing.flatMap((shown) => ['', ...findingLines(shown, diagnosis, setting)]),
    ...section(
      'Noticed, and no finding: it may be passing, or meant',
      diagnosis.noticed.flatMap(({ text }) => wrapped(text, 2, setting, 2)),
    ),
    ...section('Could not look', unreadLines(diagnosis, setting)),
    ...section('Could not judge', unknownLines(diagnosis, setting)),
    ...section('Well', wellLines(diagnosis, setting)),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines];
}

function findingLines(shown: ShownAlert, diagnosis: Diagnosis, setting: Setting): string[] {
  const { detector, alert } = shown;
  const { finding } = alert;
  const { severity, subject, className } = finding;
  const kind = className === undefined ? detector.id : `${detector.id} (${className})`;
  const symptoms = diagnosis.snapshot.alerts.filter(({ explainedBy }) => explainedBy === shown.key);
  const text = (indent: number, line: string, hang = 0) => wrapped(line, indent, setting, hang);
  return [
    `${coloured(severity, severity, setting)}  ${kind}, ${subjectText(subject)}`,
    ...text(2, finding.summary),
    ...(detector.hold.forMs < longHoldMs
      ? []
      : text(
          2,
          `(Seen in one look; neonwatch serve fires it when it has lasted ${spanText(detector.hold.forMs)}.)`,
        )),
    ...finding.evidence.flatMap((one) => text(4, evidenceText(one, diagnosis.nowMs), 2)),
    ...finding.remedy.flatMap(({ text: step, command }, at) => [
      ...text(2, `${at === 0 ? 'do: ' : 'then: '}${step}`, 4),
      // Not wrapped: a command is for copying.
      ...(command === undefined ? [] : command.split('\n').map((line) => `      ${line}`)),
    ]),
    ...finding.avoid.flatMap(({ what, why }) => text(2, `do not: ${what}, because ${why}`, 4)),
    ...symptoms.flatMap(({ detector: other, alert: { finding: symptom } }) =>
      text(2, `explains ${other.id}, ${subjectText(symptom.subject)}: ${symptom.summary}`, 4),
    ),
    ...text(2, `more: ${runbookPath(detector.id)}`),
  ];
}

function evidenceText(
  { what, value, unit, source, atMs }: ShownAlert['alert']['finding']['evidence'][number],
  nowMs: number,
): string {
  const age = atMs === undefined ? '' : `, ${spanText(nowMs - atMs)} ago`;
  return `${what}: ${valueText(value, unit)} (${source}${age})`;
}

/** Failures of one target that say the same are one line; parts that could not be had follow with their reason. */
function unreadLines(diagnosis: Diagnosis, setting: Setting): string[] {
  const byMessage = Map.groupBy(failed(diagnosis), ({ target, lastError }) => {
    const message = lastError?.message ?? '';
    return `${target.kind} ${target.name}: ${message}`;
  });
  const failures = [...byMessage].flatMap(([message, same]) => {
    const names = same.map(({ collector }) => collector).join(', ');
    return wrapped(`${message} [${names}]`, 2, setting, 2);
  });
  const parts = diagnosis.looks.flatMap(({ collector, target, skippedParts }) =>
    skippedParts.map(({ part, reason }) => ({
      key: `${reason}`,
      text: `${collector}.${part} of ${target.name}`,
    })),
  );
  const byReason = Map.groupBy(parts, ({ key }) => key);
  const skipped = [...byReason].flatMap(([reason, same]) =>
    wrapped(`${partRemedy(reason)}: ${same.map(({ text }) => text).join(', ')}`, 2, setting, 2),
  );
  return [...failures, ...skipped];
}

const partRemedies: Readonly<Record<string, string>> = {
  no_privilege: 'no privilege (docs/least-privilege.md has the grant)',
  no_extension: 'extension not there',
  not_neon: 'not a Neon compute',
  pooled: 'hidden by a connection pooler (give a DSN that leads to the server itself)',
  unsupported_version: 'this version has it not',
  timeout: 'took too long',
};

function partRemedy(reason: string): string {
  return partRemedies[reason] ?? reason.replaceAll('_', ' ');
}

interface Missing {
  /** `pageserver_metrics`, or the whole sentence where it is not of that form. */
  readonly what: string;
  readonly target: string | undefined;
  readonly why: string;
}

/** As `whyMissing` writes it: `compute_settings of main: refused`. */
function missingOf(text: string): Missing {
  const match = /^(?<what>\w+)(?: of (?<target>[^ ]+))?: (?<why>.+)$/.exec(text);
  const { what = text, target, why = '' } = match?.groups ?? {};
  return { what, target, why };
}

const notConfigured = 'not configured or not enabled';

/** What is missing, and which findings that leaves open: one line a cause. */
function unknownLines({ snapshot }: Diagnosis, setting: Setting): string[] {
  const open = snapshot.unjudged.flatMap(({ detector, unknown }) =>
    unknown.flatMap(({ missing }) => missing.map((text) => ({ ...missingOf(text), id: detector.id }))),
  );
  const byCause = Map.groupBy(open, ({ what, why }) =>
    why === notConfigured ? notConfigured : `${what}: ${why}`,
  );
  return [...byCause].flatMap(([cause, same]) => {
    const distinct = (values: readonly (string | undefined)[]) =>
      [...new Set(values)].filter((value) => value !== undefined);
    const targets = distinct(same.map(({ target }) => target));
    const where = targets.length === 0 ? '' : ` (${listed(targets, 4)})`;
    const head =
      cause === notConfigured ? `${cause}: ${distinct(same.map(({ what }) => what)).join(', ')}` : cause;
    const ids = distinct(same.map(({ id }) => id));
    return wrapped(`${head}${where}; leaves open ${listed(ids, 6)}`, 2, setting, 2);
  });
}

/** The first of a list, and how many more. */
function listed(names: readonly string[], most: number): string {
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return `${names.slice(0, most).join(', ')}${more}`;
}

const layerOfKind: Readonly<Partial<Record<TargetKind, Layer>>> & Readonly<Record<string, Layer>> = {
  storage_controller: 'controller',
  controller_instance: 'controller',
  controller_database: 'database',
  pageserver: 'pageserver',
  safekeeper: 'safekeeper',
  broker: 'broker',
  compute_hook: 'hook',
  compute: 'compute',
};

/** One line a layer that was looked at: what was read, and which kinds of findings there are none of. */
function wellLines({ snapshot, looks }: Diagnosis, setting: Setting): string[] {
  return layers.flatMap((layer) => {
    const of = looks.filter(({ target }) => layerOfKind[target.kind] === layer);
    const found = new Set(snapshot.alerts.map(({ detector }) => detector));
    const open = new Set(snapshot.unjudged.map(({ detector }) => detector));
    const clear = snapshot.detectors.filter(
      (detector) => detector.layer === layer && !found.has(detector) && !open.has(detector),
    );
    if (clear.length === 0 && of.length === 0) return [];
    const targets = new Set(of.map(({ target }) => target.name)).size;
    const read = of.filter(({ up }) => up === true).length;
    const looked =
      of.length === 0 ? '' : `${counted(targets, 'target')}, ${read} of ${counted(of.length, 'look')} read; `;
    return wrapped(
      `${coloured(layer, 'well', setting)}: ${looked}${counted(clear.length, 'kind of findings', 'kinds of findings')} looked for and not found`,
      2,
      setting,
      2,
    );
  });
}
