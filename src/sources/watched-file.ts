import { open, stat } from 'node:fs/promises';

/** A small file that may be replaced while we run, as Kubernetes replaces mounted secrets. */
interface WatchedFile<Value> {
  /** The parsed content; read again only when the file has changed. Throws `FileProblem`, or what `parse` throws. */
  read(): Promise<Value>;
}

/** Why a file could not be used, worded to follow its path: `cannot be read (ENOENT)`. Never holds its content. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
}

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/**
 * Watches by looking: each `read` costs one `stat`, and the whole file when something about it changed.
 * A failed read is forgotten, so that the next one sees a repaired file.
 */
export function watchedFile<Value>(
  path: string,
  maxBytes: number,
  parse: (text: string) => Value,
): WatchedFile<Value> {
  let newest: { readonly identity: Identity; readonly value: Value } | undefined;
  return {
    async read() {
      try {
        const before = await stat(path, { bigint: true });
        if (newest !== undefined && isSame(newest.identity, before)) return newest.value;
        newest = undefined;
        // A named pipe would hold the open call for ever.
        if (!before.isFile()) throw new FileProblem('is not a regular file');
        const { identity, text } = await readWhole(path, maxBytes);
        newest = { identity, value: parse(text) };
        return newest.value;
      } catch (error) {
        throw isErrno(error) ? new FileProblem(`cannot be read (${error.code})`) : error;
      }
    },
  };
}

async function readWhole(path: string, maxBytes: number): Promise<{ identity: Identity; text: string }> {
  const handle = await open(path, 'r');
  try {
    // Asked of the open file and before reading: a change during the read shows up as a new identity next time.
    const identity = await handle.stat({ bigint: true });
    if (identity.size > maxBytes) throw new FileProblem(`is larger than ${maxBytes} bytes`);
    const buffer = Buffer.alloc(maxBytes + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    if (bytesRead > maxBytes) throw new FileProblem(`is larger than ${maxBytes} bytes`);
    return { identity, text: buffer.toString('utf8', 0, bytesRead) };
  } finally {
    await handle.close();
  }
}

function isSame(left: Identity, right: Identity): boolean {
  return (
    left.dev === right.dev &&
    left.ino === right.ino &&
    left.size === right.size &&
    left.mtimeNs === right.mtimeNs &&
    left.ctimeNs === right.ctimeNs
  );
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
