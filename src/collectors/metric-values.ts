import type { MetricsAnswer } from '../sources/json-reader.ts';
import type { SetAsideCount } from './set-aside.ts';

/** The sum over all samples of a family; undefined when the page does not have it: unknown, not zero. */
export function metricTotal({ families }: MetricsAnswer, name: string): number | undefined {
  return families.get(name)?.reduce((sum, { value }) => sum + value, 0);
}

/** Milliseconds since the epoch of an instant that a page gives in seconds. */
export function metricInstantMs(answer: MetricsAnswer, name: string): number | undefined {
  const seconds = metricTotal(answer, name);
  return seconds === undefined ? undefined : seconds * 1000;
}

/** The samples of a family by one of its labels; empty when there are none. A sample without the label is under ''. */
export function metricByLabel(
  { families }: MetricsAnswer,
  name: string,
  label: string,
): ReadonlyMap<string, number> {
  return new Map((families.get(name) ?? []).map(({ labels, value }) => [labels[label] ?? '', value]));
}

/** As `metricByLabel` for a label that holds the id of a server; one that is no id is set aside. */
export function metricById(
  answer: MetricsAnswer,
  name: string,
  label: string,
  setAside: SetAsideCount,
): ReadonlyMap<number, number> {
  const byId = new Map<number, number>();
  for (const [text, value] of metricByLabel(answer, name, label)) {
    const id = idOf(text);
    if (id === undefined) setAside.add('bad_id');
    else byId.set(id, value);
  }
  return byId;
}

/** A whole number from 0 in its only spelling. */
export function idOf(text: string): number | undefined {
  const id = /^(?:0|[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(id) ? id : undefined;
}
