import { z } from 'zod';
import './meta.ts';

/** Longest token that a header of a usual HTTP server still takes. */
const maxTokenLength = 16_384;

/** A bearer token: goes into an `Authorization` header, hence visible ASCII only. */
export const BearerToken = z
  .string()
  .regex(/^[\x21-\x7e]+$/)
  .max(maxTokenLength)
  .meta({ secret: true, word: 'secret', expects: 'a token without spaces (and without the word Bearer)' });

const dsnExpects =
  'a Postgres connection string such as postgresql://user@host:5432/database or host=… dbname=…';

/** One `key=value` of a connection string: the value bare or in single quotes with backslash escapes. */
const keywordPattern = /^\s*[a-z_]+\s*=\s*(?:'(?:[^'\\]|\\.)*'|[^\s']\S*|)(?:\s+|$)/;

function isKeywordDsn(text: string): boolean {
  let rest = text;
  while (rest.trim() !== '') {
    const match = keywordPattern.exec(rest);
    if (match === null) return false;
    rest = rest.slice(match[0].length);
  }
  return text.trim() !== '';
}

/** libpq's two forms of a connection string. Secret as a whole: a password may be anywhere in it. */
export const PostgresDsn = z
  .string()
  .max(maxTokenLength)
  .refine((text) => /^postgres(?:ql)?:\/\/\S*$/.test(text) || isKeywordDsn(text), `expected ${dsnExpects}`)
  .meta({ secret: true, word: 'secret', expects: dsnExpects });

/** A JWT or a DSN where a path belongs: its owner took the setting for the secret itself, and a path is shown in messages. */
export function looksLikeSecret(text: string): boolean {
  return /^eyJ[\w-]*\.|^postgres(?:ql)?:\/\//.test(text);
}

/** The path of a file that is read when it is needed, and again when it changes. */
export const FilePath = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => !text.includes('\0'), 'expected the path of a file, without NUL')
  .refine(
    (text) => !looksLikeSecret(text),
    'expected the path of a file that holds the secret, got the secret itself',
  )
  .meta({ filePath: true, word: 'file', expects: 'the path of a file' });
