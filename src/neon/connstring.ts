/** Where a compute reaches the pageserver of one shard. */
export interface PageserverEndpoint {
  /** As written: a name, an IPv4 address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What is wrong with a connection string. A closed set: it is a metric label. Never holds any of its text. */
export const connstringFlaws = [
  'too_many_entries',
  'entry_too_long',
  'empty_entry',
  'bad_entry',
  'bad_host',
  'bad_port',
] as const;
export type ConnstringFlaw = (typeof connstringFlaws)[number];

/** A parsed `neon.pageserver_connstring`: position i of `endpoints` is shard i. Or why it is none. */
export type Connstring =
  | { readonly endpoints: readonly PageserverEndpoint[] }
  | { readonly flaw: ConnstringFlaw; readonly entry: number };

/** `MAX_SHARDS` and `MAX_PAGESERVER_CONNSTRING_SIZE` of pgxn/neon/pagestore_client.h. */
const maxShards = 128;
const maxEntryBytes = 256;
const defaultPort = 5432;

const hostPattern = /^(?:[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]{0,253})|[0-9a-f:.]*:[0-9a-f:.]+(?:%[\w.-]+)?)$/iu;
const uriPattern = /^postgres(?:ql)?:\/\//;
const keywordPattern = /^[a-z_]+$/;

/**
 * Takes `neon.pageserver_connstring` apart as the compute does (pgxn/neon/libpagestore.c, then libpq): entries between
 * commas, a trailing comma ignored, each `host=H port=P` or `postgres://user@H:P`. Empty text has no entries.
 * User, password and every other parameter are dropped here and nowhere kept.
 */
export function parseConnstring(text: string): Connstring {
  const entries = text.split(',');
  if (entries.at(-1) === '') entries.pop();
  if (entries.length > maxShards) return { flaw: 'too_many_entries', entry: maxShards };
  const endpoints: PageserverEndpoint[] = [];
  for (const [index, entry] of entries.entries()) {
    const endpoint = parseEntry(entry);
    if (typeof endpoint === 'string') return { flaw: endpoint, entry: index };
    endpoints.push(endpoint);
  }
  return { endpoints };
}

/** Whether two connection strings lead to the same places in the same order; one that is flawed equals nothing. */
export function isSameConnstring(left: Connstring, right: Connstring): boolean {
  if ('flaw' in left || 'flaw' in right) return false;
  return (
    left.endpoints.length === right.endpoints.length &&
    left.endpoints.every(({ host, port }, index) => {
      const other = right.endpoints[index];
      return other?.host.toLowerCase() === host.toLowerCase() && other.port === port;
    })
  );
}

function parseEntry(entry: string): PageserverEndpoint | ConnstringFlaw {
  if (entry.trim() === '') return 'empty_entry';
  if (new TextEncoder().encode(entry).length >= maxEntryBytes) return 'entry_too_long';
  return uriPattern.test(entry) ? parseUri(entry.replace(uriPattern, '')) : parseKeywords(entry);
}

/** `[user[:password]@]host[:port][/database][?parameters]`, the scheme already gone. */
function parseUri(rest: string): PageserverEndpoint | ConnstringFlaw {
  const [beforeQuery = '', query = ''] = splitOnce(rest, '?');
  const [authority = '', path = ''] = splitOnce(beforeQuery, '/');
  // An `@` that is not where user and host meet means an unescaped password: no part of it may pass for a host or port.
  if (path.includes('@') || query.includes('@')) return 'bad_entry';
  const [before = '', after, ...more] = authority.split('@');
  if (more.length > 0) return 'bad_entry';
  const place = after ?? before;
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(place);
  if (match === null) return 'bad_host';
  const parameters = new Map<string, string>();
  for (const pair of query === '' ? [] : query.split('&')) {
    const [key = '', value = ''] = splitOnce(pair, '=');
    parameters.set(key, value);
  }
  const host = decode(parameters.get('host') ?? match[1] ?? match[2] ?? '');
  const hostAddress = decode(parameters.get('hostaddr') ?? '');
  return endpoint(host === '' ? hostAddress : host, decode(parameters.get('port') ?? match[3] ?? ''));
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** Undefined when a percent sign is followed by no hexadecimal digits. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** libpq's `keyword = value` pairs: a value may stand in single quotes, and a backslash keeps the next character. */
function parseKeywords(entry: string): PageserverEndpoint | ConnstringFlaw {
  const values = new Map<string, string>();
  const pair = /\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'(?=\s|$)|((?:[^\s'\\]|\\.)*)(?=\s|$))\s*/suy;
  while (pair.lastIndex < entry.length) {
    const match = pair.exec(entry);
    const keyword = match?.[1];
    if (keyword === undefined || !keywordPattern.test(keyword)) return 'bad_entry';
    values.set(keyword, (match?.[2] ?? match?.[3] ?? '').replaceAll(/\\(.)/gsu, '$1'));
  }
  const host = values.get('host') ?? '';
  return endpoint(host === '' ? values.get('hostaddr') : host, values.get('port') ?? '');
}

function endpoint(
  host: string | undefined,
  portText: string | undefined,
): PageserverEndpoint | ConnstringFlaw {
  if (host === undefined || !hostPattern.test(host)) return 'bad_host';
  if (portText === '') return { host, port: defaultPort };
  const port = /^\d{1,5}$/.test(portText ?? '') ? Number(portText) : 0;
  return port >= 1 && port <= 65_535 ? { host, port } : 'bad_port';
}

/** A parsed `neon.safekeepers`: `g#3:sk1:5454,sk2:5454`, the generation optional. */
export interface SafekeeperList {
  /** Generation of the membership configuration; undefined when the list has none. */
  readonly generation: number | undefined;
  /** `host:port` in the order written. */
  readonly addresses: readonly string[];
}

const generationPattern = /^g#(\d{1,10}):/;
const safekeeperPattern = /^[\p{L}\p{N}_.[\]:%-]+:\d{1,5}$/u;

/** Takes `neon.safekeepers` apart (pgxn/neon/walproposer.c); undefined when it is not of that form. */
export function parseSafekeepers(text: string): SafekeeperList | undefined {
  const generation = generationPattern.exec(text);
  if (generation === null && text.startsWith('g#')) return undefined;
  const list = text.slice(generation?.[0].length ?? 0);
  const addresses = list === '' ? [] : list.split(',').map((address) => address.trim());
  if (addresses.at(-1) === '') addresses.pop();
  if (addresses.length > maxShards || !addresses.every((address) => safekeeperPattern.test(address))) {
    return undefined;
  }
  return { generation: generation?.[1] === undefined ? undefined : Number(generation[1]), addresses };
}

export function isSameSafekeepers(left: SafekeeperList, right: SafekeeperList): boolean {
  const members = (list: SafekeeperList) => [...list.addresses].sort().join(',');
  return left.generation === right.generation && members(left) === members(right);
}
