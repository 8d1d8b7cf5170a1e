/** Mean times of one statement, in milliseconds with three decimals, oldest first. */
export type Means = readonly number[];

/** Samples kept: with one a minute an hour, with rarer calls longer. */
const maxMeans = 60;
/** With fewer nothing is known of what is usual. */
export const minMeans = 20;
/** From the median of absolute deviations to a standard deviation, for normal noise. */
const perDeviation = 1.4826;

export interface Baseline {
  readonly medianMs: number;
  /** Scaled median of absolute deviations from the median. */
  readonly deviationMs: number;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** What is usual, by median and median absolute deviation: half the samples may be anything. Undefined: too few. */
export function baselineOf(means: Means): Baseline | undefined {
  if (means.length < minMeans) return undefined;
  const medianMs = median(means);
  const deviationMs = perDeviation * median(means.map((mean) => Math.abs(mean - medianMs)));
  return { medianMs, deviationMs };
}

export interface SlowRules {
  readonly slowFactor: number;
  readonly slowDeviations: number;
  /** Milliseconds. */
  readonly slowExcess: number;
}

/** Whether a mean is out of the usual by every one of the rules. */
export function isSlow(meanMs: number, baseline: Baseline, rules: SlowRules): boolean {
  const excessMs = meanMs - baseline.medianMs;
  return (
    meanMs >= baseline.medianMs * rules.slowFactor &&
    excessMs >= rules.slowExcess &&
    excessMs >= baseline.deviationMs * rules.slowDeviations
  );
}

/** Adds a mean and forgets the oldest. */
export function learned(means: Means, meanMs: number): Means {
  return [...means, Math.round(meanMs * 1000) / 1000].slice(-maxMeans);
}
