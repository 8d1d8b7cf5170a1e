/** `host:port`, with an IPv6 host in brackets: how an address appears in labels, settings and connection strings. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}
