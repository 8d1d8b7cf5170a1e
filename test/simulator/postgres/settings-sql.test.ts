import { describe, expect, it } from 'vitest';
import { identitySql, storageSettingsSql } from '../../../src/simulator/postgres/settings-sql.ts';

const connstring = 'host=a port=1,host=b port=2';
const stripe = 'ALTER SYSTEM SET neon.stripe_size = 4096';
const shards = `ALTER SYSTEM SET neon.pageserver_connstring = '${connstring}'`;
const reload = 'SELECT pg_reload_conf()';

describe('the statements that set a compute', () => {
  it.for([
    {
      name: 'stripe size before the connection string, as the library reads them',
      settings: { connstring, stripeSize: 4_096 },
      order: undefined,
      sql: [stripe, shards, reload],
    },
    {
      name: 'the other way round, as the public hook does it',
      settings: { connstring, stripeSize: 4_096 },
      order: 'connstring-first' as const,
      sql: [shards, stripe, reload],
    },
    {
      name: 'one shard: no stripe size',
      settings: { connstring },
      order: undefined,
      sql: [shards, reload],
    },
    {
      name: 'a quote stays in its text',
      settings: { connstring: "host='x'" },
      order: undefined,
      sql: ["ALTER SYSTEM SET neon.pageserver_connstring = 'host=''x'''", reload],
    },
  ])('$name', ({ settings, order, sql }) => {
    expect(storageSettingsSql(settings, order)).toEqual(sql);
  });

  it('say whose compute it is', () => {
    expect(identitySql('aa', 'bb')).toEqual([
      "ALTER SYSTEM SET neon.tenant_id = 'aa'",
      "ALTER SYSTEM SET neon.timeline_id = 'bb'",
    ]);
  });
});
