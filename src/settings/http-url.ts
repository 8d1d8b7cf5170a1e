import { z } from 'zod';
import './meta.ts';

const expects = 'an http:// or https:// URL such as http://localhost:1234';

/** Why a text that begins like an http URL is none we can use; never repeats the text. Undefined when it is fine. */
function flaw(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return `expected ${expects}`;
  // A password with a bare `/` in it reads as a path: no `@` at all is the safe rule.
  if (text.includes('@')) {
    return 'expected a URL without user and password: access is by the token settings';
  }
  if (/[?#]/.test(text))
    return 'expected a URL without query and fragment: only the address, as in http://localhost:1234';
  return undefined;
}

/** An origin with an optional path prefix, `http://localhost:1234` `https://host/prefix`; decoded without a closing `/`. */
export const HttpUrl = z
  .codec(z.string().regex(/^https?:\/\/\S+$/), z.string(), {
    decode(text, context) {
      const message = flaw(text);
      if (message === undefined) return new URL(text).href.replace(/\/+$/, '');
      context.issues.push({ code: 'custom', input: text, message });
      return z.NEVER;
    },
    encode: (url) => url,
  })
  .meta({ word: 'URL', expects });

/** Whether a URL's host is this machine, so that a token sent to it in clear stays here. */
export function isLoopbackUrl(text: string): boolean {
  const host = URL.parse(text)?.hostname ?? '';
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host)
  );
}
