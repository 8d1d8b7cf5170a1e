import { type Format, formats } from '../render/exposition.ts';

/** How one answer is written. */
export interface Negotiated {
  readonly format: Format;
  readonly version: '0.0.4' | '1.0.0';
  readonly contentType: string;
}

export type Encoding = 'gzip' | 'identity';

/** All our names are legal without escaping, so `escaping=underscores` is true whatever was asked for. */
const answers: Readonly<Record<Format, Negotiated>> = {
  text: {
    format: 'text',
    version: '0.0.4',
    contentType: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
  },
  openmetrics: {
    format: 'openmetrics',
    version: '1.0.0',
    contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
  },
};

/** A clause of an Accept header: what it names, its parameters, its weight from 0 to 1. */
interface Clause {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

const mediaTypes: Readonly<
  Record<Format, { readonly names: readonly string[]; readonly versions: readonly string[] }>
> = {
  text: { names: ['text/plain', 'text/*', '*/*'], versions: ['0.0.4'] },
  // 0.0.1 is what Prometheus called the format before the standard was named 1.0.0.
  openmetrics: {
    names: ['application/openmetrics-text', 'application/*', '*/*'],
    versions: ['1.0.0', '0.0.1'],
  },
};

/**
 * The first clause that we can serve, by weight and then by place: an unsupported one in front (protobuf,
 * text 1.0.0) forces nothing. Text when nothing fits, because every scraper reads it.
 *
 * @param accept the header as received; undefined when absent
 */
export function negotiateFormat(
  accept: string | undefined,
  { openMetrics }: { openMetrics: boolean },
): Negotiated {
  if (!openMetrics || accept === undefined) return answers.text;
  const clauses = clausesOf(accept);
  const refused = new Set(formats.filter((format) => clauses.some((clause) => refuses(clause, format))));
  for (const clause of byQuality(clauses)) {
    const format = formats.find((format) => matches(clause, format) && !refused.has(format));
    if (format !== undefined) return answers[format];
  }
  return answers.text;
}

/** Gzip when it is accepted at least as gladly as identity. Never a refusal: identity is always possible. */
export function negotiateEncoding(acceptEncoding: string | undefined): Encoding {
  const clauses = clausesOf(acceptEncoding ?? '');
  const weightOf = (...names: string[]) => clauses.find(({ name }) => names.includes(name))?.quality;
  const gzip = weightOf('gzip', 'x-gzip') ?? weightOf('*') ?? 0;
  return gzip > 0 && gzip >= (weightOf('identity') ?? 0) ? 'gzip' : 'identity';
}

function matches({ name, parameters }: Clause, format: Format): boolean {
  const { names, versions } = mediaTypes[format];
  const version = parameters.get('version');
  return names.includes(name) && (version === undefined || versions.includes(version));
}

/** Only a clause that names the type itself refuses it: with a wildcard of weight 0 nothing would be left to serve. */
function refuses(clause: Clause, format: Format): boolean {
  return clause.quality === 0 && clause.name === mediaTypes[format].names[0] && matches(clause, format);
}

function byQuality(clauses: readonly Clause[]): Clause[] {
  return clauses.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
}

/** Clauses in the order received. One whose weight is no number from 0 to 1 is passed over. */
function clausesOf(header: string): Clause[] {
  return header
    .split(',')
    .map(clauseOf)
    .filter(({ name, quality }) => name !== '' && quality >= 0 && quality <= 1);
}

function clauseOf(text: string): Clause {
  const [name = '', ...pairs] = text.split(';').map((part) => part.trim().toLowerCase());
  const parameters = new Map(pairs.map(parameterOf));
  const quality = parameters.get('q');
  return {
    name,
    parameters,
    quality: quality === undefined ? 1 : Number(quality === '' ? Number.NaN : quality),
  };
}

function parameterOf(pair: string): [string, string] {
  const [key = '', value = ''] = pair.split('=', 2);
  return [key.trim(), value.trim().replace(/^"(.*)"$/, '$1')];
}
