import { neurondb } from '../../../src/collectors/compute/neurondb.ts';
import type { NeurondbReading } from '../../../src/collectors/compute/neurondb-reading.ts';
import { familyHeader } from '../../../src/render/exposition.ts';
import { keyFormat, valueText } from '../../../src/render/row.ts';
import { computeTarget } from './compute-collect.ts';

/** The page of a reading, families without a value left out. Throws on what the renderer would quarantine. */
export function neurondbText(reading: NeurondbReading): string {
  let text = '';
  for (const family of neurondb.families) {
    const keyOf = keyFormat(family);
    const keys = new Set<string>();
    const rows = [...family.samples({ target: computeTarget, reading })].map((sample) => {
      const key = keyOf(sample);
      if (keys.has(key)) throw new Error(`twice: ${family.name}${key}`);
      keys.add(key);
      return `${family.name}${key} ${valueText(sample.value)}\n`;
    });
    if (rows.length > 0) text += familyHeader(family, 'text').toString() + rows.join('');
  }
  return text;
}
