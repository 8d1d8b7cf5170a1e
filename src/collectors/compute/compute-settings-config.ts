import {
  type Connstring,
  isSameConnstring,
  isSameSafekeepers,
  parseConnstring,
  parseSafekeepers,
  type SafekeeperList,
} from '../../neon/connstring.ts';
import { parseBlocks } from '../../neon/guc-unit.ts';
import type { ComputeConfig } from '../../sources/config-json.ts';
import type { NeonSetting } from './compute-settings-rows.ts';

/** `neon.stripe_size` of a compute that was given none. */
const defaultStripeBlocks = 2048;

/** What `config.json` would make of the compute at its next start, and whether that is what it is now. */
export interface NextStart {
  readonly connstring: Connstring;
  readonly stripeSizeBlocks: number | undefined;
  /** All places of the spec that name pageservers name the same ones. */
  readonly isConsistent: boolean;
  /** For each setting that is known on both sides. */
  readonly matchesLive: ReadonlyMap<NeonSetting, boolean>;
}

export interface LiveStorage {
  readonly connstring: Connstring | undefined;
  readonly stripeSizeBlocks: number | undefined;
  readonly tenantId: string | undefined;
  readonly timelineId: string | undefined;
  readonly safekeepers: SafekeeperList | undefined;
}

/** Connection strings are taken apart here and go no further. */
export function nextStart(config: ComputeConfig, live: LiveStorage, blockBytes: number): NextStart {
  const places = config.connstrings.map(({ connstring }) => parseConnstring(connstring));
  const connstring = places.at(-1) ?? parseConnstring('');
  const stripeSizeBlocks =
    config.stripeSize === undefined ? defaultStripeBlocks : parseBlocks(config.stripeSize, blockBytes);
  const safekeepers = config.safekeepers === undefined ? undefined : parseSafekeepers(config.safekeepers);
  const matchesLive = new Map<NeonSetting, boolean>();
  if (live.connstring !== undefined) {
    matchesLive.set('neon.pageserver_connstring', isSameConnstring(connstring, live.connstring));
  }
  if (live.stripeSizeBlocks !== undefined) {
    matchesLive.set('neon.stripe_size', stripeSizeBlocks === live.stripeSizeBlocks);
  }
  if (config.tenantId !== undefined && live.tenantId !== undefined) {
    matchesLive.set('neon.tenant_id', config.tenantId === live.tenantId);
  }
  if (config.timelineId !== undefined && live.timelineId !== undefined) {
    matchesLive.set('neon.timeline_id', config.timelineId === live.timelineId);
  }
  if (safekeepers !== undefined && live.safekeepers !== undefined) {
    matchesLive.set('neon.safekeepers', isSameSafekeepers(safekeepers, live.safekeepers));
  }
  return {
    connstring,
    stripeSizeBlocks,
    isConsistent: places.every((place) => isSameConnstring(place, connstring)),
    matchesLive,
  };
}
