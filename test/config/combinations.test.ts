import { describe, expect, it } from 'vitest';
import { loadWith, problemsWith } from './load-with.ts';

describe('an impossible combination', () => {
  const jwt = 'abcdef';
  it.for([
    {
      case: 'a token and its file',
      file: `storageController:\n  token: ${jwt}\n  tokenFile: t\n`,
      problem:
        'neonwatch.yaml:2:3 storageController.token: storageController.tokenFile is set as well; keep one of the two (see neonwatch.yaml:3:3)',
    },
    {
      case: 'a describe token and its file',
      file: `storageController: {url: 'http://localhost:1', describeToken: ${jwt}, describeTokenFile: t}\n`,
      problem: expect.stringContaining(
        'storageController.describeToken: storageController.describeTokenFile is set as well',
      ),
    },
    {
      case: "a pageservers' token and its file, from two layers",
      file: 'pageservers: {tokenFile: t}\n',
      env: { NEONWATCH_PAGESERVERS_TOKEN: jwt },
      problem:
        'environment NEONWATCH_PAGESERVERS_TOKEN: pageservers.token: pageservers.tokenFile is set as well; keep one of the two (see neonwatch.yaml:1:15)',
    },
    {
      case: "the runbook's DSN and a file",
      file: 'storageController: {dsnFile: t}\n',
      env: { storcon_dsn: 'postgres://h/d' },
      problem: expect.stringContaining(
        'environment storcon_dsn: storageController.dsn: storageController.dsnFile is set as well',
      ),
    },
    {
      case: 'a DSN of a compute and its file',
      file: 'computes: [{dsn: "a=b", dsnFile: f}]\n',
      problem: 'neonwatch.yaml:1:13 computes[0].dsn: dsnFile is set as well; keep one of the two',
    },
    {
      case: 'a compute without a DSN',
      file: 'computes: [{name: y, dsnFile: f}, {name: x}]\n',
      problem: 'neonwatch.yaml:1:35 computes[1]: has neither dsn nor dsnFile; write one',
    },
    {
      case: 'a pageserver listed twice',
      file: 'pageservers: {urls: ["http://a:1", "http://a:1/"]}\n',
      problem: 'neonwatch.yaml:1:36 pageservers.urls[1]: the same as pageservers.urls[0]; remove one',
    },
    {
      case: 'a safekeeper listed twice',
      file: 'safekeepers: {urls: ["http://a:1", "http://a:1"]}\n',
      problem: expect.stringContaining('safekeepers.urls[1]: the same as safekeepers.urls[0]; remove one'),
    },
    {
      case: "a safekeepers' token and its file",
      file: `safekeepers: {token: ${jwt}, tokenFile: t}\n`,
      problem: expect.stringContaining('safekeepers.token: safekeepers.tokenFile is set as well'),
    },
    {
      case: 'peers of no controller',
      file: 'storageController: {peers: ["http://b:1"]}\n',
      problem:
        'neonwatch.yaml:1:21 storageController.peers: needs storageController.url, which is not set; set it to one of them',
    },
    {
      case: 'a controller that is its own peer',
      file: 'storageController: {url: "http://a:1", peers: ["http://b:1", "http://a:1/"]}\n',
      problem: expect.stringContaining(
        'storageController.peers[1]: the same host and port as storageController.url; list only the other instances',
      ),
    },
    {
      case: 'a timeout over the interval, both for all',
      file: 'collection: {timeout: 20s}\n',
      problem:
        'neonwatch.yaml:1:14 collection.timeout: 20s is longer than collection.interval, 15s; lower collection.timeout or raise collection.interval',
    },
    {
      case: 'a default timeout over the interval',
      file: 'collection: {interval: 5s}\n',
      problem:
        'neonwatch.yaml:1:14 collection.timeout (by default): 10s is longer than collection.interval, 5s; lower collection.timeout or raise collection.interval',
    },
    {
      case: "one collector's timeout over its interval",
      file: 'collectors: {leader: {timeout: 2m}}\n',
      problem:
        'neonwatch.yaml:1:23 collectors.leader.timeout: 2m is longer than collectors.leader.interval, 1m; lower collectors.leader.timeout or raise collectors.leader.interval',
    },
    {
      case: 'a connect limit over the shortest deadline',
      file: 'collectors: {nodes: {timeout: 2s}}\n',
      problem:
        'neonwatch.yaml:1:22 limits.connectTimeout (by default): 3s is longer than collectors.nodes.timeout, 2s, the shortest deadline of a collector; lower limits.connectTimeout or raise collectors.nodes.timeout',
    },
    {
      case: 'placement from pageservers that are not there',
      file: 'storageController: {placement: locations}\npageservers: {discover: false}\n',
      problem: expect.stringMatching(
        /^neonwatch\.yaml:1:21 storageController\.placement: "locations" needs pageservers, but pageservers\.discover is false .* \(see neonwatch\.yaml:2:15\)$/,
      ),
    },
    {
      case: 'placement from a collector that is disabled',
      file: 'storageController: {placement: locations}\ncollectors: {pageserver_locations: {enabled: false}}\n',
      problem:
        'neonwatch.yaml:1:21 storageController.placement: "locations" needs the collector pageserver_locations, which is disabled; enable it (see neonwatch.yaml:2:37)',
    },
    {
      case: 'a describe token for no controller',
      file: `storageController: {describeToken: ${jwt}}\n`,
      problem:
        'neonwatch.yaml:1:21 storageController.describeToken: needs storageController.url, which is not set; set it, or remove this',
    },
    {
      case: 'a describe token file for no controller',
      file: 'storageController: {describeTokenFile: t}\n',
      problem: expect.stringContaining('storageController.describeTokenFile: needs storageController.url'),
    },
    {
      case: 'a compute that is only looked at in passing, without the means to tell when',
      file: 'computes: [{dsn: "a=b", wake: piggyback}]\n',
      problem:
        'neonwatch.yaml:1:25 computes[0].wake: "piggyback" needs computeCtlUrl, which says when it was last active; set it',
    },
    {
      case: 'several computes of which one has no name',
      file: 'computes: [{name: a, dsn: "a=b"}, {dsn: "a=c"}]\n',
      problem: 'neonwatch.yaml:1:35 computes[1].name: is missing; with several computes each needs one',
    },
    {
      case: 'two computes of one name',
      file: 'computes: [{name: a, dsn: "a=b"}, {name: a, dsn: "a=c"}]\n',
      problem:
        'neonwatch.yaml:1:36 computes[1].name: the same as computes[0].name; computes are told apart by it',
    },
    {
      case: 'a lock timeout that could never count',
      file: 'sql: {lockTimeout: 6s}\n',
      problem:
        'neonwatch.yaml:1:7 sql.lockTimeout: 6s is longer than sql.statementTimeout, 5s, and so would never count; lower sql.lockTimeout',
    },
    {
      case: 'nothing to watch',
      mustWatch: true,
      problem: expect.stringMatching(
        /^nothing to watch: .*`storageController: \{url: http:\/\/localhost:1234\}`.*`export storcon_api=/,
      ),
    },
  ])('is refused: $case', async ({ problem, case: _, ...given }) => {
    expect(await problemsWith(given)).toEqual([problem]);
  });

  it.for([
    {
      case: 'a disabled collector with a timeout over its interval',
      file: 'collectors: {leader: {enabled: false, timeout: 2m}}\n',
    },
    { case: 'a timeout equal to the interval', file: 'collection: {timeout: 15s}\n' },
    { case: 'a connect limit equal to the shortest deadline', file: 'limits: {connectTimeout: 10s}\n' },
    {
      case: 'no collector at all',
      file: `collectors: {${['nodes', 'tenants', 'safekeepers', 'leader', 'controller_health', 'pageserver_status', 'pageserver_locations', 'pageserver_utilization', 'pageserver_secondaries'].map((name) => `${name}: {enabled: false}`).join(', ')}}\n`,
    },
    {
      case: 'locations of listed pageservers',
      file: 'storageController: {placement: locations}\npageservers: {discover: false, urls: ["http://a:1"]}\n',
    },
    { case: 'pageservers alone to watch', file: 'pageservers: {urls: ["http://a:1"]}\n', mustWatch: true },
    { case: 'safekeepers alone to watch', file: 'safekeepers: {urls: ["http://a:1"]}\n', mustWatch: true },
    { case: 'the broker alone to watch', file: 'broker: {url: "http://a:1"}\n', mustWatch: true },
    { case: 'the hook alone to watch', file: 'computeHook: {url: "http://a:1"}\n', mustWatch: true },
    {
      case: 'a compute that is never woken and has a compute_ctl',
      file: 'computes: [{dsn: "a=b", wake: never, computeCtlUrl: "http://a:1"}]\n',
      mustWatch: true,
    },
    { case: 'nothing to watch, where nothing need be', mustWatch: false },
  ])('is not: $case', async ({ case: _, ...given }) => {
    expect(await problemsWith(given)).toEqual([]);
  });

  it('is not judged by a setting that is itself wrong', async () => {
    expect(await problemsWith({ file: 'collection: {interval: 5s, timeout: 15}\n' })).toHaveLength(1);
  });
});

describe('a warning', () => {
  const remote = 'storageController: {url: "http://neon.example:1234", ';
  it.for([
    {
      case: 'a token in clear to another machine',
      file: `${remote}tokenFile: t}\n`,
      warnings: [
        expect.stringMatching(/^storageController\.url: a token is sent to another machine over plain http/),
      ],
    },
    {
      case: 'a describe token in clear',
      file: `${remote}describeToken: abc}\n`,
      warnings: [expect.stringContaining('storageController.url')],
    },
    {
      case: 'a token in clear to a listed pageserver',
      file: 'pageservers: {token: a, urls: ["http://a:1"]}\n',
      warnings: [expect.stringContaining('pageservers.urls')],
    },
    {
      case: 'a token in clear to discovered pageservers',
      file: `${remote}}\npageservers: {tokenFile: t}\n`,
      warnings: [expect.stringContaining('pageservers.scheme')],
    },
    {
      case: 'a token in clear to a peer on another machine',
      file: 'storageController: {url: "http://localhost:1", peers: ["http://b:1"], token: a}\n',
      warnings: [expect.stringContaining('storageController.peers: a token is sent to another machine')],
    },
    {
      case: 'a token in clear to safekeepers, listed and discovered',
      file: `${remote}}\nsafekeepers: {token: a, urls: ["http://a:1"]}\n`,
      warnings: [
        expect.stringContaining('safekeepers.urls: a token'),
        expect.stringContaining('set safekeepers.scheme: https'),
      ],
    },
    {
      case: "a CA file for a peer's TLS alone",
      file: 'storageController: {url: "http://localhost:1", peers: ["https://b:1"], caFile: c}\n',
      warnings: [],
    },
    {
      case: "a safekeepers' CA file without TLS",
      file: 'safekeepers: {caFile: c}\n',
      warnings: [expect.stringContaining('safekeepers.caFile: has no effect')],
    },
    {
      case: 'a CA file without TLS',
      file: 'storageController: {url: "http://localhost:1", caFile: c}\n',
      warnings: [expect.stringContaining('storageController.caFile: has no effect')],
    },
    {
      case: 'a secret in a flag',
      argv: ['--pageservers.token=abc'],
      warnings: [expect.stringMatching(/^flag --pageservers\.token: .*NEONWATCH_PAGESERVERS_TOKEN$/)],
    },
    { case: 'no token', file: `${remote}}\n`, warnings: [] },
    {
      case: 'a token in clear on this machine',
      file: 'storageController: {url: "http://localhost:1", token: a}\npageservers: {token: a}\n',
      warnings: [],
    },
    {
      case: 'a token over TLS',
      file: 'storageController: {url: "https://neon.example", token: a}\npageservers: {token: a, scheme: https}\n',
      warnings: [],
    },
  ])('$case', async ({ warnings, case: _, ...given }) => {
    expect((await loadWith(given)).warnings).toEqual(warnings);
  });
});
