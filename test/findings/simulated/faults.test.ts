import { describe, expect, it } from 'vitest';
import { createWorld } from '../../../src/simulator/world/world.ts';
import { faultRows } from './fault-rows.ts';
import { playFault } from './fault-table.ts';

const seed = 11;
/** Cures, not faults. */
const cures = ['database_mended'];

const byName = faultRows.map((row) => ({ name: row.name, row, finds: row.finds ?? 'nothing' }));

function rowCalled(name: string) {
  const found = faultRows.find((row) => row.name === name);
  if (found === undefined) throw new Error(`no row ${name}`);
  return found;
}

describe('a fault in a calm cluster', { timeout: 120_000 }, () => {
  it.each(byName)('$name gives $finds in time, and nothing else', async ({ row }) => {
    const outcome = await playFault(row, seed);
    expect(outcome.problem).toBeUndefined();
    expect(outcome.falseAlarms.map(({ key, className }) => `${key} ${className ?? ''}`)).toEqual([]);
    if (row.finds === undefined) return;
    expect(outcome.caughtMs, `within ${outcome.promisedMs} ms`).toBeDefined();
    if (row.stays !== true) expect(outcome.goneMs, 'resolves when it is over').toBeDefined();
  });

  it('is in the table, whichever the simulator has', () => {
    const named = faultRows.map(({ name }) => name).join(' ');
    const missing = createWorld({ seed })
      .faults.list()
      .filter(({ name }) => !named.includes(name) && !cures.includes(name));
    expect(missing).toEqual([]);
  });

  it('counts as missed when its finding does not come, and what comes instead as a false alarm', async () => {
    const outcome = await playFault({ ...rowCalled('split_brain'), finds: 'broker_away' }, seed);
    expect(outcome.caughtMs).toBeUndefined();
    expect(outcome.falseAlarms.map(({ id }) => id)).toEqual(['split_brain']);
  });

  it('counts as a false alarm where nothing is to be found', async () => {
    const { finds: _, ...row } = rowCalled('broker_down');
    const outcome = await playFault({ ...row, finds: undefined }, seed);
    expect(outcome.falseAlarms.map(({ id }) => id)).toEqual(['broker_away']);
  });
});
