import { execFileSync } from 'node:child_process';
import { chownSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { commandLine, endServer, isAlive, startOf } from './process-life.ts';
import { type ServerUser, serverUser } from './server-user.ts';

const prefix = 'neonwatch-demo-';
const ownerFile = 'owner.pid';
/** A folder without an owner for so long has lost it. */
const unownedMs = 60_000;

/** Where the data folder of Postgres lies in a run folder. */
export function dataFolderOf(folder: string): string {
  return join(folder, 'data');
}

/** Where run folders may lie: the system's temporary folder, or /tmp when servers cannot get into that one. */
const parents = [...new Set([tmpdir(), '/tmp'])];

function canUse(folder: string, { uid, gid }: ServerUser): boolean {
  if (uid === undefined || gid === undefined) return true;
  try {
    execFileSync('test', ['-w', folder], { uid, gid, cwd: '/', stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes the folder that holds everything this run writes, owned by the user that servers run as.
 *
 * @throws when no temporary folder can be used by that user.
 */
export async function makeRunFolder(): Promise<string> {
  const user = serverUser();
  for (const parent of parents) {
    const folder = await mkdtemp(join(parent, prefix)).catch(() => undefined);
    if (folder === undefined) continue;
    if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
    if (canUse(folder, user)) {
      writeFileSync(join(folder, ownerFile), `${process.pid}\n${startOf(process.pid) ?? ''}\n`);
      return folder;
    }
    await removeRunFolder(folder);
  }
  throw new Error(`no temporary folder in which Postgres may write (tried ${parents.join(', ')})`);
}

/** Removes a run folder, and nothing else. */
async function removeRunFolder(folder: string): Promise<void> {
  if (!basename(folder).startsWith(prefix)) throw new Error(`${folder} is not a folder of the demo`);
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

/** First line of a file as a process id. */
function pidIn(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** A program of most systems. */
const freesSharedMemory = 'ipcrm';

/** A Postgres that was killed leaves the small System V segment that its lock file names. */
function freeSharedMemory(dataFolder: string): void {
  try {
    const line = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')[6] ?? '';
    const id = line.trim().split(/\s+/)[1];
    if (id !== undefined) execFileSync(freesSharedMemory, ['-m', id], { stdio: 'ignore' });
  } catch {
    // No lock file after a proper end; no ipcrm: the system frees it at its next start.
  }
}

/**
 * Ends `pids`, what else serves from the run folder, and removes the folder. Safe to call again.
 */
export async function clearRun(folder: string, pids: Iterable<number>): Promise<void> {
  for (const pid of pids) await endServer(pid);
  const dataFolder = dataFolderOf(folder);
  const postgres = pidIn(join(dataFolder, 'postmaster.pid'));
  // The number may be somebody else's by now: only a process that was started with this folder is ended.
  if (postgres !== undefined && isAlive(postgres) && commandLine(postgres)?.includes(dataFolder)) {
    await endServer(postgres);
  }
  freeSharedMemory(dataFolder);
  await removeRunFolder(folder);
}

function isOurs(folder: string): boolean {
  const uid = process.getuid?.();
  return uid === 0 || lstatSync(folder).uid === uid;
}

/** Whether the demo that made the folder still runs, or has had no time yet to write that it does. */
function hasOwner(folder: string): boolean {
  const file = join(folder, ownerFile);
  const pid = pidIn(file);
  if (pid === undefined) return Date.now() - lstatSync(folder).mtimeMs < unownedMs;
  return isAlive(pid) && readFileSync(file, 'utf8').split('\n')[1] === (startOf(pid) ?? '');
}

/** Clears away what demos left behind that were killed together with their guard. Gives the folders. */
export async function sweepRunFolders(): Promise<string[]> {
  const swept: string[] = [];
  for (const parent of parents) {
    const names = await readdir(parent).catch((): string[] => []);
    for (const name of names.filter((one) => one.startsWith(prefix))) {
      const folder = join(parent, name);
      try {
        if (!isOurs(folder) || hasOwner(folder)) continue;
        await clearRun(folder, []);
        swept.push(folder);
      } catch {
        // Another demo that starts now was faster, or may do what we may not.
      }
    }
  }
  return swept;
}
