import { mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Longer files were not written by us. */
const maxBytes = 64 * 1024 * 1024;

/** A small file that is replaced as a whole: after a crash it is the old one or the new one. */
export interface StateFile {
  readonly path: string;
  /**
   * Its text, or undefined when there is none yet.
   *
   * @throws an `Error` that names the file and what to do when it cannot be read
   */
  read(): Promise<string | undefined>;
  /**
   * Puts `text` in its place, on the disk when this resolves.
   *
   * @throws an `Error` that names the file and what to do; the former text is still there then
   */
  write(text: string): Promise<void>;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}

const remedies: Readonly<Record<string, string>> = {
  EACCES: 'give its owner the right to it, or set dataDir to a folder that may be written',
  EPERM: 'give its owner the right to it, or set dataDir to a folder that may be written',
  EROFS: 'it is on a read-only file system; set dataDir to a folder that may be written',
  ENOSPC: 'the disk is full; make room',
  EDQUOT: 'the quota is used up; make room',
  ENOTDIR: 'a part of its path is a file; set dataDir to a folder',
};

function failure(verb: string, path: string, error: unknown): Error {
  const code = codeOf(error);
  return new Error(
    `${path} cannot be ${verb} (${code}): ${remedies[code] ?? 'see that dataDir is a folder of ours'}`,
  );
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await file.close();
    // A half-written file on a full disk only takes what room is left.
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await file.close();
  await rename(temporary, path);
}

/** The file `name` in the folder `dataDir`, which is made when it is first written. */
export function stateFile(dataDir: string, name: string): StateFile {
  const path = join(dataDir, name);
  return {
    path,
    async read() {
      try {
        const { size } = await stat(path);
        if (size > maxBytes) throw Object.assign(new Error('too large'), { code: 'EFBIG' });
        return await readFile(path, 'utf8');
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw failure('read', path, error);
      }
    },
    async write(text) {
      await replace(path, text).catch((error: unknown) => {
        throw failure('written', path, error);
      });
    },
  };
}
