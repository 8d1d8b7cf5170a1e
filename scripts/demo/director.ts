import type { Clock } from '../../src/clock.ts';
import { isCalm, unreadSince, whatIsWrong } from './calm.ts';
import type { DemoFault } from './faults/fault.ts';
import { clockText, faultLine } from './narrator.ts';
import type { Scene } from './scene.ts';
import { type ExposedSample, parseWatchExpression, type WatchExpression } from './watch-expression.ts';

const pollMs = 200;

export interface Stage {
  readonly scene: Scene;
  readonly scrape: () => Promise<readonly ExposedSample[]>;
  readonly say: (line: string) => void;
  readonly clock: Clock;
  /** Longest wait for a fault to show, and again for all to be well. */
  readonly patienceMs: number;
  /** What else is done while a fault is there and was seen. */
  readonly whileBroken?: (fault: DemoFault) => Promise<void>;
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

/** @throws the signal's reason when it aborts. */
function wait({ clock, signal }: Pick<Stage, 'clock' | 'signal'>, delayMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const end = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener('abort', end);
      resolve();
    });
    signal.addEventListener('abort', end, { once: true });
  });
}

/** How long it took until a scrape was as wanted; undefined when it was not in time. */
async function waitFor(
  stage: Stage,
  isWanted: (samples: readonly ExposedSample[]) => boolean,
): Promise<number | undefined> {
  const { scrape, signal, patienceMs, clock } = stage;
  const startedMs = clock.monotonicMs();
  while (clock.monotonicMs() - startedMs < patienceMs) {
    signal.throwIfAborted();
    if (isWanted(await scrape())) return clock.monotonicMs() - startedMs;
    await wait(stage, pollMs);
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
  const now = () => clockText(stage.clock.wallMs());
  const before = await stage.scrape();
  let seenMs: number | undefined;
  let problem: string | undefined;
  let holds = (_samples: readonly ExposedSample[]): boolean => false;
  try {
    const { story, values = {} } = await fault.begin(scene);
    say(faultLine(stage.clock.wallMs(), story, metricsOf(fault)));
    const expressions = expressionsOf(fault, values);
    holds = (samples) => expressions.every((expression) => expression.isTrue(samples, before));
    if (holds(before)) problem = 'its metrics said so before it began';
    seenMs = await waitFor(stage, holds);
    if (seenMs === undefined) problem ??= `not seen: ${missing(expressions, await stage.scrape(), before)}`;
    else say(`${now()}   seen after ${seconds(seenMs)}`);
    await stage.whileBroken?.(fault);
    await wait(stage, holdMs);
  } catch (error) {
    signal.throwIfAborted();
    problem = error instanceof Error ? error.message : String(error);
  }
  const { calmMs, still } = await putRight(stage, fault, holds);
  if (calmMs === undefined) problem ??= `not well again: ${still}`;
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

interface PutRight {
  /** How long it took until all was well again; undefined when it was not in time. */
  readonly calmMs: number | undefined;
  /** What is still wrong then. */
  readonly still: string;
}

async function putRight(
  stage: Stage,
  fault: DemoFault,
  holds: (samples: readonly ExposedSample[]) => boolean,
): Promise<PutRight> {
  try {
    await fault.end(stage.scene);
    const endedMs = stage.clock.wallMs();
    // What was read before may look well and say nothing of what the fault has left.
    const unread = (samples: readonly ExposedSample[]) => unreadSince(samples, endedMs);
    const isWell = (samples: readonly ExposedSample[]): boolean =>
      isCalm(samples) && !holds(samples) && unread(samples).length === 0;
    const calmMs = await waitFor(stage, isWell);
    if (calmMs !== undefined) return { calmMs, still: '' };
    const samples = await stage.scrape();
    const old = unread(samples).map((reading) => `${reading} was not read again`);
    return { calmMs, still: [...whatIsWrong(samples), ...old].join(', ') };
  } catch (error) {
    stage.signal.throwIfAborted();
    return { calmMs: undefined, still: error instanceof Error ? error.message : String(error) };
  }
}

/** Breaks these and leaves them so until the signal aborts. */
export async function stay(stage: Stage, faults: readonly DemoFault[]): Promise<void> {
  for (const fault of faults) {
    const before = await stage.scrape();
    const { story, values = {} } = await fault.begin(stage.scene);
    stage.say(faultLine(stage.clock.wallMs(), story, metricsOf(fault)));
    const expressions = expressionsOf(fault, values);
    const seenMs = await waitFor(stage, (samples) => expressions.every((one) => one.isTrue(samples, before)));
    const now = clockText(stage.clock.wallMs());
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
      await wait(stage, paceMs);
    }
  }
}
