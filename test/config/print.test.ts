import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { printConfig } from '../../src/config/print.ts';
import { ConfigSchema } from '../../src/config/schema.ts';
import { loadWith } from './load-with.ts';

it('prints what is in force and where it comes from, without secrets', async () => {
  const loaded = await loadWith({
    file: 'log: {level: debug}\naddresses: {"pageserver2:9898": "localhost:9899"}\n',
    env: {
      storcon_api: 'http://localhost:1234',
      compute_dsn: 'postgresql://u:hunter2@compute:55433/postgres',
    },
    argv: ['--listen=[::1]:0', '--storage-controller.token=hunter2'],
  });
  const printed = printConfig(loaded);
  expect(printed).not.toContain('hunter2');
  expect(printed.slice(0, printed.indexOf('limits:'))).toBe(`http:
  listen: "[::1]:0" # flag --listen
  openMetrics: true # default
log:
  level: debug # neonwatch.yaml:1:7
storageController:
  url: http://localhost:1234 # environment storcon_api
  peers: [] # default
  token: <redacted> # flag --storage-controller.token
  pageSize: 200 # default
  placement: auto # default
pageservers:
  discover: true # default
  urls: [] # default
  scheme: http # default
  warmthSamples: 20 # default
safekeepers:
  discover: true # default
  urls: [] # default
  scheme: http # default
computes: [{"dsn":"<redacted>","wake":"always","databases":[]}] # environment compute_dsn
sql:
  statementTimeout: 5s # default
  lockTimeout: 500ms # default
  top: 50 # default
  statementText: false # default
addresses: {"pageserver2:9898":"localhost:9899"} # neonwatch.yaml:2:1
`);
});

it('prints a configuration that loads again as the same', async () => {
  const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
  const anyPath = anyText.filter((text) => !text.includes('\0') && !/^(eyJ|postgres)/.test(text));
  const anyConfig = fc.record({
    http: fc.record({
      listen: fc.constantFrom('[::1]:1', '0.0.0.0:0', 'a-b.c:9'),
      openMetrics: fc.boolean(),
    }),
    limits: fc.record({ maxBodyBytes: fc.nat().map((bytes) => `${bytes + 1}B`) }),
    storageController: fc.record({ caFile: anyPath.map((path) => `/${path}`) }),
    computes: fc.array(fc.record({ name: anyText, dsnFile: anyPath.map((path) => `/${path}`) })),
    addresses: fc.dictionary(fc.constantFrom('a:1', 'b:2', '[fd00::1]:3'), fc.constantFrom('x:1', 'yes:2')),
    series: fc.record({ max: fc.nat({ max: 1000 }) }),
  });
  await fc.assert(
    fc.asyncProperty(anyConfig, async (given) => {
      const first = await loadWith({ file: JSON.stringify(given) });
      const second = await loadWith({ file: printConfig(first) });
      expect(second.config).toEqual(first.config);
      expect(z.encode(ConfigSchema, second.config)).toMatchObject({ addresses: given.addresses });
    }),
    { numRuns: 40 },
  );
}, 30_000);
