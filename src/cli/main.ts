#!/usr/bin/env -S node --max-semi-space-size=4
import { ConfigError } from '../config/config-error.ts';
import { version } from '../version.ts';
import { parseArguments } from './args.ts';
import { type CommandResult, refused, runConfigCommand } from './config-command.ts';
import { readConfigText } from './config-text.ts';
import { runDoctorCommand } from './doctor/doctor-command.ts';
import { runExplainCommand } from './explain-command.ts';
import { helpText } from './help.ts';
import { runPlanCommand } from './plan-command.ts';
import { runPreflightCommand } from './preflight-command.ts';
import { runRecordCommand } from './record-command.ts';
import { runReplayCommand } from './replay-command.ts';
import { runServeCommand } from './serve-command.ts';
import { runSimulateCommand } from './simulate-command.ts';

/** A process that was asked to end and has not by then is ended. */
const lastResortMs = 5_000;

/** The first SIGTERM or SIGINT asks; a second one, or too long a wait, ends the process at once. */
function askedToEnd(): Promise<string> {
  return new Promise((resolve) => {
    let wasAsked = false;
    const onSignal = (signal: string): void => {
      if (wasAsked) process.exit(1);
      wasAsked = true;
      setTimeout(() => process.exit(1), lastResortMs).unref();
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

function run(argv: readonly string[]): CommandResult | Promise<CommandResult> {
  const { command, rest, flags, own, help, version: wantsVersion } = parseArguments(argv);
  if (help) return { exitCode: 0, stdout: helpText(), stderr: '' };
  if (wantsVersion) return { exitCode: 0, stdout: `neonwatch ${version}\n`, stderr: '' };
  const sources = { flags, env: process.env, readFile: readConfigText };
  if (command === 'config') return runConfigCommand(rest, sources);
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const isScreen = process.stdout.isTTY === true;
  const isColoured = isScreen && !process.env['NO_COLOR'];
  const setting = { width: isScreen ? process.stdout.columns : undefined, isColoured };
  if (command === 'explain') return runExplainCommand(rest, setting);
  if (command === 'preflight') return runPreflightCommand(rest, sources, setting);
  if (command === 'plan') return runPlanCommand(own, sources, setting);
  if (command === 'record') return runRecordCommand(rest, sources);
  if (command === 'replay') return runReplayCommand(rest, own, setting);
  if (command === 'doctor') {
    return runDoctorCommand(own, sources, { print, setting, isScreen, asked: askedToEnd });
  }
  if (command === 'simulate') return runSimulateCommand(rest, { print, asked: askedToEnd() });
  return runServeCommand(sources, { print, logTo: process.stderr, asked: askedToEnd() });
}

async function main(): Promise<void> {
  // Who read our output may leave (`| head`, a log shipper that restarts): that must not end the watching.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  let result: CommandResult;
  try {
    result = await run(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    result = refused(error.problems);
  }
  process.stdout.write(result.stdout);
  process.stderr.write(result.stderr);
  process.exitCode = result.exitCode;
}

await main();
