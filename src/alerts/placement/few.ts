/** How many there are, and the first of them: a fault can concern a hundred thousand shards, a finding names some. */
export interface Few<Item> {
  count: number;
  readonly first: Item[];
}

/** More than what a detector remembers of one pageserver. */
const most = 500;

export function few<Item>(): Few<Item> {
  return { count: 0, first: [] };
}

export function addTo<Item>(list: Few<Item>, item: Item): void {
  list.count += 1;
  if (list.first.length < most) list.first.push(item);
}

/** Adds to the list of one pageserver. */
export function addAt<Item>(lists: Map<number, Few<Item>>, nodeId: number, item: Item): void {
  const known = lists.get(nodeId) ?? few<Item>();
  lists.set(nodeId, known);
  addTo(known, item);
}

/** For the lists of every pageserver, what `key` gives of the named ones. */
export function keysByNode<Item>(
  lists: ReadonlyMap<number, Few<Item>>,
  key: (item: Item) => string,
): Map<number, string[]> {
  return new Map([...lists].map(([nodeId, { first }]) => [nodeId, first.map(key)]));
}
