import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameConnstring, parseConnstring, parseSafekeepers } from '../../src/neon/connstring.ts';

const at = (host: string, port: number) => ({ host, port });

describe('parseConnstring', () => {
  it.for([
    { case: 'docker-compose form', text: 'host=pageserver1 port=6400', endpoints: [at('pageserver1', 6400)] },
    {
      case: 'neon_local form',
      text: 'postgres://no_user@localhost:64000,postgresql://no_user@localhost:64001',
      endpoints: [at('localhost', 64000), at('localhost', 64001)],
    },
    {
      case: 'order is the order of shards, and one pageserver may stand there twice',
      text: 'host=b port=1,host=a port=2,host=b port=1',
      endpoints: [at('b', 1), at('a', 2), at('b', 1)],
    },
    { case: 'a trailing comma is ignored', text: 'host=a port=1,', endpoints: [at('a', 1)] },
    { case: 'no port is 5432', text: 'host=a,postgres://b', endpoints: [at('a', 5432), at('b', 5432)] },
    { case: 'nothing has no entries', text: '', endpoints: [] },
    { case: 'a lone comma is one empty entry', text: ',', flaw: 'empty_entry', entry: 0 },
    {
      case: 'blanks around the equals sign and quotes',
      text: " host = 'a' port = '6400' user='it\\'s me' ",
      endpoints: [at('a', 6400)],
    },
    {
      case: 'a quoted password with a blank and a key',
      text: "password='x host=evil' host=a",
      endpoints: [at('a', 5432)],
    },
    { case: 'the last of two wins', text: 'host=a host=b', endpoints: [at('b', 5432)] },
    {
      case: 'an address in the place of a name',
      text: 'hostaddr=10.0.0.7 port=1',
      endpoints: [at('10.0.0.7', 1)],
    },
    { case: 'IPv6 in brackets', text: 'postgres://u:p@[::1]:6400/db', endpoints: [at('::1', 6400)] },
    { case: 'IPv6 in a pair', text: 'host=fe80::1%eth0 port=6400', endpoints: [at('fe80::1%eth0', 6400)] },
    { case: 'parameters of a URI', text: 'postgres:///?host=a&port=7', endpoints: [at('a', 7)] },
    { case: 'an escaped host', text: 'postgres://page%2Dserver:1', endpoints: [at('page-server', 1)] },
    { case: 'an empty entry in the middle', text: 'host=a,,host=b', flaw: 'empty_entry', entry: 1 },
    { case: 'no host', text: 'port=6400', flaw: 'bad_host', entry: 0 },
    { case: 'a socket is no host', text: 'host=/tmp', flaw: 'bad_host', entry: 0 },
    { case: 'a port that is none', text: 'host=a port=http', flaw: 'bad_port', entry: 0 },
    { case: 'port 0', text: 'host=a port=0', flaw: 'bad_port', entry: 0 },
    { case: 'a port too high', text: 'host=a,postgres://b:65536', flaw: 'bad_port', entry: 1 },
    { case: 'a bare name', text: 'pageserver1:6400', flaw: 'bad_entry', entry: 0 },
    { case: 'an open quote', text: "host='a", flaw: 'bad_entry', entry: 0 },
    { case: 'a raw @ in the password', text: 'postgres://u:p@ss@a:1', flaw: 'bad_entry', entry: 0 },
    { case: 'a raw slash in the password', text: 'postgres://u:12/34@a:1', flaw: 'bad_entry', entry: 0 },
    {
      case: 'a raw question mark in the password',
      text: 'postgres://u:12?34@a:1',
      flaw: 'bad_entry',
      entry: 0,
    },
    { case: 'a broken escape', text: 'postgres://a%zz', flaw: 'bad_host', entry: 0 },
    { case: 'an entry of 256 bytes', text: `host=${'a'.repeat(251)}`, flaw: 'entry_too_long', entry: 0 },
    {
      case: 'the 129th entry',
      text: Array.from({ length: 129 }, () => 'host=a').join(','),
      flaw: 'too_many_entries',
      entry: 128,
    },
  ])('$case', ({ text, endpoints, flaw, entry }) => {
    expect(parseConnstring(text)).toEqual(endpoints === undefined ? { flaw, entry } : { endpoints });
  });

  it('takes 128 entries', () => {
    const text = Array.from({ length: 128 }, (_, shard) => `host=ps${shard} port=6400,`).join('');
    expect(parseConnstring(text)).toMatchObject({ endpoints: { length: 128 } });
  });

  const host = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/);
  const port = fc.integer({ min: 1, max: 65_535 });
  // A marker that no host of this test contains, inside any other text.
  const password = fc
    .tuple(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }))
    .map(([before, after]) => `${before}SECRET${after}`.replaceAll(',', ''));
  const quoted = (text: string) => `'${text.replaceAll(/(['\\])/g, '\\$1')}'`;

  it('gives back every place, and never a user or a password that is escaped as it must be', () => {
    const entry = fc.tuple(host, port, password, fc.boolean()).map(([name, number, word, isUri]) => ({
      endpoint: at(name, number),
      text: isUri
        ? `postgres://${encodeURIComponent(word.toWellFormed())}:${encodeURIComponent(word.toWellFormed())}@${name}:${number}`
        : `password=${quoted(word)} user=${quoted(word)} host=${name} port=${number}`,
    }));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
        fc.pre(entries.every(({ text }) => new TextEncoder().encode(text).length < 256));
        const parsed = parseConnstring(entries.map(({ text }) => text).join(','));
        expect(parsed).toEqual({ endpoints: entries.map(({ endpoint }) => endpoint) });
      }),
    );
  });

  it('lets no password through that stands there unescaped, whatever becomes of the entry', () => {
    const text = fc.oneof(
      fc.tuple(password, host, port).map(([word, name, number]) => `postgres://u:${word}@${name}:${number}`),
      fc.tuple(password, host).map(([word, name]) => `host=${name} password=${word}`),
      fc.tuple(password, host).map(([word, name]) => `user=x password=${word} host=${name}`),
    );
    fc.assert(
      fc.property(text, (connstring) => {
        expect(JSON.stringify(parseConnstring(connstring))).not.toContain('SECRET');
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseConnstring(text)));
  });
});

describe('isSameConnstring', () => {
  it.for([
    { case: 'two forms of one place', left: 'host=A port=5432', right: 'postgres://x@a', is: true },
    { case: 'another order', left: 'host=a,host=b', right: 'host=b,host=a', is: false },
    { case: 'one more', left: 'host=a', right: 'host=a,host=a', is: false },
    { case: 'flawed alike', left: 'port=1', right: 'port=1', is: false },
  ])('$case: $is', ({ left, right, is }) => {
    expect(isSameConnstring(parseConnstring(left), parseConnstring(right))).toBe(is);
  });
});

describe('parseSafekeepers', () => {
  it.for([
    { text: 'sk1:5454,sk2:5454', list: { generation: undefined, addresses: ['sk1:5454', 'sk2:5454'] } },
    { text: 'g#3:sk1:5454', list: { generation: 3, addresses: ['sk1:5454'] } },
    { text: '', list: { generation: undefined, addresses: [] } },
    { text: 'g#x:sk1:5454', list: undefined },
    { text: 'sk1', list: undefined },
  ])('$text', ({ text, list }) => {
    expect(parseSafekeepers(text)).toEqual(list);
  });
});
