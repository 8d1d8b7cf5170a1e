import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connstring, look, tenant } from './compute-settings-world.ts';

describe('config.json', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'neonwatch-config-json-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const at = (name: string) => join(folder, name);
  async function lookAt(name: string, content: string) {
    await writeFile(at(name), content);
    const { series, skips, reading } = await look({ configJson: at(name) });
    const matches = series
      .filter((line) => /config_/.test(line))
      .map((line) =>
        line
          .replace(/neon_compute_config_(\w+)\{compute="main"(?:,setting="neon\.(\w+)")?\}/, '$1 $2')
          .replace(/ +/g, ' '),
      );
    return { matches, skips, reading };
  }
  const settingOf = (name: string, text: string) => ({
    name: `neon.${name}`,
    value: text,
    vartype: 'string',
  });
  const place = { libpq_url: 'postgres://no_user@pageserver1:6400', grpc_url: null, id: 1 };

  it.for([
    {
      case: 'settings of docker-compose, with secrets beside them',
      spec: {
        storage_auth_token: 'hunter3',
        cluster: {
          roles: [{ name: 'cloud_admin', encrypted_password: 'hunter4' }],
          settings: [
            settingOf('pageserver_connstring', connstring),
            settingOf('tenant_id', tenant),
            settingOf('safekeepers', 'safekeeper2:5454,safekeeper1:5454'),
            { name: 'fsync', value: 'off', vartype: 'bool' },
            { name: 'shared_buffers', vartype: 'string' },
          ],
        },
      },
      is: [
        'matches_live pageserver_connstring 1',
        'matches_live stripe_size 1',
        'matches_live tenant_id 1',
        'matches_live safekeepers 1',
        'consistent 1',
      ],
    },
    {
      case: 'the older top-level fields',
      spec: {
        pageserver_connstring: 'host=pageserver1 port=6400',
        shard_stripe_size: 4096,
        tenant_id: tenant,
        timeline_id: '3'.repeat(32),
        safekeeper_connstrings: ['safekeeper1:5454'],
        safekeepers_generation: 2,
        cluster: {},
      },
      is: [
        'matches_live pageserver_connstring 0',
        'matches_live stripe_size 0',
        'matches_live tenant_id 1',
        'matches_live timeline_id 0',
        'matches_live safekeepers 0',
        'consistent 1',
      ],
    },
    {
      case: 'connection info, keyed by number and count',
      spec: {
        pageserver_connection_info: {
          shard_count: 2,
          stripe_size: 2048,
          shards: {
            '0102': { pageservers: [{ ...place, libpq_url: 'postgres://x@pageserver2:6400' }] },
            '0002': { pageservers: [place] },
          },
          prefer_protocol: 'libpq',
        },
      },
      is: ['matches_live pageserver_connstring 1', 'matches_live stripe_size 1', 'consistent 1'],
    },
    {
      case: 'connection info that a leftover setting overrules',
      spec: {
        pageserver_connection_info: {
          shard_count: 0,
          stripe_size: null,
          shards: { '0000': { pageservers: [place] } },
        },
        cluster: { settings: [settingOf('pageserver_connstring', connstring)] },
      },
      is: ['matches_live pageserver_connstring 1', 'matches_live stripe_size 1', 'consistent 0'],
    },
    {
      case: 'gRPC only: nothing is written, whatever the older field says',
      spec: {
        pageserver_connstring: connstring,
        pageserver_connection_info: {
          shard_count: 0,
          shards: { '0000': { pageservers: [{ grpc_url: 'grpc://a' }] } },
        },
      },
      is: ['matches_live pageserver_connstring 0', 'matches_live stripe_size 1', 'consistent 1'],
    },
  ])('$case', async ({ spec, is }) => {
    const { matches, skips, reading } = await lookAt(
      'config.json',
      JSON.stringify({ spec, compute_ctl_config: {} }),
    );
    expect(matches).toEqual(is);
    expect(skips).toEqual([]);
    expect(JSON.stringify(reading)).not.toMatch(/hunter|cloud_admin/);
  });

  it.for([
    { case: 'cut short', content: '{"spec": {', skip: 'malformed' },
    { case: 'of another shape', content: '{"spec": {"pageserver_connstring": 7}}', skip: 'malformed' },
    {
      case: 'a shard missing',
      content: '{"spec": {"pageserver_connection_info": {"shard_count": 2, "shards": {}}}}',
      skip: 'malformed',
    },
    { case: 'a list', content: '[]', skip: 'malformed' },
    { case: 'without a spec', content: '{"spec": null}', skip: 'no_object' },
    { case: 'too large', content: `{"spec": {}, "x": "${'x'.repeat(5 * 1024 * 1024)}"}`, skip: 'malformed' },
    { case: 'empty', content: '', skip: 'malformed' },
  ])('costs nothing but itself: $case', async ({ content, skip }) => {
    const { matches, skips, reading } = await lookAt('bad.json', content);
    expect(skips).toEqual([`config_json: ${skip}`]);
    expect(matches).toEqual([]);
    expect(reading.live?.connstring).toBeDefined();
  });

  it.for([
    { case: 'no such file', path: 'none.json', skip: 'no_object' },
    { case: 'a folder', path: '.', skip: 'malformed' },
    { case: 'a device', path: '/dev/null', skip: 'malformed' },
  ])('says $case', async ({ path, skip }) => {
    expect((await look({ configJson: path.startsWith('/') ? path : at(path) })).skips).toEqual([
      `config_json: ${skip}`,
    ]);
  });

  it.runIf(process.platform === 'linux')('gives up a file that never stands still', async () => {
    // Its size is always 0, and never what is read.
    expect((await look({ configJson: '/proc/self/status' })).skips).toEqual(['config_json: malformed']);
  });

  it.skipIf(process.getuid?.() === 0)('says that it may not read the file', async () => {
    await writeFile(at('closed.json'), '{}');
    await chmod(at('closed.json'), 0o000);
    expect((await look({ configJson: at('closed.json') })).skips).toEqual(['config_json: no_privilege']);
  });
});
