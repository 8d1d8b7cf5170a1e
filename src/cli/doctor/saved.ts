import { z } from 'zod';
import { findingJson, unknownJson } from '../../alerts/snapshot.ts';
import { type Diagnosis, exitCodeOf, headline } from './diagnosis.ts';
import type { Facts } from './facts.ts';
import { counted, type Setting, wrapped } from './lines.ts';
import { tenantJson } from './tenant-table.ts';

/** The answer of `doctor --json`, and what `--save` writes. Instants are ISO 8601. */
export function diagnosisJson(diagnosis: Diagnosis, version: string) {
  const { snapshot, looks, nowMs, facts } = diagnosis;
  return {
    neonwatch: version,
    at: new Date(nowMs).toISOString(),
    exitCode: exitCodeOf(diagnosis),
    headline: headline(diagnosis),
    // Of one look: whether it lasts is not known.
    findings: snapshot.alerts.map((shown) => {
      const { phase: _, frozen: __, since: ___, firedAt: ____, ...rest } = findingJson(shown);
      return rest;
    }),
    notRead: looks.flatMap(({ collector, target, lastError }) =>
      lastError === undefined
        ? []
        : [
            {
              collector,
              kind: target.kind,
              target: target.name,
              reason: lastError.reason,
              message: lastError.message,
            },
          ],
    ),
    parts: looks.flatMap(({ collector, target, skippedParts }) =>
      skippedParts.map(({ part, reason }) => ({ collector, target: target.name, part, reason })),
    ),
    unknown: snapshot.unjudged.flatMap(unknownJson),
    noticed: diagnosis.noticed.map(({ text }) => text),
    facts,
    ...(diagnosis.tenant === undefined ? {} : { tenant: tenantJson(diagnosis.tenant) }),
  };
}

const Saved = z.object({
  neonwatch: z.string(),
  at: z.string(),
  findings: z.array(z.object({ key: z.string(), severity: z.string(), summary: z.string() })),
  facts: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type Saved = z.infer<typeof Saved>;

/**
 * Reads what `--save` wrote.
 *
 * @returns the look, or in one sentence why the text is none
 */
export function parseSaved(text: string): Saved | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'it is not JSON; it must be a file that `neonwatch doctor --save` wrote';
  }
  const result = Saved.safeParse(json);
  return result.success ? result.data : 'it is not what `neonwatch doctor --save` writes';
}

/** What `--against` adds to the JSON. */
export function changesJson(saved: Saved, now: Saved) {
  return { at: saved.at, neonwatch: saved.neonwatch, changes: changesSince(saved, now) };
}

type Headed = Pick<ReturnType<typeof diagnosisJson>, 'exitCode' | 'headline'>;

/** The first line: where nothing is wrong by itself, that something is not as it was is what there is to say. */
export function headlineSince(saved: Saved, now: Saved & Headed): string {
  const [first, ...more] = changesSince(saved, now);
  if (now.exitCode !== 0 || first === undefined) return now.headline;
  const others = more.length === 0 ? '' : ` (${counted(more.length, 'more change')} below)`;
  return `Nothing is found wrong, but since ${saved.at} this has changed: ${first}${others}`;
}

/** What is new, gone and otherwise since a saved look. */
export function changesSince(saved: Saved, now: Saved): string[] {
  const before = new Map(saved.findings.map((one) => [one.key, one]));
  const after = new Map(now.findings.map((one) => [one.key, one]));
  const came = [...after.values()].filter(({ key }) => !before.has(key));
  const went = [...before.values()].filter(({ key }) => !after.has(key));
  return [
    ...came.map(({ severity, summary }) => `new ${severity}: ${summary}`),
    ...went.map(({ severity, summary }) => `gone ${severity}: ${summary}`),
    ...factChanges(saved.facts, now.facts),
  ];
}

function factChanges(before: Facts, after: Facts): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    if (was === is) return [];
    return [`${name}: ${was ?? '(not there)'} → ${is ?? '(not there)'}`];
  });
}

/** The section that `--against` adds. */
export function changeLines(saved: Saved, now: Saved, setting: Setting): string[] {
  const changes = changesSince(saved, now);
  const title = `Since ${saved.at} (neonwatch ${saved.neonwatch}):`;
  const lines = changes.length === 0 ? ['nothing has changed'] : changes;
  return ['', title, ...lines.flatMap((line) => wrapped(line, 2, setting, 2))];
}
