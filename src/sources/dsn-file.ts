import { readFile } from 'node:fs/promises';
import { SourceError } from '../errors.ts';

/**
 * Reads a connection string from a file, anew at every call so that a rotated password counts.
 *
 * @throws {SourceError} `denied`, naming the file and the setting that names it, never its contents.
 */
export async function readDsnFile(path: string, setting: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? ` (${String(thrown.code)})` : '';
    throw new SourceError('denied', `${setting}: the file ${path} cannot be read${code}`);
  }
}
