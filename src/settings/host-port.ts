import { z } from 'zod';
import './meta.ts';

/** A name, an IPv4 address or an IPv6 address in brackets, and a port. */
const hostPortPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*)|\[[0-9A-Fa-f:.%]+\]):\d{1,5}$/;
const maxPort = 65_535;

/** Host and port of `host:port`; an IPv6 host comes without its brackets. Undefined when the text is neither. */
function parseHostPort(text: string): ListenAddressParts | undefined {
  if (!hostPortPattern.test(text)) return undefined;
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (port > maxPort) return undefined;
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

/** Where a server listens. `port` 0 lets the system choose. `host` is without brackets. */
interface ListenAddressParts {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with brackets around an IPv6 host. */
function formatHostPort({ host, port }: ListenAddressParts): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const listenExpects = 'host:port such as 127.0.0.1:9795, or 0.0.0.0:9795 for every interface';

/** Where to listen, `127.0.0.1:9795` `[::1]:0`; decoded to host and port. */
export const ListenAddress = z
  .codec(z.string().regex(hostPortPattern), z.object({ host: z.string(), port: z.int() }), {
    decode(text, context) {
      const parts = parseHostPort(text);
      if (parts !== undefined) return parts;
      context.issues.push({ code: 'custom', input: text, message: `expected ${listenExpects}` });
      return z.NEVER;
    },
    encode: formatHostPort,
  })
  .meta({ word: 'host:port', expects: listenExpects });

const HostPort = z
  .string()
  .regex(hostPortPattern, { abort: true })
  .refine((text) => (parseHostPort(text)?.port ?? 0) > 0, 'expected host:port with a port from 1 to 65535')
  .meta({ expects: 'host:port such as localhost:9899' });

/** Announced `host:port` to the `host:port` that can be dialled from here. */
export const AddressMap = z
  .record(HostPort, HostPort)
  .meta({ word: 'map', expects: 'a map such as {"pageserver2:9898": "localhost:9899"}' });
