/** `20000000000000000000000000000002` → `2000…0002`. */
export function shortTenant(tenantId: string): string {
  return `${tenantId.slice(0, 4)}…${tenantId.slice(-4)}`;
}

/** `12:01:30`, in local time. */
export function clockText(wallMs: number): string {
  const at = new Date(wallMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** `12:01:30 hook lost the order of tenant 2000…0002: watch neon_compute_pageserver_info`. */
export function faultLine(wallMs: number, story: string, metrics: readonly string[]): string {
  return `${clockText(wallMs)} ${story}: watch ${[...new Set(metrics)].join(', ')}`;
}
