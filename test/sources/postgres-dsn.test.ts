import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDsn, shownDsn } from '../../src/sources/dsn.ts';
import { DsnError } from '../../src/sources/dsn-syntax.ts';

describe('a connection string', () => {
  it.for([
    {
      case: 'as URI with everything',
      text: 'postgresql://me:p%40ss@db.example:6432/app?sslmode=verify-full&sslrootcert=/ca.pem',
      dsn: {
        host: 'db.example',
        port: 6432,
        user: 'me',
        password: 'p@ss',
        database: 'app',
        tls: { mode: 'verify-full', rootCertificate: '/ca.pem' },
      },
    },
    {
      case: 'as URI with the least',
      text: 'postgres://me@',
      dsn: {
        host: 'localhost',
        port: 5432,
        user: 'me',
        password: undefined,
        database: 'me',
        tls: { mode: 'prefer' },
      },
    },
    {
      case: 'as URI with "?" and "#" bare in the password',
      text: 'postgresql://me:a?b#c@h/d',
      dsn: { password: 'a?b#c', host: 'h', database: 'd' },
    },
    {
      case: 'as URI with an empty password',
      text: 'postgresql://me:@h',
      dsn: { password: undefined, user: 'me' },
    },
    {
      case: 'as URI with an IPv6 address',
      text: 'postgresql://me@[::1]:5433/d',
      dsn: { host: '::1', port: 5433 },
    },
    {
      case: 'as URI with a socket folder for a host',
      text: 'postgresql://me@%2Frun%2Fpostgresql/d',
      dsn: { host: '/run/postgresql', database: 'd' },
    },
    {
      case: 'as URI whose parameters overrule its parts',
      text: 'postgresql:///d?host=/run&port=1&user=me&password=x',
      dsn: { host: '/run', port: 1, user: 'me', password: 'x', database: 'd' },
    },
    {
      case: 'as URI of the JDBC manner',
      text: 'postgresql://me@h?ssl=true',
      dsn: { tls: { mode: 'require' } },
    },
    {
      case: 'as words',
      text: "host = db port=6432 user=me password='it\\'s a \\\\ secret' dbname=app",
      dsn: { host: 'db', port: 6432, user: 'me', password: "it's a \\ secret", database: 'app' },
    },
    {
      case: 'as words with a bare value that escapes its space',
      text: 'user=me password=two\\ words',
      dsn: { password: 'two words' },
    },
    { case: 'as words of which the last counts', text: 'user=a user=b', dsn: { user: 'b' } },
    { case: 'with a newline at its end, as files have', text: 'user=me\n', dsn: { user: 'me' } },
    {
      case: 'that asks for require and names the authority, which is verify-ca to libpq',
      text: 'user=me sslmode=require sslrootcert=/ca.pem',
      dsn: { tls: { mode: 'verify-ca', rootCertificate: '/ca.pem' } },
    },
    {
      case: 'with an address beside the name',
      text: 'host=db.example hostaddr=10.0.0.1 user=me',
      dsn: { host: 'db.example', hostAddress: '10.0.0.1' },
    },
  ])('$case', ({ text, dsn }) => expect(parseDsn(text)).toMatchObject(dsn));

  it.for([
    { case: 'nothing', text: ' \n', message: 'is empty' },
    { case: 'no user', text: 'postgresql://h/d', message: 'names no user' },
    { case: 'two hosts', text: 'postgresql://me@a,b/d', message: 'names several hosts' },
    { case: 'a wrong port', text: 'postgresql://me@h:port/d', message: 'has a port that is not a number' },
    { case: 'port 0', text: 'user=me port=0', message: 'has a port that is not a number' },
    { case: 'a bare @ in the password', text: 'postgresql://me:hun@ter2@h/d', message: 'percent-encoded' },
    { case: 'a bare / in the password', text: 'postgresql://me:12/34hunter@h/d', message: 'percent-encoded' },
    { case: 'a lone %', text: 'postgresql://me:100%@h/d', message: 'has a "%"' },
    { case: 'an encoded NUL', text: 'postgresql://me@h/d%00options', message: 'NUL' },
    { case: 'bytes that are no UTF-8', text: 'postgresql://me@h/%ff', message: 'not UTF-8' },
    { case: 'an open quote', text: "user=me password='hunter2", message: 'quote that is not closed' },
    { case: 'a password of two words', text: 'user=me password=hunter 2', message: 'a word without "="' },
    { case: 'an unknown sslmode', text: 'user=me sslmode=hunter2', message: 'unknown sslmode' },
    {
      case: 'verify-ca without authority',
      text: 'user=me sslmode=verify-ca',
      message: 'without sslrootcert',
    },
    { case: 'channel binding', text: 'user=me channel_binding=require', message: 'channel_binding=require' },
    { case: 'a service file', text: 'service=hunter2', message: 'has an option service that' },
    {
      case: 'an unknown option, which may be a piece of a password',
      text: 'user=me hunter2=x',
      message: 'has an option that is not supported here',
    },
  ])('with $case is refused, and none of it is told', ({ text, message }) => {
    expect(() => parseDsn(text)).toThrow(DsnError);
    expect(() => parseDsn(text)).toThrow(message);
    expect(() => parseDsn(text)).not.toThrow(/hunter/);
  });
});

const value = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\0'));

describe('whatever user, password and database are', () => {
  it('they survive quoting as words', () => {
    const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
    fc.assert(
      fc.property(value, value, value, (user, password, database) => {
        const text = `user=${quoted(user)} password=${quoted(password)} dbname=${quoted(database)}`;
        expect(parseDsn(text)).toMatchObject({ user, password, database });
      }),
    );
  });

  it('they survive escaping as bare words', () => {
    const escaped = (text: string) => text.replace(/[\\'\s]/g, '\\$&');
    fc.assert(
      fc.property(value, value, (user, password) => {
        expect(parseDsn(`password=${escaped(password)} user=${escaped(user)} port=1`)).toMatchObject({
          user,
          password,
        });
      }),
    );
  });

  it('they survive encoding as URI', () => {
    fc.assert(
      fc.property(value, value, value, (user, password, database) => {
        const text = `postgresql://${[user, password].map(encodeURIComponent).join(':')}@h/${encodeURIComponent(database)}`;
        expect(parseDsn(text)).toMatchObject({ user, password, database });
      }),
    );
  });

  it('the password is neither in the name nor in a refusal', () => {
    const secret = fc.stringMatching(/^[ -~]{8,20}$/);
    fc.assert(
      fc.property(secret, fc.constantFrom('user=me password=', 'postgresql://me:'), (password, head) => {
        const text = head.startsWith('user') ? `${head}${password}` : `${head}${password}@h/d`;
        try {
          const dsn = parseDsn(text);
          // libpq too takes the rest of such a password for something else.
          if (dsn.password === password) expect(shownDsn(dsn)).not.toContain(password);
        } catch (error) {
          expect(String(error)).not.toContain(password);
        }
      }),
    );
  });
});

it('a name shows host, port and database, each readable', () => {
  const names = ['postgresql://me:x@h/a%22%7Cb%2Cc%0A', 'postgresql://me@[::1]/d', 'user=me host=/run/pg'];
  expect(names.map((text) => shownDsn(parseDsn(text)))).toEqual([
    'h:5432/a%22%7Cb%2Cc%0A',
    '[::1]:5432/d',
    '%2Frun%2Fpg:5432/me',
  ]);
});
