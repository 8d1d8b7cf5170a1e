import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigSchema, settings } from '../../src/config/schema.ts';
import { loadWith, problemsWith } from './load-with.ts';

describe('loadConfig', () => {
  it('gives the defaults when nothing is said', async () => {
    const { config, provenance, warnings } = await loadWith({});
    expect(config).toEqual(ConfigSchema.parse({}));
    expect(config.http).toEqual({ listen: { host: '127.0.0.1', port: 9795 }, openMetrics: true });
    expect(config.limits.maxBodyBytes).toBe(64 * 1024 * 1024);
    expect(new Set(provenance.values())).toEqual(new Set(['default']));
    expect([...provenance.keys()]).toEqual(settings.map(({ path }) => path));
    expect(warnings).toEqual([]);
  });

  it.for([
    { case: 'an empty file', file: '' },
    { case: 'a file of comments', file: '# nothing\n' },
    { case: 'a section whose lines are commented out', file: 'log:\n#  level: debug\n' },
    { case: 'a byte order mark', file: '\uFEFFlog: {level: info}\n' },
    { case: 'an empty variable', env: { NEONWATCH_LOG_LEVEL: '', storcon_api: '' } },
    { case: "somebody else's variable", env: { NEON_WATCH: 'x', storcon: 'y' } },
    {
      case: 'the links that Kubernetes makes for a Service called neonwatch',
      env: {
        NEONWATCH_PORT: 'tcp://10.0.0.1:9795',
        NEONWATCH_SERVICE_HOST: '10.0.0.1',
        NEONWATCH_SERVICE_PORT: '9795',
        NEONWATCH_SERVICE_PORT_HTTP: '9795',
        NEONWATCH_PORT_9795_TCP: 'tcp://10.0.0.1:9795',
        NEONWATCH_PORT_9795_TCP_ADDR: '10.0.0.1',
        NEONWATCH_METRICS_PORT_9795_TCP_PROTO: 'tcp',
      },
    },
  ])('accepts $case and changes nothing', async (given) => {
    expect((await loadWith(given)).config).toEqual(ConfigSchema.parse({}));
  });

  const file = 'storageController: {url: http://file:1}\n';
  const own = { NEONWATCH_STORAGE_CONTROLLER_URL: 'http://own:1' };
  const alias = { storcon_api: 'http://alias:1' };
  const argv = ['--storage-controller.url=http://flag:1'];
  it.for([
    {
      case: 'the file over the default',
      file,
      url: 'http://file:1',
      place: 'neonwatch.yaml:1:21',
      layer: 'file',
    },
    {
      case: "the runbook's variable over the file",
      file,
      env: alias,
      url: 'http://alias:1',
      place: 'environment storcon_api',
      layer: 'environment',
    },
    {
      case: "our variable over the runbook's",
      file,
      env: { ...own, ...alias },
      url: 'http://own:1',
      place: 'environment NEONWATCH_STORAGE_CONTROLLER_URL',
      layer: 'environment',
    },
    {
      case: 'the flag over all',
      file,
      env: { ...own, ...alias },
      argv,
      url: 'http://flag:1',
      place: 'flag --storage-controller.url',
      layer: 'flag',
    },
  ])('takes $case', async ({ url, place, layer, ...given }) => {
    const { config, provenance, places } = await loadWith(given);
    expect(config.storageController.url).toBe(url);
    expect(provenance.get('storageController.url')).toBe(layer);
    expect(places.get('storageController.url')).toBe(place);
  });

  it.for([
    {
      case: "the runbook's exports",
      given: {
        env: {
          storcon_api: 'http://localhost:1234',
          storcon_dsn: 'postgresql://postgres:postgres@standalonepg:5432/storage_controller',
          compute_dsn: 'postgresql://cloud_admin@compute:55433/postgres',
        },
      },
      part: {
        storageController: {
          url: 'http://localhost:1234',
          dsn: 'postgresql://postgres:postgres@standalonepg:5432/storage_controller',
        },
        computes: [{ dsn: 'postgresql://cloud_admin@compute:55433/postgres' }],
      },
    },
    {
      case: 'a short flag',
      given: { argv: ['serve', '--listen', '127.0.0.1:0'] },
      part: { http: { listen: { host: '127.0.0.1', port: 0 } } },
    },
    {
      case: 'a bare switch',
      given: { argv: ['--series.per-tenant'] },
      part: { series: { perTenant: true } },
    },
    {
      case: 'a switch with =false',
      given: { argv: ['--http.open-metrics=false'] },
      part: { http: { openMetrics: false } },
    },
    {
      case: 'a switch with no-',
      given: { argv: ['--no-http.open-metrics'] },
      part: { http: { openMetrics: false } },
    },
    {
      case: 'a switch in the environment',
      given: { env: { NEONWATCH_HTTP_OPEN_METRICS: 'false' } },
      part: { http: { openMetrics: false } },
    },
    {
      case: 'a number in the environment',
      given: { env: { NEONWATCH_STORAGE_CONTROLLER_PAGE_SIZE: '7' } },
      part: { storageController: { pageSize: 7 } },
    },
    {
      case: 'a list in the environment',
      given: { env: { NEONWATCH_PAGESERVERS_URLS: '[http://a:1, http://b:2]' } },
      part: { pageservers: { urls: ['http://a:1', 'http://b:2'] } },
    },
    {
      case: 'a map as flag',
      given: { argv: ['--addresses', '{"pageserver2:9898": "localhost:9899"}'] },
      part: { addresses: { 'pageserver2:9898': 'localhost:9899' } },
    },
    {
      case: 'one collector',
      given: { env: { NEONWATCH_COLLECTORS_CONTROLLER_HEALTH_INTERVAL: '1m' } },
      part: { collectors: { controller_health: { enabled: true, interval: 60_000 } } },
    },
    {
      case: 'an anchor used twice',
      given: { file: 'collectors: {nodes: &slow {interval: 2m}, tenants: *slow}\n' },
      part: { collectors: { nodes: { interval: 120_000 }, tenants: { interval: 120_000 } } },
    },
    { case: 'another file by the environment', given: { env: { NEONWATCH_CONFIG: '' } }, part: {} },
  ])('reads $case', async ({ given, part }) => {
    expect((await loadWith(given)).config).toMatchObject(part);
  });

  it.for([
    {
      case: "a relative path in the file, from the file's folder",
      path: 'secrets/token',
      expected: 'etc/secrets/token',
    },
    { case: 'an absolute path', path: '/run/token', expected: '/run/token' },
  ])('resolves $case', async ({ path, expected }) => {
    const { loadConfig } = await import('../../src/config/load.ts');
    const loaded = await loadConfig({
      flags: [],
      env: { NEONWATCH_CONFIG: 'etc/neonwatch.yaml' },
      readFile: async () => `storageController: {tokenFile: ${path}}\ncomputes: [{dsnFile: ${path}}]\n`,
      mustWatch: false,
    });
    expect(loaded.config.storageController.tokenFile).toBe(expected);
    expect(loaded.config.computes[0]?.dsnFile).toBe(expected);
  });

  it('lets exactly the strongest layer that speaks have the last word, for any choice of layers', async () => {
    const spoken = fc.record({ inFile: fc.boolean(), inEnv: fc.boolean(), inFlag: fc.boolean() });
    const subset = fc.array(
      fc.tuple(fc.constantFrom('headersTimeout', 'bodyTimeout', 'connectTimeout'), spoken),
    );
    await fc.assert(
      fc.asyncProperty(subset, async (choices) => {
        const byKey = new Map(choices);
        const file: Record<string, string> = {};
        const env: Record<string, string> = {};
        const argv: string[] = [];
        for (const [key, { inFile, inEnv, inFlag }] of byKey) {
          const setting = settings.find(({ path }) => path === `limits.${key}`);
          if (inFile) file[key] = '1s';
          if (inEnv) env[setting?.env ?? ''] = '2s';
          if (inFlag) argv.push(`--${setting?.flag}=2500ms`);
        }
        const { config } = await loadWith({ file: JSON.stringify({ limits: file }), env, argv });
        const limits = z.encode(ConfigSchema, config).limits as Record<string, unknown>;
        for (const [key, { inFile, inEnv, inFlag }] of byKey) {
          const expected = inFlag ? '2s500ms' : inEnv ? '2s' : inFile ? '1s' : undefined;
          if (expected !== undefined) expect(limits[key]).toBe(expected);
        }
      }),
    );
  });

  it('validates a value that a stronger layer hides: a broken file stays broken', async () => {
    expect(await problemsWith({ file: 'log: {level: loud}\n', argv: ['--log.level=info'] })).toHaveLength(1);
  });

  it("does not look at the runbook's variable where our own speaks", async () => {
    const env = { storcon_api: 'no url', NEONWATCH_STORAGE_CONTROLLER_URL: 'http://localhost:1' };
    expect(await problemsWith({ env })).toEqual([]);
  });

  it('passes on a mistake of ours while reading the file', async () => {
    const { loadConfig } = await import('../../src/config/load.ts');
    const readFile = () => Promise.reject(new TypeError('bug'));
    const sources = { flags: [], env: { NEONWATCH_CONFIG: 'x' }, readFile, mustWatch: false };
    await expect(loadConfig(sources)).rejects.toThrow(TypeError);
  });
});
