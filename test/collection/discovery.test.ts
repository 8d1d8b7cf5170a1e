import { describe, expect, it } from 'vitest';
import { pageserverTargets, safekeeperTargets } from '../../src/collection/discovery.ts';
import type { NodeFact } from '../../src/neon/node.ts';

function node(nodeId: number, httpAddress: string, httpsAddress?: string): NodeFact {
  const pgAddress = 'pageserver:6400';
  return {
    nodeId,
    availability: 'Active',
    scheduling: 'Active',
    az: 'a',
    httpAddress,
    httpsAddress,
    pgAddress,
  };
}

const settings = { discover: true, urls: [] as string[], scheme: 'http' as const, addresses: {} };
const two = [node(1, 'pageserver1:9898'), node(2, 'pageserver2:9898', 'pageserver2:9899')];

describe('pageserverTargets', () => {
  it.for([
    {
      case: 'watches what the controller announces, at the announced address',
      nodes: two,
      settings: {},
      targets: [
        ['pageserver1:9898', 'http://pageserver1:9898', 1],
        ['pageserver2:9898', 'http://pageserver2:9898', 2],
      ],
    },
    {
      case: 'dials a mapped address and keeps the announced name',
      nodes: two,
      settings: { addresses: { 'pageserver2:9898': 'localhost:9899' } },
      targets: [
        ['pageserver1:9898', 'http://pageserver1:9898', 1],
        ['pageserver2:9898', 'http://localhost:9899', 2],
      ],
    },
    {
      case: 'adds listed ones without an id, and starts without a controller',
      nodes: [],
      settings: { urls: ['http://localhost:9898'] },
      targets: [['localhost:9898', 'http://localhost:9898', undefined]],
    },
    {
      case: 'does not watch a listed one twice that is announced, or dialled for an announced one',
      nodes: two,
      settings: {
        urls: ['http://pageserver1:9898', 'http://localhost:9899'],
        addresses: { 'pageserver2:9898': 'localhost:9899' },
      },
      targets: [
        ['pageserver1:9898', 'http://pageserver1:9898', 1],
        ['pageserver2:9898', 'http://localhost:9899', 2],
      ],
    },
    {
      case: 'leaves the announced alone when told not to discover',
      nodes: two,
      settings: { discover: false },
      targets: [],
    },
    {
      case: 'dials the https port where there is one',
      nodes: two,
      settings: { scheme: 'https' as const },
      targets: [
        ['pageserver1:9898', 'https://pageserver1:9898', 1],
        ['pageserver2:9899', 'https://pageserver2:9899', 2],
      ],
    },
  ])('$case', ({ nodes, settings: changed, targets }) => {
    const found = pageserverTargets(nodes, { ...settings, ...changed });
    expect(found.targets.map(({ name, url, nodeId }) => [name, url, nodeId])).toEqual(targets);
  });

  it('names an address that two pageservers share, and watches the first of them', () => {
    const found = pageserverTargets([node(1, 'localhost:9898'), node(2, 'localhost:9898')], settings);
    expect(found.sharedAddresses).toEqual(['localhost:9898']);
    expect(found.targets.map(({ nodeId }) => nodeId)).toEqual([1]);
  });

  it.for([
    { case: 'a host with a space', address: 'page server:9898' },
    { case: 'no host', address: ':9898' },
    { case: 'a port that is none', address: 'pageserver1:99999' },
    { case: 'an address with another host behind a user', address: 'pageserver1@elsewhere:9898' },
    { case: 'a path', address: 'pageserver1/elsewhere:9898' },
  ])('leaves out and names an announced address that is $case, and watches the others', ({ address }) => {
    const found = pageserverTargets([node(1, address), node(2, 'pageserver2:9898')], settings);
    expect(found.unusableAddresses).toEqual([address]);
    expect(found.targets.map(({ nodeId }) => nodeId)).toEqual([2]);
  });

  it('watches two listed ones that differ by their path alone', () => {
    const urls = ['http://gateway/ps1', 'http://gateway/ps2'];
    const { targets } = pageserverTargets([], { ...settings, urls });
    expect(targets.map(({ name, url }) => [name, url])).toEqual([
      ['gateway/ps1', 'http://gateway/ps1'],
      ['gateway/ps2', 'http://gateway/ps2'],
    ]);
  });

  it('brackets nothing twice: an IPv6 address stays dialable', () => {
    const found = pageserverTargets([node(1, '[::1]:9898')], settings);
    expect(found.targets[0]?.url).toBe('http://[::1]:9898');
  });
});

describe('safekeeperTargets', () => {
  const three = [
    { safekeeperId: 1, httpAddress: 'sk1:7676', httpsAddress: 'sk1:7677' },
    { safekeeperId: 2, httpAddress: 'sk2:7676' },
    { safekeeperId: 3, httpAddress: 'sk2:7676' },
  ];

  it.for([
    {
      case: 'what is announced, by id and mapped address, and what is listed besides',
      settings: {
        urls: ['http://sk9:7676', 'http://localhost:7000'],
        addresses: { 'sk2:7676': 'localhost:7000' },
      },
      targets: [
        { kind: 'safekeeper', name: 'sk1:7676', url: 'http://sk1:7676', safekeeperId: 1 },
        { kind: 'safekeeper', name: 'sk2:7676', url: 'http://localhost:7000', safekeeperId: 2 },
        { kind: 'safekeeper', name: 'sk9:7676', url: 'http://sk9:7676' },
      ],
      shared: ['sk2:7676'],
    },
    {
      case: 'the announced HTTPS port where there is one',
      settings: { scheme: 'https' as const },
      targets: [
        { kind: 'safekeeper', name: 'sk1:7677', url: 'https://sk1:7677', safekeeperId: 1 },
        { kind: 'safekeeper', name: 'sk2:7676', url: 'https://sk2:7676', safekeeperId: 2 },
      ],
      shared: ['sk2:7676'],
    },
    { case: 'none when told not to discover', settings: { discover: false }, targets: [], shared: [] },
  ])('are $case', ({ settings: changed, targets, shared }) => {
    const found = safekeeperTargets(three, { ...settings, ...changed });
    expect(found.targets).toEqual(targets);
    expect(found.sharedAddresses).toEqual(shared);
  });
});
