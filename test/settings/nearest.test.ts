import { expect, it } from 'vitest';
import { nearest } from '../../src/settings/nearest.ts';

const keys = ['url', 'token', 'tokenFile', 'caFile', 'pageSize', 'controller_health'];

it.for([
  { case: 'a missing letter', name: 'pageSiz', expected: 'pageSize' },
  { case: 'two letters exchanged', name: 'ulr', expected: 'url' },
  { case: 'snake case', name: 'token_file', expected: 'tokenFile' },
  { case: 'hyphens', name: 'controller-health', expected: 'controller_health' },
  { case: 'another case', name: 'CAFILE', expected: 'caFile' },
  { case: 'something else altogether', name: 'elephants', expected: undefined },
  { case: 'a short word with nothing in common', name: 'xyz', expected: undefined },
  { case: 'nothing to choose from', name: 'url', candidates: [], expected: undefined },
])('$case', ({ name, candidates = keys, expected }) => {
  expect(nearest(name, candidates)).toBe(expected);
});
