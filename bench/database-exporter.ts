/** The two sides of the comparison as child processes: Debian's postgres_exporter, and our collector. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/pg/test-postgres.ts';

/** Both sides answer plain: what compressing costs is not what is compared. */
const plain = { headers: { 'accept-encoding': 'identity' } };
const program = '/usr/bin/prometheus-postgres-exporter';

export interface ExporterSide {
  readonly pid: number;
  /** Its whole /metrics, which makes it collect. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/** Ours, the collector alone, behind the same kind of door. */
export function startNeonwatch(dsn: string, isCompiled: boolean): Promise<ExporterSide> {
  const program = fileURLToPath(new URL('database-neonwatch.ts', import.meta.url));
  return start(process.execPath, (port) => [program, String(port)], {
    NEONWATCH_BENCH_DSN: dsn,
    NEONWATCH_BENCH_DIST: isCompiled ? '1' : '0',
  });
}

/** @throws when the package is not installed or the exporter does not come up */
export async function startExporter(dsn: string): Promise<ExporterSide> {
  if (!existsSync(program)) throw new Error(`no ${program}: apt install prometheus-postgres-exporter`);
  return start(program, (port) => [`--web.listen-address=127.0.0.1:${port}`, '--log.level=error'], {
    DATA_SOURCE_NAME: `${dsn}?sslmode=disable`,
  });
}

async function start(
  command: string,
  argsFor: (port: number) => readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ExporterSide> {
  const port = await freePort();
  const child = spawn(command, argsFor(port), {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot run ${command}`);
  const exit = once(child, 'exit');
  const url = `http://127.0.0.1:${port}/metrics`;
  for (let attempt = 0; !(await answers(url)); attempt += 1) {
    if (attempt === 200 || child.exitCode !== null) throw new Error(`${command} did not come up`);
    await setTimeout(50);
  }
  return {
    pid,
    async metrics() {
      const answer = await fetch(url, plain);
      const body = await answer.text();
      if (!answer.ok) throw new Error(`${command} answered ${answer.status}: ${body}`);
      return body;
    },
    async stop() {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, plain);
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
