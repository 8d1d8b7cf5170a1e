import type { DetectInput, Json } from '../../detector.ts';

/** Former values of a counter, oldest first: `[milliseconds since the epoch, value]`. */
export type CounterSamples = readonly (readonly [number, number])[];

/** How a counter moved within a window. */
export interface CounterRise {
  readonly rise: number;
  readonly perSecond: number;
  readonly spanMs: number;
}

/** More than a window of readings at the shortest interval that makes sense; a faster one is thinned out. */
const maxSamples = 128;
/** Two readings further apart than so many windows say nothing of now. */
const maxGapWindows = 4;

/** What is remembered of a counter's former values; anything that is none of ours counts as nothing. */
export function counterSamples(memory: Json | undefined): CounterSamples {
  if (!Array.isArray(memory)) return [];
  return memory.filter(
    (sample): sample is [number, number] =>
      Array.isArray(sample) && typeof sample[0] === 'number' && typeof sample[1] === 'number',
  );
}

/** What a detector remembers of the targets that are still watched: one that cannot be read now keeps its samples. */
export function keptMemory(
  { looks, memory }: Pick<DetectInput<Readonly<Record<string, Json>>>, 'looks' | 'memory'>,
  collector: string,
): Record<string, Json> {
  const watched = new Set(
    looks.filter((look) => look.collector === collector).map(({ target }) => target.name),
  );
  return Object.fromEntries(Object.entries(memory ?? {}).filter(([name]) => watched.has(name)));
}

/**
 * Adds a reading and forgets what is older than the window; of a collector that is slower than the window the reading
 * before is kept. A counter that went down was reset, and a clock that went back proves nothing: both start anew.
 */
export function addSample(
  samples: CounterSamples,
  atMs: number,
  value: number,
  windowMs: number,
): CounterSamples {
  const last = samples.at(-1);
  if (last === undefined || value < last[1] || atMs < last[0]) return [[atMs, value]];
  if (atMs === last[0]) return samples;
  const within = samples.filter(([ms]) => atMs - ms <= windowMs);
  const before = within.length === 0 && atMs - last[0] <= maxGapWindows * windowMs ? [last] : within;
  return [...before, [atMs, value] as const].slice(-maxSamples);
}

/** What happened between the first and the last sample; undefined until they are half a window apart. */
export function counterRise(samples: CounterSamples, windowMs: number): CounterRise | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const spanMs = last[0] - first[0];
  if (spanMs <= 0 || spanMs < windowMs / 2) return undefined;
  const rise = last[1] - first[1];
  return { rise, perSecond: (rise * 1000) / spanMs, spanMs };
}
