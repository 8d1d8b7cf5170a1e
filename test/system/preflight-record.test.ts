import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DoctorStage, firstLine, neonwatch, Report, startStage, tenant } from './doctor-stage.ts';
import { freePort } from './programs.ts';

let stage: DoctorStage;

/** Findings and the first line of a report, without what depends on when it was made. */
function essence(json: string) {
  const { headline, findings, noticed } = Report.parse(JSON.parse(json));
  return {
    headline,
    noticed,
    findings: findings.map(({ key, severity, summary }) => [key, severity, summary]),
  };
}

describe('neonwatch preflight', () => {
  beforeEach(async () => {
    stage = await startStage();
  });
  afterEach(() => stage.stop());

  it('says go for a drain that would work, with the commands, and sends nothing that changes anything', async () => {
    const { code, stdout, stderr } = await stage.run('preflight', 'drain', '1');
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Go: nothing stands against the drain of node 1\. Nothing was sent\.$/m);
    expect(stdout).toMatch(/^ {5}curl -sS -X PUT \S+\/control\/v1\/node\/1\/drain$/m);
    expect(await stage.changesAsked()).toEqual([]);
  });

  it('says no for a drain that would leave shards with cold secondaries, names them, and gives no command', async () => {
    await stage.simulated.post('/_sim/faults/cold_secondaries', { arguments: { node: 2 } });
    await stage.simulated.post('/_sim/advance', { ms: 60_000 });
    const { code, stdout } = await stage.run('preflight', 'drain', '1');
    expect(code, stdout).toBe(1);
    expect(stdout).toMatch(/^ {2}NO {3}\d of 4 shards would be left: secondary cold \(2\w+-0[01]02/m);
    expect(stdout).not.toContain('/drain');
    expect(await stage.changesAsked()).toEqual([]);
  });

  it('cannot tell when the controller is away', async () => {
    await stage.simulated.post('/_sim/faults/controller_down', {});
    const { code, stdout } = await stage.run('preflight', 'drain', '1');
    expect(code, stdout).toBe(2);
    expect(firstLine(stdout)).toMatch(/^Cannot tell whether the drain of node 1 is safe/);
  });
});

describe('neonwatch record and replay', () => {
  const password = 'correct-horse-battery';
  let secrets: readonly string[] = [];

  beforeEach(async () => {
    stage = await startStage('--auth');
    const { storageController, pageservers } = stage.simulated.config as {
      storageController: { token: string };
      pageservers: { token: string };
    };
    secrets = [storageController.token, pageservers.token, password];
    const port = await freePort();
    const dsn = `postgresql://neonwatch:${password}@127.0.0.1:${port}/shop`;
    await writeFile(
      stage.configFile,
      JSON.stringify({ ...stage.simulated.config, computes: [{ name: 'shop', dsn, wake: 'always' }] }),
    );
  });
  afterEach(() => stage.stop());

  it('give the same findings as the look itself, offline, and no secret is in anything', async () => {
    await stage.killPageserver(3);
    const bundle = stage.inFolder('bundle');
    const recorded = await stage.run('record', bundle);
    expect(recorded, recorded.stderr).toMatchObject({ code: 0, stderr: '' });
    const looked = await stage.run('doctor', '--json');
    await stage.simulated.end();
    const replayed = await neonwatch('replay', bundle, '--json');
    expect(replayed.code).toBe(looked.code);
    expect(essence(replayed.stdout)).toEqual(essence(looked.stdout));
    const { headline } = essence(replayed.stdout);
    expect(recorded.stdout).toContain(headline);
    const words = await neonwatch('replay', bundle);
    expect(words.stdout.replace(/\s+/g, ' ').startsWith(headline)).toBe(true);

    const files = await readdir(bundle);
    expect(files.sort()).toEqual(['look-1.json', 'look-2.json', 'manifest.json']);
    const written = await Promise.all(files.map((file) => readFile(join(bundle, file), 'utf8')));
    const everything = [...written, ...[recorded, looked, replayed, words].flatMap(Object.values)].join('\n');
    for (const secret of secrets) expect(everything).not.toContain(secret);
  });

  it('replay shows the witnesses of a tenant, and record writes into no folder that is not empty', async () => {
    const bundle = stage.inFolder('bundle');
    await stage.run('record', bundle);
    const { stdout } = await neonwatch('replay', bundle, '--tenant', tenant);
    expect(stdout).toMatch(new RegExp(`^tenant ${tenant}: 2 shards`));
    const again = await stage.run('record', bundle);
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toMatch(/is not empty; give a folder that is new or empty/);
  });
});

describe('neonwatch explain', () => {
  it('says what a line means, and ends with 2 when there is none', async () => {
    const { code, stdout } = await neonwatch('explain', `${tenant}-0102`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^This is /);
    expect(await neonwatch('explain')).toMatchObject({ code: 2, stdout: '' });
  });
});
