/** Values by series text: `name{label="v",...}`, labels sorted by name, no braces when there are none. */
export type SeriesMap = Map<string, number>;

export type Labels = Readonly<Record<string, string | number>>;

function seriesText(name: string, labels: Labels = {}): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((label) => `${label}="${String(labels[label]).replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

export function put(series: SeriesMap, name: string, labels: Labels, value: number): void {
  const text = seriesText(name, labels);
  if (series.has(text)) throw new Error(`the oracle says ${text} twice`);
  series.set(text, value);
}

/** Counts `items` by the labels each gives; combinations that do not occur have no series. */
export function putCounts<Item>(
  series: SeriesMap,
  name: string,
  items: readonly Item[],
  labelsOf: (item: Item) => Labels,
): void {
  for (const item of items) {
    const text = seriesText(name, labelsOf(item));
    series.set(text, (series.get(text) ?? 0) + 1);
  }
}
