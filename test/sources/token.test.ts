import { mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SourceError } from '../../src/errors.ts';
import { fileToken, fixedToken } from '../../src/sources/token.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neonwatch-'));
  path = join(folder, 'token');
});
afterEach(() => rm(folder, { recursive: true }));

const failure = async (read: Promise<unknown>): Promise<SourceError> => {
  const error: unknown = await read.then(
    () => 'no failure',
    (thrown) => thrown,
  );
  if (error instanceof SourceError) return error;
  throw new Error(`expected a SourceError, got ${String(error)}`);
};

describe('a token file', () => {
  it.for([
    { case: 'is read without its trailing newline', content: 'abc.def\n', token: 'abc.def' },
    { case: 'is read without a trailing CRLF and spaces', content: 'abc.def \r\n\r\n', token: 'abc.def' },
    { case: 'may hold any visible ASCII', content: '~!"#$%&\\', token: '~!"#$%&\\' },
  ])('$case', async ({ content, token }) => {
    await writeFile(path, content);
    expect(await fileToken(path, 'storageController.tokenFile').read()).toBe(token);
  });

  it.for([
    { case: 'empty', content: '', says: 'is empty' },
    { case: 'blank', content: '\n\n', says: 'is empty' },
    { case: 'over 16 KiB', content: 'x'.repeat(16 * 1024 + 1), says: 'is larger than 16384 bytes' },
    { case: 'with the word Bearer', content: 'Bearer abcdef', says: 'without "Bearer"' },
    { case: 'with two lines', content: 'abc\r\nx-evil: 1', says: 'white space' },
    { case: 'with a NUL', content: 'abc\0def', says: 'not visible ASCII' },
    { case: 'with a letter outside ASCII', content: 'abcé', says: 'not visible ASCII' },
  ])('is refused when it is $case, without its content', async ({ content, says }) => {
    await writeFile(path, content);
    const error = await failure(fileToken(path, 'storageController.tokenFile').read());
    expect(error.reason).toBe('denied');
    expect(error.message).toContain(`token file ${path} (storageController.tokenFile)`);
    expect(error.message).toContain(says);
    expect(error.message).not.toMatch(/abc|xxx/);
  });

  it('that is missing is named with its path, setting and errno', async () => {
    const error = await failure(fileToken(path, 'storageController.tokenFile').read());
    expect(error.reason).toBe('denied');
    expect(error.message).toBe(`token file ${path} (storageController.tokenFile) cannot be read (ENOENT)`);
  });

  it('that is a folder is refused', async () => {
    expect((await failure(fileToken(folder, 'x.tokenFile').read())).message).toContain(
      'is not a regular file',
    );
  });

  it('is read again when it is written in place, replaced, or comes back', async () => {
    const token = fileToken(path, 'x.tokenFile');
    await writeFile(path, 'first');
    expect(await token.read()).toBe('first');
    await writeFile(path, 'second');
    expect(await token.read()).toBe('second');
    await writeFile(`${path}.new`, 'third!');
    await rename(`${path}.new`, path);
    expect(await token.read()).toBe('third!');
    await rm(path);
    expect((await failure(token.read())).reason).toBe('denied');
    await writeFile(path, 'fourth');
    expect(await token.read()).toBe('fourth');
    await writeFile(path, 'fifth!');
    // The kernel's own stamps are some milliseconds coarse; two writes this close may get the same one.
    await utimes(path, 1, 1);
    expect(await token.read()).toBe('fifth!');
  });

  it('is read again when the symbolic link above it is swapped, as Kubernetes does', async () => {
    for (const name of ['one', 'two']) await writeFile(join(folder, name), `token-${name}`);
    await symlink(join(folder, 'one'), path);
    const token = fileToken(path, 'x.tokenFile');
    expect(await token.read()).toBe('token-one');
    await symlink(join(folder, 'two'), `${path}.new`);
    await rename(`${path}.new`, path);
    expect(await token.read()).toBe('token-two');
  });
});

describe('a fixed token', () => {
  it('is sent as it is', async () => expect(await fixedToken('abc').read()).toBe('abc'));

  it('never shows in its own refusal', async () => {
    const bad = fc.string({ minLength: 12 }).filter((text) => !/^[\x21-\x7e]+$/.test(text.trimEnd()));
    await fc.assert(
      fc.asyncProperty(bad, async (value) => {
        const error = await failure(fixedToken(`${value}\u00e9`).read());
        expect(error.reason).toBe('denied');
        expect(error.message).not.toContain(value);
      }),
    );
  });
});
