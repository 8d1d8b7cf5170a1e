import { absent, none, secondary } from './shard-table.ts';
import { type NodeState, type State, tenths, tenthsToMs } from './state.ts';
import type { SecondaryStatus } from './wire.ts';

/** How much a secondary downloads in a second. */
const kibPerSecond = 102_400;

/** The next time the attached location of the shard uploads a heatmap, in tenths of a second. */
function nextHeatmap(state: State, shard: number): number {
  const period = Math.max(1, Math.floor(state.config.heatmapPeriodMs / 100));
  const phase = (shard * 7_919) % period;
  const now = tenths(state);
  return now + period - ((now + period - phase) % period);
}

/** A location that has just become a secondary knows of no heatmap until the next one has been uploaded and read. */
export function becomeSecondary(state: State, shard: number, location: number): void {
  state.shards.locations.warmAt[location] = nextHeatmap(state, shard) + 10;
}

/** Someone asks for the download now: the heatmap is there in a moment. */
export function kickDownload(state: State, location: number): void {
  const { locations } = state.shards;
  locations.warmAt[location] = Math.min(locations.warmAt[location] ?? none, tenths(state) + 5);
}

/** What `secondary/status` says; undefined when the node has no secondary of the shard. */
export function secondaryStatus(state: State, shard: number, node: NodeState): SecondaryStatus | undefined {
  const { shards } = state;
  const at = shards.findLocation(shard, node.id);
  if (at === -1 || shards.locations.mode[at] === absent) return undefined;
  if (shards.locations.mode[at] !== secondary) return undefined;
  const warmAt = shards.locations.warmAt[at] ?? none;
  const now = tenths(state);
  if (node.cold || warmAt > now)
    return {
      heatmap_mtime: null,
      layers_downloaded: 0,
      layers_total: 0,
      bytes_downloaded: 0,
      bytes_total: 0,
    };
  const total = shards.sizeKib[shard] ?? 0;
  const downloaded = Math.min(total, Math.floor(((now - warmAt + 1) * kibPerSecond) / 10));
  const layers = Math.max(1, Math.ceil(total / 131_072));
  const period = Math.max(1, Math.floor(state.config.heatmapPeriodMs / 100));
  const mtime = tenthsToMs(state, now - ((now - warmAt) % period));
  return {
    heatmap_mtime: new Date(mtime).toISOString(),
    layers_downloaded: downloaded === total ? layers : Math.floor((layers * downloaded) / total),
    layers_total: layers,
    bytes_downloaded: downloaded * 1_024,
    bytes_total: total * 1_024,
  };
}

/** Downloads that are missing in bytes; undefined when nobody knows. */
export function secondaryLag(state: State, shard: number, node: NodeState): number | undefined {
  if (node.process !== 'up' || node.attaching) return undefined;
  const status = secondaryStatus(state, shard, node);
  if (status === undefined || status.heatmap_mtime === null) return undefined;
  return status.bytes_total - status.bytes_downloaded;
}
