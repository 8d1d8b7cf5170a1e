import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DoctorStage, firstLine, main, neonwatch, Report, startStage, tenant } from './doctor-stage.ts';
import { freePort, start, until } from './programs.ts';

let stage: DoctorStage;

describe('neonwatch doctor', () => {
  beforeEach(async () => {
    stage = await startStage();
  });
  afterEach(() => stage.stop());

  it('says that all is well of a healthy cluster, and ends with 0', async () => {
    const { code, stdout, stderr } = await stage.run('doctor');
    expect(firstLine(stdout)).toMatch(/^All is well: 10 targets, \d+ looks, nothing found wrong\.$/);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Well:$/m);
  });

  it('says what is wrong in its first line, with the command that shows it, and ends with 1', async () => {
    await stage.killPageserver(3);
    const { code, stdout } = await stage.run('doctor');
    expect(code, stdout).toBe(1);
    expect(firstLine(stdout)).toMatch(/^Pageserver 3 in az-c is Offline/);
    expect(stdout).toMatch(/^ {6}curl .*\/control\/v1\/node\/3$/m);
    expect(stdout).toContain('docs/runbooks/node_offline.md');
  });

  it('says in JSON what it says in words', async () => {
    await stage.killPageserver(3);
    const { code, stdout } = await stage.run('doctor', '--json', '--tenant', tenant);
    const report = Report.parse(JSON.parse(stdout));
    expect(report.exitCode).toBe(code);
    expect(report.findings.map(({ key }) => key)).toContain('node_offline node 3');
    expect(report.notRead.map(({ kind }) => kind)).toContain('pageserver');
    expect(report.tenant).toMatchObject({ tenantId: tenant, shards: [{}, {}] });
  });

  it('says what has changed since a look that was saved', async () => {
    const file = stage.inFolder('before.json');
    expect(await stage.run('doctor', '--save', file)).toMatchObject({ code: 0 });
    const same = await stage.run('doctor', '--against', file);
    expect(same.stdout).toMatch(/^Since .* \(neonwatch .*\):\n {2}nothing has changed$/m);
    await stage.killPageserver(3);
    const { stdout } = await stage.run('doctor', '--against', file);
    expect(stdout).toMatch(/^ {2}new critical: Pageserver 3 in az-c is Offline/m);
    expect(stdout).toMatch(/^ {2}node 3 availability: Active → Offline$/m);
    const json = await stage.run('doctor', '--json', '--against', file);
    expect(Report.parse(JSON.parse(json.stdout)).since?.changes).toContain(
      'node 3 availability: Active → Offline',
    );
  });

  it('puts a change in its first line when nothing is wrong by itself', async () => {
    const file = stage.inFolder('before.json');
    await stage.run('doctor', '--save', file);
    const { storageController } = stage.simulated.config as { storageController: { url: string } };
    const body = JSON.stringify({ node_id: 2, scheduling: 'Pause' });
    await fetch(`${storageController.url}/control/v1/node/2/config`, { method: 'PUT', body });
    const { code, stdout } = await stage.run('doctor', '--against', file);
    expect(code).toBe(0);
    expect(firstLine(stdout)).toMatch(/^Nothing is found wrong, but since \S+ this has changed: node 2/);
    expect(stdout).toMatch(/Pageserver 2 in az-b is Pause/);
  });

  it('watches: a whole report first, then what changes, until it is asked to end', async () => {
    const watching = start(process.execPath, [
      main,
      ...['doctor', '--watch', '--interval', '200ms', '--config', stage.configFile],
    ]);
    const seen = (what: RegExp) =>
      until(String(what), () => (what.test(watching.stdout()) ? true : undefined));
    await seen(/^Well:$/m);
    await stage.killPageserver(3);
    await seen(/^\d{4}-\d\d-\d\dT\S+Z new critical: Pageserver 3 in az-c is Offline/m);
    expect(watching.stdout().match(/^Well:$/gm)).toHaveLength(1);
    expect(await watching.end('SIGTERM')).toBe(1);
  });

  it('shows the witnesses of one tenant shard by shard, and asks for more of an id that is not enough', async () => {
    const { code, stdout } = await stage.run('doctor', '--tenant', tenant);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^ {2}${tenant}-0102  \\d 127\\.0\\.0\\.1:\\d+; secondary on \\d  .*AttachedSingle`, 'm'),
    );
    const { stdout: several } = await stage.run('doctor', '--tenant', '2');
    expect(several).toMatch(/^4 tenants begin with 2; write more of the id:/);
    const { stdout: none } = await stage.run('doctor', '--tenant', 'dead');
    expect(none).toMatch(/^No tenant begins with dead/);
  });
});

describe('neonwatch doctor of what cannot be read or is refused', () => {
  it('ends with 2 when the controller is away, and says what to do', async () => {
    const port = await freePort();
    const { code, stdout } = await neonwatch(
      'doctor',
      '--storage-controller.url',
      `http://127.0.0.1:${port}`,
    );
    expect(code, stdout).toBe(2);
    expect(firstLine(stdout)).toMatch(/^Storage controller 127\.0\.0\.1:\d+ is away: it refuses connections/);
    expect(stdout).toMatch(/^ {2}do: /m);
  });

  it.for<[string, string[], RegExp]>([
    ['nothing to watch', ['doctor'], /storageController/],
    ['a setting that is none', ['doctor', '--storage-controller.url', 'nowhere'], /storage-controller\.url/],
    ['an interval that is none', ['doctor', '--interval', 'soon'], /--interval: expected a duration/],
    ['a flag without its value', ['doctor', '--save'], /--save: expected a value/],
    [
      'a file that is not there',
      ['doctor', '--storage-controller.url=http://127.0.0.1:1', '--against=/nowhere'],
      /--against: \/nowhere cannot be read \(ENOENT\)/,
    ],
    [
      'a bundle that is none',
      ['replay', '/nowhere'],
      /replay: .*cannot be read \(ENOENT\); give a folder that/,
    ],
    ['an operation that is none', ['preflight', 'dran', '3'], /did you mean "drain"\?/],
  ])('ends with 2 for %s', async ([, args, problem]) => {
    const { code, stdout, stderr } = await neonwatch(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(problem);
  });
});
