import { execFileSync } from 'node:child_process';

/** Who servers run as; empty for ourselves. */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

function idOf(flag: '-u' | '-g', name: string): number {
  return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
}

let known: ServerUser | undefined;

/**
 * Postgres refuses to run as root, so for root this is another user of the machine, `postgres` or `nobody`.
 *
 * @throws when we are root and there is neither.
 */
export function serverUser(): ServerUser {
  known ??= process.getuid?.() === 0 ? otherUser() : {};
  return known;
}

function otherUser(): ServerUser {
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      // No such user here.
    }
  }
  throw new Error('running as root, and this machine has no user "nobody" to run Postgres as');
}
