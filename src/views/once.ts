interface Kept {
  readonly readings: readonly unknown[];
  readonly facts: Promise<unknown>;
}

/** Remembers which one it was without holding on to it: the store may have let go of a reading of 100,000 shards. */
function weakly(one: unknown): unknown {
  return typeof one === 'object' && one !== null ? new WeakRef(one) : one;
}

function isThat(kept: unknown, one: unknown): boolean {
  return kept instanceof WeakRef ? kept.deref() === one : kept === one;
}

/**
 * A walk over all shards that several views and detectors want: made once for the same readings, which never change.
 * What it gives follows from them alone, so keeping it is no state that anybody can see; it goes when the first of the
 * readings goes, or when it is asked for with others.
 */
export function oncePer<Facts>() {
  const kept = new WeakMap<object, Kept>();
  return (first: object, others: readonly unknown[], build: () => Promise<Facts>): Promise<Facts> => {
    const known = kept.get(first);
    const isSame =
      known?.readings.length === others.length && known.readings.every((one, at) => isThat(one, others[at]));
    if (known !== undefined && isSame) return known.facts as Promise<Facts>;
    const facts = build();
    kept.set(first, { readings: others.map(weakly), facts });
    // A walk that failed is made anew by the next who wants it.
    facts.catch(() => kept.delete(first));
    return facts;
  };
}
