import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRisks } from '../../src/collectors/compute/compute-health-risks.ts';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { withSource } from './compute-server.ts';

const limitMs = 10_000;

describe('what a real server says of its risky settings', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startDebianPostgres({ settings: { archive_mode: 'on', archive_command: '/bin/false' } });
    await server.run('CREATE ROLE plain LOGIN');
  });
  afterAll(() => server.stop());

  const risks = (user?: string) =>
    withSource(server, user === undefined ? {} : { user }, (source) =>
      source.session({ fresh: true }, AbortSignal.timeout(limitMs), readRisks),
    );

  /** A reload is asked for in one session and done by the postmaster a moment later. */
  async function set(setting: string, value: string): Promise<void> {
    await server.run(`ALTER SYSTEM SET ${setting} = '${value.replaceAll("'", "''")}'`);
    await server.run('SELECT pg_reload_conf()');
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const [row] = await server.run(`SELECT current_setting('${setting}') AS now, pg_sleep(0.01)`);
      if (row?.['now'] === value) return;
    }
    throw new Error(`${setting} was not taken over`);
  }

  it.each([
    ['cp %p /backup/wal/%f', true],
    ['/bin/cp %p /backup/wal/%f', true],
    ['rsync -a %p backup@host:/wal/%f', true],
    ['scp -i /etc/key %p backup@host:/wal/%f', true],
    ['gzip < %p > /backup/wal/%f.gz', true],
    ['gsutil cp %p gs://bucket/wal/%f', true],
    ['mkdir -p /backup/wal && cp %p /backup/wal/%f', true],
    ['test ! -f /backup/wal/%f && cp %p /backup/wal/%f', false],
    ['[ ! -e /backup/wal/%f ] && cp %p /backup/wal/%f', false],
    ['test -f /backup/wal/%f || cp %p /backup/wal/%f', false],
    ['cp -i %p /backup/wal/%f < /dev/null', false],
    ['cp -pn %p /backup/wal/%f', false],
    ['gsutil cp -n %p gs://bucket/wal/%f', false],
    ['rsync -a --ignore-existing %p backup@host:/wal/%f', false],
    ['set -C; cat %p > /backup/wal/%f', false],
    ['pgbackrest --stanza=main archive-push %p', false],
    ['wal-g wal-push %p', false],
    ['/usr/local/bin/archive-copy %p %f 2>/dev/null', false],
    ['', false],
  ])('archive_command "%s" overwrites: %s', async (command, expected) => {
    await set('archive_command', command);
    expect((await risks()).get('archive_command')).toBe(expected);
  });

  it.each([
    ['none', false],
    ['ddl', false],
    ['mod', false],
    ['all', true],
  ])('log_statement %s logs everything: %s', async (value, expected) => {
    await set('log_statement', value);
    expect((await risks()).get('log_statement')).toBe(expected);
    expect((await risks('plain')).get('log_statement')).toBe(expected);
  });

  it('lets a role without grants know, too', async () => {
    await set('archive_command', 'cp %p /backup/wal/%f');
    expect((await risks('plain')).get('archive_command')).toBe(true);
  });
});

describe('a server that does not archive', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startDebianPostgres({ settings: { archive_command: 'cp %p /backup/wal/%f' } });
  });
  afterAll(() => server.stop());

  it('has no command that could overwrite', async () => {
    const known = await withSource(server, {}, (source) =>
      source.session({}, AbortSignal.timeout(limitMs), readRisks),
    );
    expect(known.get('archive_command')).toBe(false);
  });
});
