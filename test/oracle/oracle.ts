import { type OracleOptions, readBodies } from './bodies.ts';
import { putController } from './controller.ts';
import { putPageservers } from './pageservers.ts';
import type { SeriesMap } from './series.ts';

/**
 * The headline numbers of a world, recomputed from its recorded bodies by plain code that imports nothing of src.
 * Keys are `name{label="v",...}` with labels sorted by name; a number that cannot be known there has no key.
 */
export function oracle(world: string, options: OracleOptions = {}): ReadonlyMap<string, number> {
  const bodies = readBodies(world, options);
  const series: SeriesMap = new Map();
  putController(series, bodies);
  putPageservers(series, bodies);
  return series;
}
