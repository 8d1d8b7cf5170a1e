import type { FamilyDeclaration } from '../metrics/family.ts';

/** The two formats we speak: Prometheus text 0.0.4 and OpenMetrics 1.0. Rows are the same in both, headers are not. */
export const formats = ['text', 'openmetrics'] as const;
export type Format = (typeof formats)[number];

/** Bytes to send, in order. Pages are shared between formats and snapshots and must not be written to. */
export interface Body {
  readonly pages: readonly Buffer[];
  readonly bytes: number;
}

export const openMetricsEnd = Buffer.from('# EOF\n');

/** Blocks are about this large on the wire: small pages are joined, large ones are sent as they are. */
const blockBytes = 65_536;

const headers: Record<Format, WeakMap<FamilyDeclaration, Buffer>> = {
  text: new WeakMap(),
  openmetrics: new WeakMap(),
};

/** HELP, TYPE and UNIT of a family. Made once per declaration and format. */
export function familyHeader(family: FamilyDeclaration, format: Format): Buffer {
  const known = headers[format].get(family);
  if (known !== undefined) return known;
  const header = Buffer.from(format === 'text' ? textHeader(family) : openMetricsHeader(family));
  headers[format].set(family, header);
  return header;
}

export function bodyOf(pages: readonly Buffer[]): Body {
  return { pages, bytes: pages.reduce((bytes, page) => bytes + page.length, 0) };
}

/** The body in blocks fit for a socket or a compressor. Copies only what is smaller than half a block. */
export function* blocksOf(body: Body): Generator<Buffer> {
  let small: Buffer[] = [];
  let smallBytes = 0;
  for (const page of body.pages) {
    const isLarge = page.length >= blockBytes / 2;
    if (small.length > 0 && (isLarge || smallBytes + page.length > blockBytes)) {
      yield Buffer.concat(small, smallBytes);
      small = [];
      smallBytes = 0;
    }
    if (isLarge) {
      yield page;
      continue;
    }
    small.push(page);
    smallBytes += page.length;
  }
  if (small.length > 0) yield Buffer.concat(small, smallBytes);
}

const textTypes = {
  gauge: 'gauge',
  counter: 'counter',
  info: 'gauge',
  histogram: 'histogram',
  unknown: 'untyped',
} as const;

const sampleSuffixes = { gauge: '', counter: '_total', info: '_info', histogram: '', unknown: '' } as const;

function textHeader({ name, type, help }: FamilyDeclaration): string {
  return `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${textTypes[type]}\n`;
}

/** In OpenMetrics a family is named without the suffix that its samples carry. */
function openMetricsHeader({ name, type, help, unit }: FamilyDeclaration): string {
  const suffix = sampleSuffixes[type];
  // A name borrowed from another exporter may lack the suffix its type demands: then no type but `unknown` is legal.
  const isLegal = name.endsWith(suffix);
  const familyName = isLegal ? name.slice(0, name.length - suffix.length) : name;
  // A unit that the name does not end in would make the whole exposition invalid.
  const hasUnit = unit !== undefined && type !== 'info' && familyName.endsWith(`_${unit}`);
  return (
    `# HELP ${familyName} ${escapedHelp(help).replaceAll('"', '\\"')}\n` +
    `# TYPE ${familyName} ${isLegal ? type : 'unknown'}\n` +
    (hasUnit ? `# UNIT ${familyName} ${unit}\n` : '')
  );
}

function escapedHelp(help: string): string {
  return help.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
