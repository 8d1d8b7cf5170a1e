/** Members whose values are of the moment or of the machine: their kind is compared, not their value. */
const volatile =
  /^(captured_at|heatmap_mtime|started_at|last_scrubbed_at|start_time|last_active|.*_bytes|bytes_.*|layers_.*|utilization_score|disk_usable_pct|max_shard_count|sequence|generation|region_id|version|current_physical_size|timelines|timeline_count|address)$/;

/** Lists that come out of a hash map: their order says nothing. */
const unordered = /^(new_shards|updated|health_records)$/;

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  if (typeof value !== 'string') return typeof value;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.exec(value);
  if (time !== null) return time[1] === undefined ? 'time' : 'time with a fraction';
  return 'text';
}

/** The value with what is volatile replaced by its kind. Keys keep their order, which JSON text shows. */
function masked(value: unknown, key = ''): unknown {
  if (volatile.test(key)) return `<${kindOf(value)}>`;
  if (Array.isArray(value)) {
    const items = value.map((item) => masked(item));
    if (!unordered.test(key)) return items;
    return items.map((item) => JSON.stringify(item)).sort();
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, masked(member, name)]));
}

/** As indented JSON, so that a difference shows its place, and the order of keys counts. */
export function maskedText(value: unknown): string {
  return JSON.stringify(masked(value), null, 1);
}
