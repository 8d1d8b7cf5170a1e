import type { FamilyDeclaration, Sample } from '../metrics/family.ts';
import type { Pace } from './pace.ts';
import { BadRow, type QuarantineReason } from './row.ts';
import { createSliceWriter, type Slice } from './slice-writer.ts';

/** A slice, or why its family is left out of this chunk. `detail` is for people and names no label value. */
export type SliceResult =
  | { readonly ok: Slice }
  | { readonly quarantined: QuarantineReason; readonly detail: string };

/** A slice without rows: keeps the place of a family that is quarantined. */
export function emptySlice(family: FamilyDeclaration): Slice {
  return { family, pages: [], rowEnds: new Uint32Array(0), rows: 0, omittedRows: 0 };
}

/**
 * Renders the rows of one family, resting between steps so that nothing else waits.
 * Never rejects: a row that would spoil the exposition quarantines the family, as data.
 *
 * @param samples its rows are taken lazily, once
 * @param maxRows rows that are rendered; what comes after them is only counted
 */
export async function renderSlice(
  family: FamilyDeclaration,
  samples: () => Iterable<Sample>,
  pace: Pace,
  maxRows = Number.POSITIVE_INFINITY,
): Promise<SliceResult> {
  try {
    const writer = createSliceWriter(family, maxRows);
    for (const sample of samples()) {
      writer.add(sample);
      if (pace.spent()) await pace.rest();
    }
    return { ok: writer.finish() };
  } catch (thrown) {
    return quarantine(thrown);
  }
}

/** As `renderSlice`, at once: for the few rows neonwatch has of its own. */
export function renderSliceNow(family: FamilyDeclaration, samples: () => Iterable<Sample>): SliceResult {
  try {
    const writer = createSliceWriter(family, Number.POSITIVE_INFINITY);
    for (const sample of samples()) writer.add(sample);
    return { ok: writer.finish() };
  } catch (thrown) {
    return quarantine(thrown);
  }
}

function quarantine(thrown: unknown): SliceResult {
  if (thrown instanceof BadRow) return { quarantined: thrown.reason, detail: thrown.message };
  return { quarantined: 'threw', detail: thrown instanceof Error ? thrown.message : String(thrown) };
}
