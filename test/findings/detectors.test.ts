import { describe, expect, it } from 'vitest';
import { detectors } from '../../src/alerts/registry.ts';
import { caseTables } from './case-tables.ts';
import { firingOf, playCase, unknownOf } from './finding-case.ts';

describe('the list of detectors', () => {
  it('has a case table for each', () => {
    expect(caseTables.map(({ detector }) => detector.id).sort()).toEqual(
      detectors.map(({ id }) => id).sort(),
    );
  });

  it('names as causes only findings that there are', () => {
    const ids = new Set(detectors.map(({ id }) => id));
    const unheardOf = detectors.flatMap(({ id, explainedBy }) =>
      explainedBy.filter((cause) => !ids.has(cause)).map((cause) => `${id} explained by ${cause}`),
    );
    expect(unheardOf).toEqual([]);
  });
});

describe.each(caseTables)('$detector.id', ({ detector, cases }) => {
  it.each(cases)('$name', async (row) => {
    const played = await playCase(detector, row);
    expect(firingOf(played)).toEqual([...row.firing]);
    if (row.unknown !== undefined) expect(unknownOf(played)).toEqual([...row.unknown]);
  });
});
