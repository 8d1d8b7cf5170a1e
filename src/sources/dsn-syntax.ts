/** A connection string that cannot be used. The message completes "the connection string …" and holds no value of it. */
export class DsnError extends Error {
  override readonly name = 'DsnError';
}

const white = /\s/;

/** `host=… user=…`: values bare or in single quotes, with a backslash before any character that is meant as itself. */
export function keywordSettings(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  let at = 0;
  const skipWhite = () => {
    while (at < text.length && white.test(text.charAt(at))) at += 1;
  };
  for (skipWhite(); at < text.length; skipWhite()) {
    const nameStart = at;
    while (at < text.length && text[at] !== '=' && !white.test(text.charAt(at))) at += 1;
    const name = text.slice(nameStart, at);
    skipWhite();
    if (text[at] !== '=') {
      throw new DsnError('has a word without "="; a value with spaces belongs in single quotes');
    }
    at += 1;
    skipWhite();
    const isQuoted = text[at] === "'";
    if (isQuoted) at += 1;
    let value = '';
    while (at < text.length && (isQuoted ? text[at] !== "'" : !white.test(text.charAt(at)))) {
      if (text[at] === '\\') at += 1;
      value += text[at] ?? '';
      at += 1;
    }
    if (isQuoted && text[at] !== "'") throw new DsnError('has a single quote that is not closed');
    if (isQuoted) at += 1;
    settings.set(name, value);
  }
  return settings;
}

/** `postgresql://user:password@host:port/database?name=value&…`, every part percent-encoded. */
export function uriSettings(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  const set = (name: string, encoded: string | undefined) => {
    if (encoded !== undefined && encoded !== '') settings.set(name, decoded(encoded));
  };
  let rest = text.slice(text.indexOf('://') + 3);
  // libpq looks for the first "@" up to the first "/", so that a password may hold "?" and "#" as they are.
  const login = /^([^@/:]*)(?::([^@/]*))?@/.exec(rest);
  set('user', login?.[1]);
  set('password', login?.[2]);
  rest = rest.slice(login?.[0].length ?? 0);
  const address = /^(?:\[([^\]]+)\]|([^:/?[\]]*))(?::([^/?]*))?(?=[/?]|$)/.exec(rest);
  // libpq would take what follows a bare "@" or "/" of a password for host or database, and those are shown.
  if (address === null || /^[^?]*@/.test(rest)) {
    throw new DsnError('has no valid host; a special character in user or password must be percent-encoded');
  }
  set('host', address[1] ?? address[2]);
  set('port', address[3]);
  const [path = '', query] = rest.slice(address[0].length).split(/\?(.*)/s, 2);
  set('dbname', path.slice(1));
  for (const parameter of query === undefined || query === '' ? [] : query.split('&')) {
    const [name = '', value, ...more] = parameter.split('=');
    if (value === undefined || more.length > 0) {
      throw new DsnError('has a parameter after "?" that is not name=value');
    }
    if (name === 'ssl' && value === 'true') settings.set('sslmode', 'require');
    else settings.set(decoded(name), decoded(value));
  }
  return settings;
}

function decoded(text: string): string {
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    throw new DsnError('has a "%" that does not begin a percent-encoded character; write it as %25');
  }
  try {
    const plain = decodeURIComponent(text);
    if (!plain.includes('\0')) return plain;
  } catch {}
  throw new DsnError('has a percent-encoded character that is NUL or not UTF-8');
}
