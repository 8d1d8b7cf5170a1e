import type { Target } from '../target.ts';

/** Every family of a reading asks for the label of the same target. */
const labels = new WeakMap<Target, string>();

/**
 * The `server` label as postgres_exporter makes it: host and port of the connection string, `localhost:5432` where it
 * does not say. For a unix socket the host is its folder. Never holds a user or a password.
 */
export function serverLabel(target: Target): string {
  const known = labels.get(target);
  if (known !== undefined) return known;
  const label = labelOf(target);
  labels.set(target, label);
  return label;
}

function labelOf({ url, name }: Target): string {
  if (!URL.canParse(url)) return name;
  const { hostname, port, searchParams } = new URL(url);
  const host = hostname === '' ? (searchParams.get('host') ?? 'localhost') : unbracketed(hostname);
  return `${decodeURIComponent(host)}:${port === '' ? (searchParams.get('port') ?? '5432') : port}`;
}

/** An IPv6 address as libpq has it, without the brackets that a URL needs. */
function unbracketed(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
