import { setTimeout as wait } from 'node:timers/promises';
import { isCalm, whatIsWrong } from './calm.ts';
import type { DemoFault } from './faults/fault.ts';
import { clockText, faultLine } from './narrator.ts';
import type { Scene } from './scene.ts';
import { type ExposedSample, parseWatchExpression, type WatchExpression } from './watch-expression.ts';

const pollMs = 200;

export interface Stage {
  readonly scene: Scene;
  readonly scrape: () => Promise<readonly ExposedSample[]>;
  readonly say: (line: string) => void;
  readonly wallMs: () => number;
  /** Longest wait for a fault to show, and again for all to be well. */
  readonly patienceMs: number;
  /** Ends the play: what is waited for is given up, what is broken stays so. */
  readonly signal: AbortSignal;
}

/** What became of one fault. Times in milliseconds; undefined: it did not happen in time. */
export interface Played {
  readonly name: string;
  readonly seenMs: number | undefined;
  readonly calmMs: number | undefined;
  /** Why not, in words. */
  readonly problem: string | undefined;
}

/** The expressions of a fault that has begun, with what it had to say put in. */
function expressionsOf(fault: DemoFault, values: Readonly<Record<string, string>>): WatchExpression[] {
  return fault.watch.map((text) =>
    parseWatchExpression(text.replace(/%(\w+)%/g, (_all, name: string) => values[name] ?? '')),
  );
}

/** Names of the metrics that a fault shows in. */
export function metricsOf({ watch }: DemoFault): string[] {
  return [...new Set(watch.map((text) => parseWatchExpression(text.replaceAll('%', '_')).metric))];
}

/** How long it took until a scrape was as wanted; undefined when it was not in time. */
async function waitFor(
  { scrape, signal, patienceMs }: Stage,
  isWanted: (samples: readonly ExposedSample[]) => boolean,
): Promise<number | undefined> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < patienceMs) {
    signal.throwIfAborted();
    if (isWanted(await scrape())) return performance.now() - startedMs;
    await wait(pollMs, undefined, { signal });
  }
  return undefined;
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/**
 * Plays one fault: breaks it, tells of it, waits until it shows, leaves it for `holdMs`, puts it right and waits until
 * everything is well. Never throws for a fault that does not work out; it throws when the signal aborts.
 */
export async function play(stage: Stage, fault: DemoFault, holdMs: number): Promise<Played> {
  const { scene, say, signal } = stage;
  const { name } = fault;
  const now = () => clockText(stage.wallMs());
  const before = await stage.scrape();
  let seenMs: number | undefined;
  let problem: string | undefined;
  let holds = (_samples: readonly ExposedSample[]): boolean => false;
  try {
    const { story, values = {} } = await fault.begin(scene);
    say(faultLine(stage.wallMs(), story, metricsOf(fault)));
    const expressions = expressionsOf(fault, values);
    holds = (samples) => expressions.every((expression) => expression.isTrue(samples, before));
    if (holds(before)) problem = 'its metrics said so before it began';
    seenMs = await waitFor(stage, holds);
    if (seenMs === undefined) problem ??= `not seen: ${missing(expressions, await stage.scrape(), before)}`;
    else say(`${now()}   seen after ${seconds(seenMs)}`);
    await wait(holdMs, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    problem = error instanceof Error ? error.message : String(error);
  }
  const calmMs = await putRight(stage, fault, holds);
  if (calmMs === undefined) problem ??= `not well again: ${whatIsWrong(await stage.scrape()).join(', ')}`;
  else say(`${now()}   put right, all is well after ${seconds(calmMs)}`);
  if (problem !== undefined) say(`${now()}   ${name}: ${problem}`);
  return { name, seenMs, calmMs, problem };
}

function missing(
  expressions: readonly WatchExpression[],
  samples: readonly ExposedSample[],
  before: readonly ExposedSample[],
): string {
  return expressions
    .filter((expression) => !expression.isTrue(samples, before))
    .map(({ text }) => text)
    .join(' and ');
}

/** How long it took until all was well again after the fault was put right. */
async function putRight(
  stage: Stage,
  fault: DemoFault,
  holds: (samples: readonly ExposedSample[]) => boolean,
): Promise<number | undefined> {
  try {
    await fault.end(stage.scene);
    return await waitFor(stage, (samples) => isCalm(samples) && !holds(samples));
  } catch (error) {
    stage.signal.throwIfAborted();
    stage.say(`${fault.name} could not be put right: ${String(error)}`);
    return undefined;
  }
}

/** Breaks these and leaves them so until the signal aborts. */
export async function stay(stage: Stage, faults: readonly DemoFault[]): Promise<void> {
  for (const fault of faults) {
    const before = await stage.scrape();
    const { story, values = {} } = await fault.begin(stage.scene);
    stage.say(faultLine(stage.wallMs(), story, metricsOf(fault)));
    const expressions = expressionsOf(fault, values);
    const seenMs = await waitFor(stage, (samples) => expressions.every((one) => one.isTrue(samples, before)));
    const now = clockText(stage.wallMs());
    stage.say(seenMs === undefined ? `${now}   not seen` : `${now}   seen after ${seconds(seenMs)}:`);
    for (const { text } of expressions) stage.say(`             ${text}`);
  }
}

/** Plays the faults one after another for ever, with as long a rest after each as it lasted. */
export async function playForEver(
  stage: Stage,
  faults: readonly DemoFault[],
  paceMs: number,
): Promise<never> {
  for (;;) {
    for (const fault of faults) {
      await play(stage, fault, paceMs);
      await wait(paceMs, undefined, { signal: stage.signal });
    }
  }
}
