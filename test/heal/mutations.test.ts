import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayBeSent, mutatingRoutes } from '../../src/heal/mutations.ts';

const tenant = '10000000000000000000000000000001';
const http = (method: 'PUT' | 'DELETE', path: string) => ({
  to: 'storage_controller' as const,
  method,
  path,
});
const sql = (...statements: string[]) => ({ to: 'compute' as const, compute: 'main', statements });

/** What is never automated (contract, section 5; healing 5g), and the faults of the controller never to cause. */
const never: readonly [method: string, path: string][] = [
  ['PUT', `/v1/tenant/${tenant}/location_config`],
  ['DELETE', `/v1/tenant/${tenant}`],
  ['DELETE', `/v1/tenant/${tenant}/timeline/${tenant}`],
  ['PUT', `/v1/tenant/${tenant}/time_travel_remote_storage`],
  ['POST', '/v1/tenant'],
  ['PUT', `/control/v1/tenant/${tenant}/shard_split`],
  ['PUT', `/control/v1/tenant/${tenant}/policy`],
  ['PUT', `/control/v1/tenant/${tenant}/migrate`],
  ['PUT', `/control/v1/tenant/${tenant}/migrate_secondary`],
  ['PUT', `/control/v1/tenant/${tenant}/cancel_reconcile`],
  ['POST', `/debug/v1/tenant/${tenant}/drop`],
  ['POST', `/debug/v1/tenant/${tenant}/import`],
  ['POST', '/debug/v1/node/3/drop'],
  ['DELETE', '/debug/v1/tombstone/3'],
  ['POST', '/debug/v1/attach-hook'],
  ['PUT', '/debug/v1/failpoints'],
  ['POST', '/debug/v1/consistency_check'],
  ['POST', '/debug/v1/reconcile_all'],
  ['PUT', '/control/v1/step_down'],
  ['PUT', '/control/v1/node/3/drain'],
  ['DELETE', '/control/v1/node/3/drain'],
  ['PUT', '/control/v1/node/3/delete'],
  ['DELETE', '/control/v1/node/3'],
  ['PUT', '/control/v1/node/3/config'],
  ['POST', '/control/v1/node'],
  ['PUT', '/control/v1/preferred_azs'],
  ['POST', '/upcall/v1/re-attach'],
  ['POST', '/upcall/v1/validate'],
  ['PUT', '/notify-attach'],
  ['PUT', '/notify-safekeepers'],
  ['POST', '/terminate'],
  ['POST', '/promote'],
  ['POST', '/configure'],
  ['POST', '/refresh_configuration'],
  // Nearly the routes that may be sent.
  ['POST', '/control/v1/node/3/fill'],
  ['PUT', '/control/v1/node/3/fill/'],
  ['PUT', '/control/v1/node/3/fill?force=true'],
  ['PUT', '/control/v1/node/3/fill\n'],
  ['PUT', '/control/v1/node/../3/fill'],
  ['PUT', '/control/v1/node/-3/fill'],
  ['PUT', '/control/v1/node/%33/fill'],
  ['PUT', '/control/v1/node//fill'],
  ['PUT', 'x/control/v1/node/3/fill'],
];

const neverSql: readonly string[] = [
  '',
  'SELECT 1',
  'SELECT pg_reload_conf(); DROP TABLE x',
  'SELECT pg_reload_conf()\n',
  'SELECT pg_terminate_backend(1)',
  'ALTER SYSTEM RESET neon.pageserver_connstring',
  'ALTER SYSTEM RESET ALL',
  `ALTER SYSTEM SET neon.tenant_id = '${tenant}'`,
  `ALTER SYSTEM SET neon.timeline_id = '${tenant}'`,
  "ALTER SYSTEM SET neon.stripe_size = '0'",
  "ALTER SYSTEM SET neon.stripe_size = '-1'",
  "ALTER SYSTEM SET neon.stripe_size = '2048'; SELECT 1",
  "ALTER SYSTEM SET neon.pageserver_connstring = ''",
  "ALTER SYSTEM SET neon.pageserver_connstring = 'host=a port=0'",
  "ALTER SYSTEM SET neon.pageserver_connstring = 'host=a port=1,'",
  "ALTER SYSTEM SET neon.pageserver_connstring = 'host=a port=1 user=postgres'",
  "ALTER SYSTEM SET neon.pageserver_connstring = 'host=a'' port=1'",
  "ALTER SYSTEM SET neon.pageserver_connstring = 'postgres://no_user@a:1'",
  "ALTER SYSTEM SET neon.safekeepers = 'a:1'",
];

describe('the table of what may be sent', () => {
  it('has only a fill and its cancel among the routes of the controller', () => {
    expect(mutatingRoutes.map(({ method, route }) => `${method} ${route}`)).toEqual([
      'PUT /control/v1/node/:node_id/fill',
      'DELETE /control/v1/node/:node_id/fill',
    ]);
  });

  it.each([
    http('PUT', '/control/v1/node/3/fill'),
    http('DELETE', '/control/v1/node/3/fill'),
    sql('SELECT pg_reload_conf()'),
    sql("ALTER SYSTEM SET neon.stripe_size = '32768'"),
    sql("ALTER SYSTEM SET neon.pageserver_connstring = 'host=a port=1,host=::1 port=65535'"),
  ])('has %j', (mutation) => {
    expect(mayBeSent(mutation)).toBe(true);
  });

  it.each(never)('does not have %s %s', (method, path) => {
    expect(mayBeSent({ to: 'storage_controller', method: method as 'PUT', path })).toBe(false);
  });

  it.each(neverSql)('does not have the statement %j', (statement) => {
    expect(mayBeSent(sql(statement))).toBe(false);
    expect(mayBeSent(sql('SELECT pg_reload_conf()', statement))).toBe(false);
  });

  it('does not have an empty list of statements', () => {
    expect(mayBeSent(sql())).toBe(false);
  });

  it('has no statement in which a value could end its literal', () => {
    const value = fc.string({ unit: fc.constantFrom(...'\',;\\"\n\0 =ab1.:-'.split('')), maxLength: 30 });
    fc.assert(
      fc.property(value, (text) => {
        const statement = `ALTER SYSTEM SET neon.pageserver_connstring = '${text}'`;
        if (mayBeSent(sql(statement))) expect(text).not.toMatch(/['\\;"\n\0]/);
      }),
    );
  });
});
