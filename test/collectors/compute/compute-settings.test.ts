import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/errors.ts';
import type { PgRow } from '../../../src/sources/postgres-rows.ts';
import { auto, fileRow, files, live, look, setting, tenant } from './compute-settings-world.ts';

/** The value of a family that has one series. */
function value(series: readonly string[], name: string): string | undefined {
  return series.find((line) => line.startsWith(`${name}{`))?.split(' ')[1];
}

describe('compute_settings', () => {
  it('shows what a compute believes, and nowhere who it logs in as', async () => {
    const { reading, series, skips, asked } = await look();
    expect(series).toEqual(
      expect.arrayContaining([
        `neon_compute_settings_info{compute="main",tenant_id="${tenant}",timeline_id="${'2'.repeat(32)}",compute_mode="primary",read_via="pg_settings"} 1`,
        'neon_compute_pageserver_info{compute="main",shard_number="0",address="pageserver1:6400"} 1',
        'neon_compute_shards{compute="main"} 2',
        'neon_compute_stripe_size_blocks{compute="main"} 2048',
        'neon_compute_setting_source_info{compute="main",setting="neon.stripe_size",source="configuration file",file="postgresql.conf"} 1',
        'neon_compute_settings_pending_restart{compute="main"} 0',
        'neon_compute_settings_pending_reload{compute="main"} 0',
        'neon_compute_conf_load_timestamp_seconds{compute="main"} 1760000000.25',
        'neon_compute_connstring_malformed{compute="main",flaw="bad_host"} 0',
        'neon_compute_safekeepers{compute="main"} 2',
      ]),
    );
    expect(series.join('\n')).not.toContain('safekeepers_generation');
    expect(JSON.stringify([reading, series])).not.toMatch(/hunter2|cloud_admin/);
    expect(skips).toEqual([]);
    expect(asked.every(({ fresh }) => fresh)).toBe(true);
  });

  it('guesses nothing behind a pooler, and asks nothing', async () => {
    const { series, skips, asked } = await look({ isPooled: true });
    expect([series, skips, asked]).toEqual([[], ['settings: pooled'], []]);
  });

  it('says what is wrong with a connection string, and names no pageserver', async () => {
    const settings = [setting('pageserver_connstring', 'postgres://u:p@ss@pageserver1:6400')];
    const { series } = await look({ settings });
    expect(series).toContain('neon_compute_connstring_malformed{compute="main",flaw="bad_entry"} 1');
    expect(series.join('\n')).not.toMatch(/neon_compute_shards|pageserver_info|p@ss/);
  });

  it('has zero shards for a compute that was given no pageserver', async () => {
    const { series } = await look({ settings: [setting('pageserver_connstring', '')] });
    expect(value(series, 'neon_compute_shards')).toBe('0');
  });

  it('says that it may not see files', async () => {
    const settings = live.map((row) => ({ ...row, sourcefile: null }));
    const { series, skips } = await look({ settings, server: { reads_files: 'f' } });
    expect(skips).toEqual(['source_files: no_privilege', 'file_settings: no_privilege']);
    expect(series.join('\n')).not.toMatch(/hazard|shadowed|pending_reload/);
    expect(value(series, 'neon_compute_settings_pending_restart')).toBe('0');
  });

  it('loses the files alone when they are refused after all', async () => {
    const { series, skips } = await look({ files: new SourceError('denied', 'no', { sqlState: '42501' }) });
    expect(skips).toEqual(['file_settings: no_privilege']);
    expect(value(series, 'neon_compute_shards')).toBe('2');
  });

  it('fails when the connection does', async () => {
    await expect(
      look({ files: new SourceError('refused', 'the server closed the connection') }),
    ).rejects.toThrow('the server closed');
  });

  it('counts what waits for a restart', async () => {
    const settings = live.map((row) => ({
      ...row,
      pending_restart: row['name'] === 'neon.tenant_id' ? 't' : 'f',
    }));
    expect(value((await look({ settings })).series, 'neon_compute_settings_pending_restart')).toBe('1');
  });
});

describe('the files of a compute', () => {
  const flags = async (rows: readonly PgRow[], settings?: readonly PgRow[]) => {
    const { series } = await look({ files: rows, ...(settings === undefined ? {} : { settings }) });
    return ['stripe_order_hazard', 'connstring_shadowed', 'settings_pending_reload'].map((name) =>
      Number(value(series, `neon_compute_${name}`)),
    );
  };
  const [stripe, connection, keepers] = files as [PgRow, PgRow, PgRow];

  it.for([
    { case: 'stripe before connection string', rows: files, is: [0, 0, 0] },
    {
      case: 'stripe after connection string',
      rows: [connection, { ...stripe, seqno: '9' }, keepers],
      is: [1, 0, 0],
    },
    {
      case: 'stripe after it, but not applied',
      rows: [stripe, connection, keepers, fileRow(9, 'stripe_size', '4096', { applied: 'f' })],
      is: [0, 0, 0],
    },
    {
      case: 'no stripe at all: live it is set, so it waits for a reload',
      rows: [connection, keepers],
      is: [0, 0, 1],
    },
    {
      case: 'ALTER SYSTEM over another connection string',
      rows: [
        stripe,
        fileRow(2, 'pageserver_connstring', 'host=old', { applied: 'f' }),
        keepers,
        { ...connection, ...auto, seqno: '9' },
      ],
      is: [0, 1, 0],
    },
    {
      case: 'ALTER SYSTEM over the same one in another form',
      rows: [
        stripe,
        fileRow(2, 'pageserver_connstring', 'host=pageserver1 port=6400,host=pageserver2 port=6400', {
          applied: 'f',
        }),
        keepers,
        { ...connection, ...auto, seqno: '9' },
      ],
      is: [0, 0, 0],
    },
    {
      case: 'one line of postgresql.conf over another one there',
      rows: [
        stripe,
        fileRow(2, 'pageserver_connstring', 'host=old', { applied: 'f' }),
        keepers,
        { ...connection, seqno: '9' },
      ],
      is: [0, 0, 0],
    },
    {
      case: 'two lines in the file of ALTER SYSTEM, written by hand',
      rows: [
        stripe,
        fileRow(2, 'pageserver_connstring', 'host=old', { applied: 'f', ...auto }),
        keepers,
        { ...connection, ...auto, seqno: '9' },
      ],
      is: [0, 0, 0],
    },
    {
      case: 'files that were changed and not loaded',
      rows: [fileRow(1, 'stripe_size', '32MB'), fileRow(2, 'pageserver_connstring', 'host=new'), keepers],
      is: [0, 0, 2],
    },
  ])('$case', async ({ rows, is }) => {
    expect(await flags(rows)).toEqual(is);
  });

  it('does not wait for a reload that cannot change what the command line set', async () => {
    const settings = live.map((row) => ({ ...row, source: 'command line', sourcefile: null }));
    expect(await flags([fileRow(2, 'pageserver_connstring', 'host=new')], settings)).toEqual([0, 0, 0]);
  });
});
