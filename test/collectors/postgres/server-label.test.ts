import { expect, it } from 'vitest';
import { serverLabel } from '../../../src/collectors/postgres/server-label.ts';

it.for([
  { case: 'host and port', url: 'postgresql://compute:55433/postgres', label: 'compute:55433' },
  {
    case: 'the port that is meant when none is said',
    url: 'postgres://compute/postgres',
    label: 'compute:5432',
  },
  { case: 'an IPv6 address without its brackets', url: 'postgresql://[::1]:5433/db', label: '::1:5433' },
  {
    case: 'the folder of a socket',
    url: 'postgresql:///db?host=/run/postgresql',
    label: '/run/postgresql:5432',
  },
  {
    case: 'the folder of a socket written as host',
    url: 'postgresql://%2Frun%2Fpg:5433/db',
    label: '/run/pg:5433',
  },
  { case: 'localhost when nothing is said', url: 'postgresql:///db', label: 'localhost:5432' },
  { case: 'no user and no password', url: 'postgresql://me:secret@compute:1/db', label: 'compute:1' },
  { case: 'the name of a target without address', url: 'main', label: 'main' },
])('the server label is $case', ({ url, label }) => {
  expect(serverLabel({ kind: 'compute', name: 'main', url })).toBe(label);
});
