import type { Breathe } from '../breathe.ts';
import type { Readings } from '../collection/store.ts';
import type { CollectorName } from '../collectors/registry.ts';
import type { Family } from '../metrics/family.ts';

/** What a view is told besides readings. */
export interface ViewSettings {
  /** Addresses that lead to the same place, both `host:port`. */
  readonly aliases: Readonly<Record<string, string>>;
}

/**
 * Families that need several collectors at once. `build` joins fresh readings into facts, or gives undefined when
 * one that it needs is missing: then its families are absent, not zero.
 */
export interface View<Facts> {
  readonly name: string;
  readonly summary: string;
  readonly needs: readonly CollectorName[];
  readonly families: readonly Family<Facts>[];
  readonly build: (
    readings: Readings,
    breathe: Breathe,
    settings?: ViewSettings,
  ) => Promise<Facts | undefined>;
}
