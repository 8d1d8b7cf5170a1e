/**
 * A Neon that breaks on command, with neonwatch watching it: a simulated cluster, a real Postgres as the compute with
 * an application at work, and the real exporter. `npm run demo -- --help` says what else it can do.
 */
import { type DemoArguments, parseDemoArguments, usage } from './demo/arguments.ts';
import { askedToEnd } from './demo/asked-to-end.ts';
import { metricsOf, type Played, play, playForEver, stay } from './demo/director.ts';
import { demoFaults } from './demo/faults/all-faults.ts';
import type { DemoFault } from './demo/faults/fault.ts';
import { type RunningDemo, startDemo } from './demo/running-demo.ts';

const say = (line: string): void => console.log(line);

function listing(): string {
  return demoFaults
    .map((fault) => `${fault.name}\n    ${fault.about}\n    watch ${metricsOf(fault).join(', ')}`)
    .join('\n');
}

/** Plays every fault once. Gives the exit code. */
async function playOnce(demo: RunningDemo, faults: readonly DemoFault[]): Promise<number> {
  const played: Played[] = [];
  for (const fault of faults) played.push(await play(demo.stage, fault, 0));
  const failed = played.filter(({ problem }) => problem !== undefined);
  say(`${played.length - failed.length} of ${played.length} faults seen and put right`);
  for (const { name, problem } of failed) say(`  ${name}: ${problem}`);
  return failed.length === 0 ? 0 : 1;
}

/** What the demo does until it is done or asked to end. Gives the exit code. */
async function perform(demo: RunningDemo, options: DemoArguments): Promise<number> {
  const named = demoFaults.filter(({ name }) => options.faults.includes(name));
  if (options.once) return playOnce(demo, named.length === 0 ? demoFaults : named);
  if (named.length > 0) await stay(demo.stage, named);
  else if (!options.calm) {
    const pace = `${options.paceMs / 1_000} s`;
    say(
      `Now one fault after another: each stays ${pace}, and ${pace} later comes the next of ${demoFaults.length}.`,
    );
    say('npm run demo -- --list names them all, npm run demo -- --fault NAME plays one.\n');
    await playForEver(demo.stage, demoFaults, options.paceMs);
  }
  await demo.over;
  return 0;
}

/** Runs the demo to its end and leaves nothing behind. Gives the exit code. */
async function run(options: DemoArguments, ending: AbortSignal): Promise<number> {
  let demo: RunningDemo | undefined;
  say('starting a simulated Neon cluster, a Postgres and neonwatch');
  try {
    demo = await startDemo({ ...options, say, ending });
    for (const line of demo.introduction) say(line);
    return await perform(demo, options);
  } catch (error) {
    // Whatever was under way when the demo was asked to end has failed for that reason.
    if (ending.aborted) return 0;
    // A part that failed has ended the rest, which only says that it was aborted.
    const { reason = error } = demo?.stage.signal ?? {};
    console.error(reason instanceof Error ? reason.message : reason);
    return 1;
  } finally {
    await demo?.stop();
    if (ending.aborted) say(`ended (${ending.reason}); nothing is left behind`);
  }
}

let options: DemoArguments;
try {
  options = parseDemoArguments(
    process.argv.slice(2),
    demoFaults.map(({ name }) => name),
  );
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exit(2);
}
if (options.show === 'usage') say(usage);
else if (options.show === 'list') say(listing());
// Sockets that were cut off and timers of the simulator must not keep it alive.
else process.exit(await run(options, askedToEnd()));
