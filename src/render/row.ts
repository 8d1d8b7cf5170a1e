import type { FamilyDeclaration, Sample } from '../metrics/family.ts';

/** Why a family of one chunk is not served. A closed set: it is a metric label. */
export const quarantineReasons = ['bad_label', 'bad_value', 'duplicate', 'threw'] as const;
export type QuarantineReason = (typeof quarantineReasons)[number];

/** A row that would spoil the exposition. Caught where the slice is made; it takes its family with it. */
export class BadRow extends Error {
  override readonly name = 'BadRow';
  readonly reason: QuarantineReason;

  constructor(reason: QuarantineReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/**
 * Gives what follows the family's name in a line, up to the blank: `_bucket{a="x",le="0.5"}`.
 * Equal keys are the same series.
 *
 * @throws {BadRow} when the labels are not exactly the declared ones, all strings.
 */
export type KeyFormat = (sample: Sample) => string;

const legalName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const legalLabel = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Printable ASCII that needs no escape. */
const plain = '[ !#-\\[\\]-~]';
const needsEscape = /[\\"\n]/g;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

/**
 * Prepares what all rows of a family share. Labels come in declared order. An empty value is left out,
 * because to Prometheus an empty label and an absent one are the same series (so `_sum` has `le: ''`).
 *
 * @throws {BadRow} when the declaration itself could not be parsed back.
 */
export function keyFormat(declaration: FamilyDeclaration): KeyFormat {
  checkDeclaration(declaration);
  const { labels } = declaration;
  const suffixOf = declaration.type === 'histogram' ? histogramSuffix : noSuffix;
  const openings = labels.map((label, index) => `${index === 0 ? '{' : '",'}${label}="`);
  // One test proves that no value of the key is empty or needs escaping: a plain value holds no quote.
  const plainKey = new RegExp(
    `^${openings.map((opening) => `${opening.replace('{', '\\{')}${plain}+`).join('')}"}$`,
  );

  return (sample) => {
    const values = labelValues(sample);
    let key = '';
    for (let index = 0; index < labels.length; index += 1) {
      const label = labels[index] as string;
      const value = values[label];
      if (typeof value !== 'string') throw notText(label, value);
      key += openings[index] + value;
    }
    checkCount(values, labels);
    const suffix = suffixOf(sample);
    if (labels.length === 0) return suffix;
    key += '"}';
    return suffix + (plainKey.test(key) ? key : escapedKey(labels, sample.labels));
  };
}

/** The value as both formats spell it. Numbers keep every digit JavaScript has; a bigint is an integer. */
export function valueText(value: unknown): string {
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value !== 'number') throw new BadRow('bad_value', `value is ${kindOf(value)}, not a number`);
  if (Number.isFinite(value)) return `${value}`;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function checkDeclaration({ name, labels }: FamilyDeclaration): void {
  if (!legalName.test(name))
    throw new BadRow('bad_label', `family name ${JSON.stringify(name)} is not legal`);
  for (const label of labels) {
    if (!legalLabel.test(label)) {
      throw new BadRow('bad_label', `label name ${JSON.stringify(label)} is not legal`);
    }
  }
  if (new Set(labels).size !== labels.length) throw new BadRow('bad_label', 'a label is declared twice');
}

function labelValues(sample: Sample): Readonly<Record<string, unknown>> {
  const values: Readonly<Record<string, unknown>> | undefined | null = sample?.labels;
  if (typeof values === 'object' && values !== null) return values;
  throw new BadRow('bad_label', `labels are ${kindOf(values)}, not an object`);
}

function checkCount(values: Readonly<Record<string, unknown>>, labels: readonly string[]): void {
  let count = 0;
  for (const _ in values) count += 1;
  if (count === labels.length) return;
  const extra = Object.keys(values).filter((label) => !labels.includes(label));
  throw new BadRow('bad_label', `not declared: ${extra.join(', ')}`);
}

function noSuffix(sample: Sample): '' {
  if (sample.suffix === undefined) return '';
  throw new BadRow('bad_label', 'a suffix belongs to histograms only');
}

function histogramSuffix(sample: Sample): string {
  const suffix: unknown = sample.suffix;
  if (suffix !== '_bucket' && suffix !== '_sum' && suffix !== '_count') {
    throw new BadRow('bad_label', `the suffix of a histogram row is ${String(suffix)}`);
  }
  const le = sample.labels['le'] ?? '';
  if ((suffix === '_bucket') === (le === '')) {
    throw new BadRow('bad_label', `a ${suffix} row ${le === '' ? 'lacks' : 'has'} le`);
  }
  return suffix;
}

function escapedKey(labels: readonly string[], values: Readonly<Record<string, string>>): string {
  const pairs: string[] = [];
  for (const label of labels) {
    const value = values[label] ?? '';
    if (value === '') continue;
    // A lone surrogate has no UTF-8 form; it becomes U+FFFD here, before keys are compared.
    pairs.push(`${label}="${value.toWellFormed().replace(needsEscape, (found) => escapes[found] ?? found)}"`);
  }
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function notText(label: string, value: unknown): BadRow {
  return new BadRow('bad_label', `label ${label} is ${kindOf(value)}, not a string`);
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
