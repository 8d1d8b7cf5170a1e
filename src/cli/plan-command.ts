import { breatheBy } from '../breathe.ts';
import { type Clock, systemClock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Flag } from '../config/flag-layer.ts';
import { type ConfigSources, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { heldStill } from '../heal/held-still.ts';
import { planHealing } from '../heal/planner.ts';
import { effectiveThresholds } from '../open-findings.ts';
import { version } from '../version.ts';
import { type CommandResult, refused } from './config-command.ts';
import { diagnose, type ExaminedLook } from './doctor/diagnose.ts';
import { doctorOptions } from './doctor/doctor-flags.ts';
import type { Setting } from './doctor/lines.ts';
import { type PlanReport, planExitCode, planReportJson, planReportLines } from './plan-report.ts';

/** Whether a fill is worth its while hangs on warmth: every secondary is asked, as far as the setting's own limit allows. */
const warmthSamples = 1_000;

/** One look at everything, as `doctor` has it, and what would be done about what it finds. */
export async function decidePlan(config: Config, clock: Clock, timeoutMs: number): Promise<PlanReport> {
  let last: ExaminedLook | undefined;
  const watchingSinceMs = clock.wallMs();
  const pageservers = { ...config.pageservers, warmthSamples };
  const { snapshot, looks } = await diagnose({
    config: { ...config, pageservers },
    clock,
    random: Math.random,
    timeoutMs,
    async onLook(look) {
      // When the look is over, everything that was read is forgotten.
      last = { ...look, readings: heldStill(look.readings) };
    },
  });
  if (last === undefined) throw new Error('a look always ends with what it gave');
  const { readings } = last;
  const nowMs = clock.wallMs();
  const decisions = await planHealing({
    readings,
    looks,
    alerts: snapshot.alerts,
    policy: config.heal,
    nowMs,
    watchingSinceMs,
    isByHand: true,
    aliases: effectiveThresholds(config).drift.aliases,
    breathe: breatheBy(clock),
  });
  const hasRead = looks.some(({ up }) => up === true);
  return { decisions, readings, mode: config.heal.mode, hasRead, nowMs };
}

/**
 * `neonwatch plan`: what the healer would do about what `doctor` sees now. Sends nothing that changes anything. Exit
 * code 0: nothing would be done; 1: something would; 2: nothing could be read, or it was asked wrongly.
 */
export async function runPlanCommand(
  flags: readonly Flag[],
  sources: Omit<ConfigSources, 'mustWatch'>,
  setting: Setting,
): Promise<CommandResult> {
  try {
    const { isJson, timeoutMs } = doctorOptions(flags);
    const { config } = await loadConfig({ ...sources, mustWatch: true });
    const report = await decidePlan(config, systemClock, timeoutMs);
    const text = isJson
      ? JSON.stringify(planReportJson(report, version), undefined, 2)
      : planReportLines(report, setting).join('\n');
    return { exitCode: planExitCode(report), stdout: `${text}\n`, stderr: '' };
  } catch (error) {
    if (error instanceof ConfigError) return refused(error.problems);
    throw error;
  }
}
