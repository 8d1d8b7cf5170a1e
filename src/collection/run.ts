import type { Clock } from '../clock.ts';
import type { CollectInputs, ReadingBase, Skipped } from '../collectors/collector.ts';
import type { CollectorName, ErasedCollector } from '../collectors/registry.ts';
import type { Target } from '../collectors/target.ts';
import type { JsonReader } from '../sources/json-reader.ts';
import type { Taken } from './job.ts';
import { observedHttp, type ReadInstants, readInstants } from './observe.ts';

/** One collector bound to one target and its connection: called once a run with the newest former reading. */
export interface Run {
  readonly collector: CollectorName;
  readonly take: (previous: ReadingBase | undefined, signal: AbortSignal) => Promise<Taken | Skipped>;
}

/** A reading with its instants, or why there is none. */
export function taken(result: ReadingBase | Skipped, instants: ReadInstants): Taken | Skipped {
  if ('skipped' in result) return result;
  const [firstReadAtMs, lastReadAtMs] = instants.firstAndLast();
  return { reading: result, firstReadAtMs, lastReadAtMs };
}

/** A collector that reads over HTTP. */
export function httpRun(
  collector: ErasedCollector,
  target: Target,
  http: JsonReader,
  inputs: CollectInputs,
  clock: Clock,
): Run {
  return {
    collector: collector.name,
    async take(previous, signal) {
      const instants = readInstants(clock);
      const observed = observedHttp(http, instants);
      const describe = inputs.describe === http ? observed : observedHttp(inputs.describe, instants);
      const withoutToken =
        inputs.withoutToken === http ? observed : observedHttp(inputs.withoutToken, instants);
      const observedInputs = { ...inputs, describe, withoutToken };
      const context = { http: observed, target, previous, inputs: observedInputs, clock, signal };
      return taken(await collector.collect(context), instants);
    },
  };
}
