/** What the storage of Neon is to a compute: where its tenant's shards are, in order, and how pages are spread. */
export interface StorageSettings {
  readonly connstring: string;
  /** In blocks of 8 KiB. */
  readonly stripeSize: number;
}

/** Which of the two is written first; the library reads the stripe size when it is told the connection string. */
export type WriteOrder = 'stripe-first' | 'connstring-first';

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * The statements with which a hook sets a compute, each to be run outside a transaction: ALTER SYSTEM of what is
 * given, then a reload. Settings and their order: neon-contract.md 4.3.
 */
export function storageSettingsSql(
  { connstring, stripeSize }: Partial<StorageSettings>,
  order: WriteOrder = 'stripe-first',
): readonly string[] {
  const stripe = stripeSize === undefined ? [] : [`ALTER SYSTEM SET neon.stripe_size = ${stripeSize}`];
  const shards =
    connstring === undefined ? [] : [`ALTER SYSTEM SET neon.pageserver_connstring = ${quoted(connstring)}`];
  const changes = order === 'stripe-first' ? [...stripe, ...shards] : [...shards, ...stripe];
  return [...changes, 'SELECT pg_reload_conf()'];
}

/** Says whose compute a Postgres is. Takes effect at a reload where the settings are placeholders, else at a restart. */
export function identitySql(tenantId: string, timelineId: string): readonly string[] {
  return [
    `ALTER SYSTEM SET neon.tenant_id = ${quoted(tenantId)}`,
    `ALTER SYSTEM SET neon.timeline_id = ${quoted(timelineId)}`,
  ];
}
