import { formatAddress } from '../neon/address.ts';
import { type ConnstringFlaw, parseConnstring } from '../neon/connstring.ts';
import type { Explanation } from './explanation.ts';

const flaws: Readonly<Record<ConnstringFlaw, string>> = {
  too_many_entries: 'it has more than 128 entries, which is the most that a compute takes',
  entry_too_long: 'an entry is 256 bytes or longer, and a compute cuts there',
  empty_entry: 'an entry is empty',
  bad_entry: 'an entry is neither `host=H port=P` nor `postgres://user@H:P`',
  bad_host: 'an entry has no host that can be one',
  bad_port: 'an entry has no port from 1 to 65535',
};

const looksLike =
  /^\s*'?\s*(?:neon\.pageserver_connstring\s*=\s*'?)?(?=(?:host(?:addr)?\s*=|postgres(?:ql)?:\/\/))/i;

/**
 * `neon.pageserver_connstring` taken apart: position i is shard i. Users, passwords and every other parameter are not
 * repeated. Undefined when the text does not begin like one.
 */
export function explainConnstring(text: string): Explanation | undefined {
  const prefix = looksLike.exec(text);
  if (prefix === null) return undefined;
  const value = text.slice(prefix[0].length).trim().replace(/'+$/, '');
  const parsed = parseConnstring(value);
  const compare = {
    text: 'Compare it with what the controller intends, in the order of shard_number.',
    command: 'neonwatch doctor --tenant TENANT',
  };
  if ('flaw' in parsed) {
    return {
      what: 'a connection string that a compute cannot use',
      meaning: `Entry ${parsed.entry + 1}: ${flaws[parsed.flaw]}.`,
      facts: [],
      next: [compare],
      avoid: ['setting it on a compute: requests of every shard would fail'],
    };
  }
  const { endpoints } = parsed;
  const addresses = endpoints.map(({ host, port }) => formatAddress(host, port));
  const distinct = new Set(addresses.map((address) => address.toLowerCase()));
  const count = endpoints.length;
  const together =
    count > 1 && distinct.size === 1
      ? ' All lead to one pageserver: a wrong order or count does not show until a shard moves.'
      : '';
  const single =
    count === 1
      ? 'The compute believes that its tenant is unsharded. If the tenant has more shards this is drift (WRONG_COUNT), unnoticed for as long as all of them are on this pageserver.'
      : `The compute believes that its tenant has ${count} shards; position is shard number.${together}`;
  return {
    what: 'a pageserver connection string (neon.pageserver_connstring)',
    meaning: single,
    facts: addresses.map((address, shard) => `shard ${shard}: ${address}`),
    next: [compare],
    avoid: [],
  };
}
