import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeLook,
  decodeManifest,
  type Manifest,
  type RecordedLook,
  recordedReadings,
} from '../bundle/bundle.ts';
import { systemClock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Flag } from '../config/flag-layer.ts';
import { Findings } from '../config/sections/findings.ts';
import { effectiveThresholds, enabledDetectors } from '../open-findings.ts';
import { version } from '../version.ts';
import { type CommandResult, refused } from './config-command.ts';
import { createExaminer } from './doctor/diagnose.ts';
import { type Diagnosis, exitCodeOf } from './doctor/diagnosis.ts';
import { doctorOptions } from './doctor/doctor-flags.ts';
import type { Setting } from './doctor/lines.ts';
import { reportLines } from './doctor/report.ts';
import { diagnosisJson } from './doctor/saved.ts';
import { tenantLines } from './doctor/tenant-report.ts';

async function textOf(folder: string, file: string): Promise<string> {
  try {
    return await readFile(join(folder, file), 'utf8');
  } catch (error) {
    throw new ConfigError([
      `replay: ${join(folder, file)} cannot be read (${(error as NodeJS.ErrnoException).code}); give a folder that \`neonwatch record\` wrote`,
    ]);
  }
}

function understood<Value extends object>(folder: string, file: string, value: Value | string): Value {
  if (typeof value !== 'string') return value;
  throw new ConfigError([`replay: ${join(folder, file)} cannot be used: ${value}`]);
}

/** Thresholds as they were in force. */
function findingsOf(folder: string, { findings }: Manifest) {
  const parsed = Findings.safeParse(findings);
  return understood(
    folder,
    'manifest.json',
    parsed.success ? parsed.data : 'its findings section is not right',
  );
}

async function examined(folder: string, tenant: string | undefined): Promise<Diagnosis> {
  const manifest = understood(folder, 'manifest.json', decodeManifest(await textOf(folder, 'manifest.json')));
  const findings = findingsOf(folder, manifest);
  const thresholds = effectiveThresholds({ findings, addresses: manifest.addresses });
  const shared = {
    detectors: enabledDetectors({ findings }),
    thresholds,
    hosts: manifest.hosts,
    clock: systemClock,
    tenant,
  };
  const examine = createExaminer(shared);
  let diagnosis: Diagnosis | undefined;
  for (const file of manifest.looks) {
    const look: RecordedLook = understood(folder, file, decodeLook(await textOf(folder, file)));
    diagnosis = await examine({ readings: recordedReadings(look), looks: look.looks, nowMs: look.nowMs });
  }
  if (diagnosis === undefined) throw new ConfigError([`replay: ${folder} holds no look`]);
  return diagnosis;
}

/** `neonwatch replay DIR`: the report of `doctor`, from a folder that `record` wrote. Nothing is looked at. */
export async function runReplayCommand(
  words: readonly string[],
  flags: readonly Flag[],
  setting: Setting,
): Promise<CommandResult> {
  const [folder, ...others] = words;
  if (folder === undefined || others.length > 0)
    return refused(['replay: expected one folder: neonwatch replay DIR']);
  try {
    const options = doctorOptions(flags);
    const diagnosis = await examined(folder, options.tenant);
    const stdout = options.isJson
      ? JSON.stringify(diagnosisJson(diagnosis, version), undefined, 2)
      : linesOf(diagnosis, options.tenant, setting).join('\n');
    return { exitCode: exitCodeOf(diagnosis), stdout: `${stdout}\n`, stderr: '' };
  } catch (error) {
    if (error instanceof ConfigError) return refused(error.problems);
    throw error;
  }
}

function linesOf(diagnosis: Diagnosis, tenant: string | undefined, setting: Setting): readonly string[] {
  return tenant === undefined || diagnosis.tenant === undefined
    ? reportLines(diagnosis, setting)
    : tenantLines(tenant, diagnosis.tenant, setting);
}
