import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoFaults } from '../../scripts/demo/faults/all-faults.ts';
import { checkout } from '../../scripts/run-program.ts';
import type { Look } from '../../src/alerts/detector.ts';
import { readConfigText } from '../../src/cli/config-text.ts';
import { diagnose } from '../../src/cli/doctor/diagnose.ts';
import { reportLines } from '../../src/cli/doctor/report.ts';
import {
  changeLines,
  changesSince,
  diagnosisJson,
  headlineSince,
  type Saved,
} from '../../src/cli/doctor/saved.ts';
import { systemClock } from '../../src/clock.ts';
import type { TargetKind } from '../../src/collectors/target.ts';
import { loadConfig } from '../../src/config/load.ts';

interface Expected {
  /** The first line of doctor while the fault is there. */
  readonly says: RegExp;
  /** What one look cannot see of the fault, and why. */
  readonly unseen?: string;
  /** Nothing is wrong in one look; a line of `--against` a look from before tells of it. */
  readonly changes?: RegExp;
}

const needsMinutes = (what: string) => `${what}: whether it stays so only minutes tell`;

/** By hand, from what each fault is: what the first line of doctor has to say. */
export const expectedOfFault: Readonly<Record<string, Expected>> = {
  'hook-order': {
    says: /^Compute shop has 3 entries in its connection string, and tenant 2\w+ has 4 shards/,
  },
  'node-down': { says: /^Pageserver 3 in az-c is Offline/ },
  'connections-held': {
    says: /^Compute shop has (\d+ of its 35 connections|no connection left)|^Compute shop refuses logins/,
  },
  'hook-tenant-blind': { says: /^Compute shop has 1 entry in its connection string, and tenant 2\w+ has 4/ },
  'shard-stopped': {
    says: /^The controller believes that 1 shard is attached to pageserver 6, and pageserver \d holds it/,
  },
  'transaction-forgotten': { says: /^A session of compute shop has been idle in its transaction/ },
  'hook-lying': { says: /^Compute shop asks the wrong pageserver for shard 3 of tenant 2/ },
  'node-drained': { says: /^Pageserver 6 in az-c is Active but has the policy PauseForRestart/ },
  // The reader in front of the queue is what has to end.
  'lock-queue': { says: /^A session of compute shop has been idle in its transaction/ },
  // Two things at once; the pageserver is the one that the other depends on, the hook is next.
  'hook-dead': { says: /^Pageserver 5 in az-b is Offline/ },
  'node-hung': { says: /^Pageserver 6 in az-c is Offline/ },
  'index-invalid': { says: /Database shop of compute shop has 1 invalid index/ },
  'hook-sticky': { says: /^Compute shop asks the wrong pageserver for shard 3 of tenant 2/ },
  'controller-down': { says: /^Storage controller [\d.:]+ is away: it refuses connections/ },
  'vector-index-dropped': {
    says: /^Nothing is found wrong, but since \S+ this has changed: .*/,
    changes: /^shop\/shop vector indexes hnsw: 1 → \(not there\)$/,
    unseen:
      'an index that is gone leaves nothing to see, and slow searches take a quarter of an hour to count',
  },
  'hook-503': {
    says: /^1 shard is being reconciled: .*\(tenant 20+2\)|^No finding yet, but: 1 shard is being reconciled/,
    unseen: needsMinutes('a move may be under way'),
  },
  'node-warming-up': {
    says: /^(No finding yet, but: )?Pageserver 1 in az-a is WarmingUp/,
    unseen: needsMinutes('a pageserver that starts is WarmingUp'),
  },
  'compute-down': { says: /^Compute shop is away: it refuses connections/ },
  'hook-slow': {
    says: /^(No finding yet, but: )?\d shards? (is|are) being reconciled/,
    unseen: needsMinutes('moves may be under way'),
  },
  'zone-down': { says: /^Pageserver 3 in az-c is Offline: .*\(\d+ more findings? below\)$/ },
  'hook-stripe-late': { says: /^Compute shop .*(stripe|neon\.stripe_size)/ },
  'database-down': { says: /^The storage controller's database controller_database is away/ },
  'compute-stripe': { says: /^Compute shop cuts tenant 2\w+ into stripes of 65558 blocks instead of 2048/ },
  'node-slow': {
    says: /Pageserver 4 at [\d.:]+ answers slowly/,
    unseen: 'no finding calls a pageserver slow; that it is slower than the others is noticed',
  },
  'compute-connstring': { says: /onnection string.* cannot be taken apart/ },
  'controller-stepped-down': { says: /^No storage controller leads/ },
  'compute-restarted': { says: /^Compute shop asks the wrong pageserver for shard 3 of tenant 2/ },
  'secondaries-cold': { says: /^Pageserver 2 has \d+ cold secondaries/ },
  'fill-orphaned': {
    says: /Pageserver 5 in az-b is Filling/,
    unseen: needsMinutes('a fill may be under way'),
  },
  'secondaries-missing': {
    says: /^The cluster has \d+ shards of 40 tenants without the secondaries/,
  },
  'safekeeper-paused': {
    says: /Safekeeper 2 has the scheduling policy Pause/,
    unseen: 'a policy is what somebody wanted, so it is noticed and no finding',
  },
};

/** What one doctor said. */
export interface Said {
  readonly saved: Saved;
  readonly headline: string;
  /** The whole report, with what has changed since `against`. */
  readonly report: readonly string[];
  readonly changes: readonly string[];
  /** Addresses of this run → those that the demo has when its usual ports are free. */
  readonly usualAddresses: ReadonlyMap<string, string>;
}

const usualPorts: Readonly<Partial<Record<TargetKind, (id: number) => number>>> = {
  storage_controller: () => 1234,
  compute_hook: () => 1236,
  broker: () => 1237,
  safekeeper: (id) => 1244 + id,
  pageserver: (id) => 1334 + id,
  compute: () => 55_433,
};

function usualAddressesOf(looks: readonly Look[]): ReadonlyMap<string, string> {
  return new Map(
    looks.flatMap(({ target: { kind, url, nodeId, safekeeperId } }) => {
      const port = usualPorts[kind]?.(nodeId ?? safekeeperId ?? 0);
      return port === undefined ? [] : [[new URL(url).host, `127.0.0.1:${port}`]];
    }),
  );
}

/** `neonwatch doctor --config FILE`, in this process: the report as a pipe gets it. */
export async function askDoctor(configFile: string, speed: number, against?: Saved): Promise<Said> {
  const { config } = await loadConfig({
    flags: [],
    env: { NEONWATCH_CONFIG: configFile },
    readFile: readConfigText,
    mustWatch: true,
  });
  // What moves is read twice; in a world that is faster less time between is as much.
  const betweenLooksMs = Math.max(3_000 / speed, 1_500);
  const asked = { config, clock: systemClock, random: Math.random, timeoutMs: 30_000, betweenLooksMs };
  const diagnosis = await diagnose(asked);
  const saved = diagnosisJson(diagnosis, 'test');
  const setting = { width: undefined, isColoured: false };
  const changed = against === undefined ? [] : changeLines(against, saved, setting);
  const headline = against === undefined ? saved.headline : headlineSince(against, saved);
  return {
    saved,
    headline,
    report: [...reportLines(diagnosis, setting, headline), ...changed],
    changes: against === undefined ? [] : changesSince(against, saved),
    usualAddresses: usualAddressesOf(diagnosis.looks),
  };
}

/** Makes equal what is another one in every run: ports, instants, ages, how long something took. */
function withoutChance(line: string, usualAddresses: ReadonlyMap<string, string>): string {
  return line
    .replace(/127\.0\.0\.1(?::| -p )\d+/g, (address) => {
      const usual = usualAddresses.get(address.replace(' -p ', ':'));
      return usual === undefined ? address : usual.replace(':', address.includes(' -p ') ? ' -p ' : ':');
    })
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '2026-01-01T00:00:00.000Z')
    .replace(/\b\d+ s ago/g, '1 s ago')
    .replace(/\b\d+ ms for its status, the others \d+ ms/, '230 ms for its status, the others 2 ms');
}

const introduction = `# What doctor says of each fault of the demo

Written by a test from what it saw (\`NEONWATCH_DOCTOR_TRANSCRIPT=1 npx vitest run --project system
test/system/demo.test.ts\`); the same test holds the first lines to a table that was written by hand. Only ports,
instants, ages and durations are made equal. To see one for yourself: \`npm run demo -- --fault NAME\`, and in another terminal the
command that the demo prints.

The demo is in a hurry: its controller calls a pageserver offline after seconds, and its configuration lets a connection
string settle for half a second and a transaction be idle for one. Everything else is as it is by default.
`;

function section(name: string, { report }: Said, usualAddresses: ReadonlyMap<string, string>): string {
  const fault = demoFaults.find((one) => one.name === name);
  const { unseen, changes } = expectedOfFault[name] ?? {};
  const flags = changes === undefined ? '' : ' --against before.json';
  return [
    `## ${name}`,
    '',
    `${fault?.about}.`,
    ...(unseen === undefined ? [] : ['', `What one look cannot see: ${unseen}.`]),
    '',
    '```console',
    `$ npm run neonwatch -- doctor --config neonwatch.yaml${flags}`,
    ...report.map((line) => withoutChance(line, usualAddresses)),
    '```',
    '',
  ].join('\n');
}

/** Writes docs/doctor-transcript.md. */
export async function writeTranscript(said: ReadonlyMap<string, Said>): Promise<void> {
  // When the controller is away nobody announces the others.
  const usual = new Map([...said.values()].flatMap(({ usualAddresses }) => [...usualAddresses]));
  const text = [introduction, ...[...said].map(([name, one]) => section(name, one, usual))].join('\n');
  await writeFile(join(checkout, 'docs', 'doctor-transcript.md'), text);
}
