import type { Clock } from '../clock.ts';
import type { Budgets } from './budget.ts';
import { createChunkRenderer, type Quarantine } from './chunk-renderer.ts';
import type { ChunkSource } from './chunk-source.ts';
import { type Body, type Format, formats } from './exposition.ts';
import { gzipBody } from './gzip.ts';
import { createPace } from './pace.ts';
import { assemble, type Snapshot } from './snapshot.ts';

/** A format that nobody asked for in this long is no longer compressed. */
const askedWithinMs = 10 * 60_000;

export interface SnapshotBuilderOptions {
  readonly clock: Clock;
  /** Asked once per build for all there is to render, in a deterministic order. */
  readonly sources: () => readonly ChunkSource[] | Promise<readonly ChunkSource[]>;
  readonly budgets: Budgets;
  /** A build that failed, or a format that could not be compressed and is served as it is. */
  readonly onError: (error: unknown) => void;
  readonly onQuarantine?: (quarantine: Quarantine) => void;
}

/** Makes one snapshot after the other. */
export interface SnapshotBuilder {
  /** The next snapshot, compressed for whoever asked; undefined when it failed. Never rejects; one call at a time. */
  build(): Promise<Snapshot | undefined>;
  /** Somebody would take this format compressed: snapshots from the next on have it. */
  wantGzip(format: Format): void;
  /** What the last build took, failed or not; 0 before the first. */
  lastBuildMs(): number;
}

export function createSnapshotBuilder(options: SnapshotBuilderOptions): SnapshotBuilder {
  const { clock, sources, budgets, onError, onQuarantine = () => undefined } = options;
  const renderer = createChunkRenderer(createPace(clock), budgets, onQuarantine);
  const startedMs = clock.monotonicMs();
  const askedMs: Record<Format, number> = { text: startedMs, openmetrics: startedMs };
  const builds = { ok: 0, failed: 0 };
  let lastBuildMs: number | undefined;

  async function snapshot(): Promise<Snapshot> {
    const chunks = await renderer.render(await sources());
    const plain = assemble(chunks, budgets, {
      builtAtMs: clock.wallMs(),
      lastBuildMs,
      builds,
      quarantines: renderer.quarantines(),
    });
    return { ...plain, gzip: await compressed(plain.identity) };
  }

  async function compressed(identity: Snapshot['identity']): Promise<Snapshot['gzip']> {
    const bodies: Partial<Record<Format, Body>> = {};
    for (const format of formats) {
      if (clock.monotonicMs() - askedMs[format] > askedWithinMs) continue;
      try {
        bodies[format] = await gzipBody(identity[format]);
      } catch (error) {
        onError(error);
      }
    }
    return bodies;
  }

  return {
    async build() {
      const beganMs = clock.monotonicMs();
      try {
        const built = await snapshot();
        builds.ok += 1;
        return built;
      } catch (error) {
        builds.failed += 1;
        onError(error);
        return undefined;
      } finally {
        lastBuildMs = clock.monotonicMs() - beganMs;
      }
    },
    wantGzip(format) {
      askedMs[format] = clock.monotonicMs();
    },
    lastBuildMs: () => lastBuildMs ?? 0,
  };
}
