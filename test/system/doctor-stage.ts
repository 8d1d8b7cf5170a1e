import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { checkout } from '../../scripts/run-program.ts';
import { temporaryFolder } from './programs.ts';
import { type Simulated, startSimulate } from './simulated.ts';

const small = ['--tenants', '4', '--shards-per-tenant', '2', '--pageservers', '3'];
/** The real program. */
export const main = join(checkout, 'src', 'cli', 'main.ts');
/** The first of the simulated tenants. */
export const tenant = '20000000000000000000000000000001';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real program from source, to its end. */
export async function neonwatch(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], { cwd: checkout });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code: Number(code), stdout, stderr };
}

export function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** A simulator of its own, and a folder with a configuration that leads to it. */
export interface DoctorStage {
  readonly simulated: Simulated;
  readonly configFile: string;
  inFolder(name: string): string;
  run(...args: readonly string[]): Promise<Ended>;
  killPageserver(node: number): Promise<void>;
  /** Requests that were to change something, but those of the test itself. */
  changesAsked(): Promise<readonly unknown[]>;
  stop(): Promise<void>;
}

export async function startStage(...flags: readonly string[]): Promise<DoctorStage> {
  const folder = await temporaryFolder();
  const simulated = await startSimulate(...small, ...flags);
  const configFile = join(folder.path, 'neonwatch.yaml');
  await writeFile(configFile, JSON.stringify(simulated.config));
  return {
    simulated,
    configFile,
    inFolder: (name) => join(folder.path, name),
    run: (...args) => neonwatch(...args, '--config', configFile),
    async killPageserver(node) {
      await simulated.post('/_sim/faults/node_down', { arguments: { node } });
      await simulated.post('/_sim/advance', { ms: 90_000 });
    },
    async changesAsked() {
      const { requests } = await simulated.get<{ requests: { service: string }[] }>('/_sim/requests');
      return requests.filter(({ service }) => service !== '_sim');
    },
    async stop() {
      await simulated.end();
      await folder.remove();
    },
  };
}

const Step = z.strictObject({ text: z.string(), command: z.string().optional() });
const Evidence = z.strictObject({
  what: z.string(),
  value: z.union([z.string(), z.number()]),
  unit: z.string().optional(),
  source: z.string(),
  at: z.iso.datetime().optional(),
});
/** What `--json` has, by docs/doctor.md, and nothing else. */
export const Report = z.strictObject({
  neonwatch: z.string(),
  at: z.iso.datetime(),
  exitCode: z.literal([0, 1, 2]),
  headline: z.string(),
  findings: z.array(
    z.strictObject({
      key: z.string(),
      finding: z.string(),
      alert: z.string(),
      severity: z.enum(['critical', 'warning', 'info']),
      layer: z.string(),
      subject: z.strictObject({ kind: z.string(), name: z.string() }),
      class: z.string().optional(),
      facts: z.record(z.string(), z.string()),
      summary: z.string(),
      evidence: z.array(Evidence),
      remedy: z.array(Step),
      avoid: z.array(z.strictObject({ what: z.string(), why: z.string() })),
      runbook: z.string(),
      explainedBy: z.string().optional(),
    }),
  ),
  notRead: z.array(
    z.strictObject({
      collector: z.string(),
      kind: z.string(),
      target: z.string(),
      reason: z.string(),
      message: z.string(),
    }),
  ),
  parts: z.array(
    z.strictObject({ collector: z.string(), target: z.string(), part: z.string(), reason: z.string() }),
  ),
  unknown: z.array(
    z.strictObject({ finding: z.string(), subject: z.string(), missing: z.array(z.string()) }),
  ),
  noticed: z.array(z.string()),
  facts: z.record(z.string(), z.union([z.string(), z.number()])),
  tenant: z.looseObject({ tenantId: z.string(), shards: z.array(z.looseObject({})) }).optional(),
  since: z
    .strictObject({ at: z.iso.datetime(), neonwatch: z.string(), changes: z.array(z.string()) })
    .optional(),
});
