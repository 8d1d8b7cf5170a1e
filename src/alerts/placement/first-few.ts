/** How many there are, and the first of them by key, whatever the order in which they come. */
export interface FirstFew<Item> {
  count: number;
  /** Kept at most. */
  readonly most: number;
  /** By ascending key. */
  readonly first: { readonly key: string; readonly item: Item }[];
}

export function firstFew<Item>(most: number): FirstFew<Item> {
  return { count: 0, most, first: [] };
}

/** Counts an item, and keeps it if it is among the first. */
export function keepFirst<Item>(list: FirstFew<Item>, key: string, item: Item): void {
  list.count += 1;
  const { first, most } = list;
  const last = first.at(-1);
  if (first.length >= most && (last === undefined || key >= last.key)) return;
  const at = first.findIndex((one) => key < one.key);
  first.splice(at === -1 ? first.length : at, 0, { key, item });
  if (first.length > most) first.pop();
}
