import { describe, expect, it } from 'vitest';
import { postgresTargets } from '../src/open-postgres.ts';
import { loadWith } from './config/load-with.ts';

const dsn = (database: string) => `postgresql://u@db:5432/${database}`;

describe('postgresTargets', () => {
  it.for([
    {
      case: 'a server is named by its address, or as the configuration calls it',
      file: { storageController: { dsn: dsn('storcon') }, computes: [{ name: 'main', dsn: dsn('app') }] },
      names: ['compute main', 'controller_database db:5432'],
    },
    {
      // One collector reads both: two targets of one name would be one series.
      case: "the controller's database is told apart from a compute at the same address",
      file: { storageController: { dsn: dsn('storcon') }, computes: [{ dsn: dsn('app') }] },
      names: ['compute db:5432', 'controller_database storageController.dsn'],
    },
    {
      case: 'a compute that is never asked takes no name',
      file: { storageController: { dsn: dsn('storcon') }, computes: [{ dsn: dsn('app'), wake: 'never' }] },
      names: ['controller_database db:5432'],
    },
  ])('$case', async ({ file, names }) => {
    const { config } = await loadWith({ file: JSON.stringify(file) });
    expect(postgresTargets(config).map(({ target }) => `${target.kind} ${target.name}`)).toEqual(names);
  });
});
