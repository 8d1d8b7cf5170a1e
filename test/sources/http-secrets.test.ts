import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { shownPath } from '../../src/sources/safe-text.ts';
import { fixedToken } from '../../src/sources/token.ts';
import { failureOf, openTarget, startHttp } from './servers.ts';

const never = new AbortController().signal;
const Shape = z.object({ state: z.enum(['Active']), id: z.number() });

/** Ways for a server to send back what it was sent. */
const echoes: ((token: string) => { status: number; body: string; headers?: Record<string, string> })[] = [
  (token) => ({ status: 403, body: JSON.stringify({ msg: `bad token ${token}` }) }),
  (token) => ({ status: 500, body: JSON.stringify({ msg: `${'x'.repeat(170)}${token}` }) }),
  (token) => ({ status: 500, body: JSON.stringify({ msg: token.split('').join('\u0000\u200b') }) }),
  (token) => ({ status: 404, body: token }),
  (token) => ({ status: 500, body: `${'x'.repeat(40)}${token}` }),
  (token) => ({ status: 200, body: token }),
  (token) => ({ status: 200, body: `{"state":${JSON.stringify(token)}}` }),
  (token) => ({ status: 200, body: `{"state":1,"id":"${'x'.repeat(30)}${encodeURIComponent(token)}"}` }),
  (token) => ({
    status: 307,
    body: '',
    headers: { location: `http://127.0.0.1/${encodeURIComponent(token)}` },
  }),
  (token) => ({ status: 200, body: '[]', headers: { 'content-encoding': encodeURIComponent(token) } }),
];

it('no error holds the token, however the server sends it back', async () => {
  let answer: ReturnType<(typeof echoes)[number]> = { status: 200, body: '' };
  const server = await startHttp((_, response) =>
    response.writeHead(answer.status, answer.headers).end(answer.body),
  );
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 16,
    maxLength: 300,
  });
  // A token that is part of our own sentences proves nothing.
  const tokens = visible.filter((token) => new Set(token).size > 6);
  await fc.assert(
    fc.asyncProperty(tokens, fc.constantFrom(...echoes), async (token, echo) => {
      answer = echo(token);
      const target = openTarget(server.url, { bearer: fixedToken(token), deniedHint: 'set a token' });
      const error = await failureOf(target.getJson('/x', Shape, never));
      await target.close();
      const everything = inspect(error, { depth: 10, showHidden: true, maxStringLength: null });
      const forms = [token, encodeURIComponent(token), JSON.stringify(token).slice(1, -1)];
      const parts = forms.flatMap((form) =>
        Array.from(form.slice(11), (_, from) => form.slice(from, from + 12)),
      );
      expect(parts.filter((part) => everything.includes(part))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

it.for([
  { case: 'keeps what pages a list', path: '/a?limit=5&start_after=ab', shown: '/a?limit=5&start_after=ab' },
  {
    case: 'hides what is named like a secret',
    path: '/a?token=hunter22&b=1&api_key=x',
    shown: '/a?token=[secret]&b=1&api_key=[secret]',
  },
  {
    case: 'hides a JSON Web Token anywhere',
    path: '/a?b=eyJhbGciOi.eyJzdWI.abc&c=1',
    shown: '/a?b=[secret]&c=1',
  },
  { case: 'keeps to one line', path: '/a\n?b\u0000', shown: '/a ?b' },
])('a path in a message $case', ({ path, shown }) => expect(shownPath(path)).toBe(shown));
