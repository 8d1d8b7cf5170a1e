import { type Budgets, type Chunk, maxRowsOf } from './budget.ts';
import type { ChunkSource } from './chunk-source.ts';
import type { Pace } from './pace.ts';
import type { QuarantineReason } from './row.ts';
import type { QuarantineCount } from './self-families.ts';
import { emptySlice, renderSlice } from './slice.ts';
import type { Slice } from './slice-writer.ts';

/** A family that was left out of one chunk, for the log. */
export interface Quarantine {
  readonly collector: string;
  readonly target: string;
  readonly family: string;
  readonly reason: QuarantineReason;
  readonly detail: string;
}

/** Turns sources into chunks and remembers them, so that only what changed is rendered. */
export interface ChunkRenderer {
  /** One chunk per source, in the given order. A key given twice counts once. Sources no longer given are forgotten. */
  render(sources: readonly ChunkSource[]): Promise<readonly Chunk[]>;
  quarantines(): readonly QuarantineCount[];
}

interface Rendered {
  readonly version: number;
  readonly chunk: Chunk;
}

export function createChunkRenderer(
  pace: Pace,
  budgets: Budgets,
  onQuarantine: (quarantine: Quarantine) => void,
): ChunkRenderer {
  let rendered = new Map<string, Rendered>();
  const counts = new Map<string, QuarantineCount>();

  function quarantine(found: Quarantine): void {
    const { family, collector, reason } = found;
    const key = JSON.stringify([family, collector, reason]);
    counts.set(key, { family, collector, reason, count: (counts.get(key)?.count ?? 0) + 1 });
    onQuarantine(found);
  }

  async function renderChunk({ collector, target, families }: ChunkSource): Promise<Chunk> {
    const slices: Slice[] = [];
    for (const { declaration, samples } of families) {
      const maxRows = maxRowsOf(collector, declaration.cardinality, budgets);
      const result = await renderSlice(declaration, samples, pace, maxRows);
      if ('ok' in result) {
        slices.push(result.ok);
        continue;
      }
      slices.push(emptySlice(declaration));
      const { quarantined: reason, detail } = result;
      quarantine({ collector, target, family: declaration.name, reason, detail });
    }
    return { collector, target, slices };
  }

  return {
    async render(sources) {
      const next = new Map<string, Rendered>();
      for (const source of sources) {
        if (next.has(source.key)) continue;
        const known = rendered.get(source.key);
        const isCurrent = known?.version === source.version;
        next.set(
          source.key,
          isCurrent ? known : { version: source.version, chunk: await renderChunk(source) },
        );
      }
      rendered = next;
      return [...next.values()].map(({ chunk }) => chunk);
    },
    quarantines: () => [...counts.values()],
  };
}
