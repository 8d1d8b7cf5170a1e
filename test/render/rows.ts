import type { FamilyDeclaration, Sample } from '../../src/metrics/family.ts';
import type { Body } from '../../src/render/exposition.ts';
import type { Pace } from '../../src/render/pace.ts';
import { renderSlice, type SliceResult } from '../../src/render/slice.ts';
import type { Slice } from '../../src/render/slice-writer.ts';

/** A pace that never rests: for tests that are not about resting. */
export const restless: Pace = { spent: () => false, rest: () => Promise.resolve() };

export function declare(overrides: Partial<FamilyDeclaration> = {}): FamilyDeclaration {
  return {
    name: 'neon_rows',
    type: 'gauge',
    help: 'Rows of a test.',
    labels: ['a', 'b'],
    cardinality: 'cluster',
    stability: 'stable',
    ...overrides,
  };
}

export function render(family: FamilyDeclaration, samples: Iterable<Sample>): Promise<SliceResult> {
  return renderSlice(family, () => samples, restless);
}

/** The slice of rows that are known to be good. */
export async function sliceOf(family: FamilyDeclaration, samples: Iterable<Sample>): Promise<Slice> {
  const result = await render(family, samples);
  if ('ok' in result) return result.ok;
  throw new Error(`quarantined: ${result.quarantined}: ${result.detail}`);
}

export function textOf(body: Body | readonly Buffer[]): string {
  return Buffer.concat('pages' in body ? [...body.pages] : [...body]).toString();
}
