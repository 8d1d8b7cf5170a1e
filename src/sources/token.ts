import { SourceError } from '../errors.ts';
import { FileProblem, watchedFile } from './watched-file.ts';

const maxTokenBytes = 16 * 1024;
/** Visible ASCII: what may stand after `Bearer ` in a header without changing its meaning. */
const headerSafe = /^[\x21-\x7e]+$/;

/** Where the bearer token of a target comes from. */
export interface TokenSource {
  /** The token to send now, or undefined to send none. Throws `SourceError('denied')`, which never holds the token. */
  read(): Promise<string | undefined>;
}

/** A token kept in a file; read again when the file changes. `setting` is the setting that named the file. */
export function fileToken(path: string, setting: string): TokenSource {
  const subject = `token file ${path} (${setting})`;
  const file = watchedFile(path, maxTokenBytes, (text) => checkedToken(text, subject));
  return {
    async read() {
      try {
        return await file.read();
      } catch (error) {
        if (error instanceof FileProblem) throw new SourceError('denied', `${subject} ${error.message}`);
        throw error;
      }
    },
  };
}

/** A token given as a value, e.g. by the environment. Whitespace at its end is dropped as in a file. */
export function fixedToken(value: string): TokenSource {
  return { read: async () => checkedToken(value, 'the configured token') };
}

function checkedToken(text: string, subject: string): string {
  const token = text.trimEnd();
  if (token === '') throw new SourceError('denied', `${subject} is empty`);
  if (Buffer.byteLength(token) > maxTokenBytes) {
    throw new SourceError('denied', `${subject} is larger than ${maxTokenBytes} bytes`);
  }
  if (headerSafe.test(token)) return token;
  const hint = /\s/.test(token)
    ? 'white space: it must hold the token alone, without "Bearer"'
    : 'characters that are not visible ASCII';
  throw new SourceError('denied', `${subject} cannot be sent in a header because of ${hint}`);
}
