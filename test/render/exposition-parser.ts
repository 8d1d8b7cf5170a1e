/**
 * A strict reader of both formats, written from their specifications and importing nothing of src:
 * Prometheus text 0.0.4 (exposition_formats.md) and OpenMetrics 1.0 (RFC draft). Throws at the first fault.
 */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly valueText: string;
}

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: ParsedSample[];
}

export type ParsedFormat = 'text' | 'openmetrics';

const types: Record<ParsedFormat, readonly string[]> = {
  text: ['counter', 'gauge', 'histogram', 'summary', 'untyped'],
  openmetrics: ['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown'],
};

const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelPattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const numberPattern = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/;

export function parseExposition(bytes: Uint8Array, format: ParsedFormat): ParsedFamily[] {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const families: Mutable[] = [];
  for (const line of linesOf(text, format)) {
    if (line.startsWith('# ')) readMetadata(line, format, families);
    else readSample(line, format, families);
  }
  for (const family of families) checkFamily(family, format);
  return families.map(({ type, help, ...rest }) => ({ ...rest, type: type ?? '', help: help ?? '' }));
}

interface Mutable {
  name: string;
  type: string | undefined;
  help: string | undefined;
  unit: string | undefined;
  samples: ParsedSample[];
}

function linesOf(text: string, format: ParsedFormat): string[] {
  if (!text.endsWith('\n')) throw new Error('the last line does not end in a line feed');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('it does not end in # EOF');
  if (format === 'text' && text === '\n') return [];
  for (const line of lines) {
    if (line === '') throw new Error('a blank line');
    if (line === '# EOF') throw new Error('# EOF before the end');
  }
  return lines;
}

function readMetadata(line: string, format: ParsedFormat, families: Mutable[]): void {
  const match = /^# (HELP|TYPE|UNIT) ([^ ]+)(?: (.*))?$/s.exec(line);
  if (match === null) throw new Error(`not a metadata line: ${line}`);
  const [, keyword, name = '', rest = ''] = match;
  if (!namePattern.test(name)) throw new Error(`not a metric name: ${name}`);
  let family = families.at(-1);
  if (family?.name !== name) {
    if (families.some((earlier) => earlier.name === name)) throw new Error(`${name} is in two places`);
    family = { name, type: undefined, help: undefined, unit: undefined, samples: [] };
    families.push(family);
  }
  if (family.samples.length > 0) throw new Error(`metadata of ${name} after its samples`);
  const key = (keyword ?? '').toLowerCase() as 'help' | 'type' | 'unit';
  if (family[key] !== undefined) throw new Error(`a second ${keyword} of ${name}`);
  if (key === 'type' && !types[format].includes(rest)) throw new Error(`${name} has the type ${rest}`);
  if (key === 'unit' && format === 'text') throw new Error('UNIT does not exist in text 0.0.4');
  if (key === 'unit' && !name.endsWith(`_${rest}`)) throw new Error(`${name} does not end in ${rest}`);
  family[key] = key === 'help' ? unescapedHelp(rest, format) : rest;
}

function unescapedHelp(text: string, format: ParsedFormat): string {
  const allowed = format === 'text' ? '\\n' : '\\n"';
  let help = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (format === 'openmetrics' && character === '"') throw new Error('a bare quote in HELP');
    if (character !== '\\') {
      help += character;
      continue;
    }
    index += 1;
    const escaped = text.charAt(index);
    if (escaped === '' || !allowed.includes(escaped)) throw new Error(`\\${escaped} in HELP`);
    help += escaped === 'n' ? '\n' : escaped;
  }
  return help;
}

function readSample(line: string, format: ParsedFormat, families: Mutable[]): void {
  const nameEnd = line.search(/[{ ]/);
  const name = line.slice(0, nameEnd);
  if (!namePattern.test(name)) throw new Error(`not a sample: ${line}`);
  const { labels, end } =
    line[nameEnd] === '{' ? readLabels(line, nameEnd + 1) : { labels: {}, end: nameEnd };
  if (line[end] !== ' ') throw new Error(`no blank before the value: ${line}`);
  const valueText = line.slice(end + 1);
  if (!numberPattern.test(valueText)) throw new Error(`not a number: ${valueText}`);
  const family = families.at(-1);
  if (family === undefined || !belongs(name, family, format))
    throw new Error(`${name} is not under its family`);
  family.samples.push({ name, labels, value: numberOf(valueText), valueText });
}

function readLabels(line: string, start: number): { labels: Record<string, string>; end: number } {
  const labels: Record<string, string> = {};
  let index = start;
  for (;;) {
    const equals = line.indexOf('="', index);
    const label = line.slice(index, equals);
    if (equals < 0 || !labelPattern.test(label)) throw new Error(`not a label name: ${label}`);
    if (Object.hasOwn(labels, label)) throw new Error(`label ${label} twice`);
    let value = '';
    index = equals + 2;
    for (; line[index] !== '"'; index += 1) {
      const character = line[index];
      if (character === undefined) throw new Error(`an open label value: ${line}`);
      if (character !== '\\') {
        value += character;
        continue;
      }
      index += 1;
      const escaped = line.charAt(index);
      if (escaped === '' || !'\\"n'.includes(escaped)) throw new Error(`\\${escaped} in a label value`);
      value += escaped === 'n' ? '\n' : escaped;
    }
    // Not plain assignment: `__proto__` is a legal label name.
    Object.defineProperty(labels, label, { value, enumerable: true });
    index += 1;
    if (line[index] === '}') return { labels, end: index + 1 };
    if (line[index] !== ',') throw new Error(`neither comma nor brace after ${label}`);
    index += 1;
  }
}

function belongs(sampleName: string, { name, type }: Mutable, format: ParsedFormat): boolean {
  if (type === 'histogram')
    return ['_bucket', '_sum', '_count'].some((suffix) => sampleName === name + suffix);
  if (format === 'openmetrics' && type === 'counter') return sampleName === `${name}_total`;
  if (format === 'openmetrics' && type === 'info') return sampleName === `${name}_info`;
  return sampleName === name;
}

function numberOf(text: string): number {
  if (text.endsWith('Inf')) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}

function checkFamily({ name, type, help, samples }: Mutable, format: ParsedFormat): void {
  if (type === undefined || help === undefined) throw new Error(`${name} lacks TYPE or HELP`);
  if (samples.length === 0) throw new Error(`${name} has no samples`);
  const seen = new Set<string>();
  for (const sample of samples) {
    const pairs = Object.entries(sample.labels).filter(([, value]) => value !== '');
    const key = JSON.stringify([sample.name, pairs.sort(([a], [b]) => (a < b ? -1 : 1))]);
    if (seen.has(key)) throw new Error(`${key} twice`);
    seen.add(key);
    if (format === 'openmetrics' && type === 'info' && sample.value !== 1)
      throw new Error(`${name} is not 1`);
    const needsLe = type === 'histogram' && sample.name.endsWith('_bucket');
    if (needsLe !== Object.hasOwn(sample.labels, 'le')) throw new Error(`le of ${sample.name}`);
  }
  if (type === 'histogram') checkBuckets(name, samples);
}

function checkBuckets(name: string, samples: readonly ParsedSample[]): void {
  const metrics = Map.groupBy(samples, ({ labels }) => JSON.stringify({ ...labels, le: undefined }));
  for (const [key, rows] of metrics) {
    const buckets = rows.filter((row) => row.name.endsWith('_bucket'));
    const bounds = buckets.map((row) => numberOf(row.labels['le'] ?? ''));
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name}${key} lacks +Inf`);
    if (bounds.some((bound, index) => index > 0 && bound <= (bounds[index - 1] ?? 0)))
      throw new Error(`${name}${key} order`);
    const count = rows.find((row) => row.name.endsWith('_count'))?.value;
    if (count !== buckets.at(-1)?.value) throw new Error(`${name}${key} counts differ`);
  }
}
