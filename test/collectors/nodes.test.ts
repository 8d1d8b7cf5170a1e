import { describe, expect, it } from 'vitest';
import { nodes } from '../../src/collectors/storage-controller/nodes.ts';
import { collectOnce, seriesOf } from '../support/collect.ts';
import { fakeReader } from '../support/fake-reader.ts';

function nodeRow(id: number, changed: object = {}): object {
  return {
    id,
    availability: 'Active',
    scheduling: 'Active',
    availability_zone_id: 'az-a',
    listen_http_addr: `pageserver${id}`,
    listen_http_port: 9898,
    listen_https_port: null,
    listen_pg_addr: `pageserver${id}`,
    listen_pg_port: 6400,
    listen_grpc_addr: null,
    listen_grpc_port: null,
    ...changed,
  };
}

async function series(rows: readonly object[]): Promise<string[]> {
  return seriesOf(nodes, await collectOnce(nodes, fakeReader({ '/control/v1/node': rows })));
}

describe('nodes', () => {
  it.for([
    {
      case: 'an announced address is kept as it is, also when it resolves nowhere else',
      rows: [nodeRow(2)],
      has: [
        'neon_node_info{node_id="2",az="az-a",http_address="pageserver2:9898",pg_address="pageserver2:6400"} 1',
      ],
    },
    {
      case: 'an IPv6 host is put in brackets',
      rows: [nodeRow(2, { listen_http_addr: '::1' })],
      has: [
        'neon_node_info{node_id="2",az="az-a",http_address="[::1]:9898",pg_address="pageserver2:6400"} 1',
      ],
    },
    {
      case: 'every known availability is there, so that a change is seen as 1 to 0',
      rows: [nodeRow(1, { availability: 'WarmingUp' })],
      has: [
        'neon_node_availability{node_id="1",az="az-a",availability="Active"} 0',
        'neon_node_availability{node_id="1",az="az-a",availability="WarmingUp"} 1',
        'neon_node_availability{node_id="1",az="az-a",availability="Offline"} 0',
      ],
    },
    {
      case: 'a policy newer than this program is shown as Neon spells it',
      rows: [nodeRow(1, { scheduling: 'Hibernating' })],
      has: [
        'neon_node_scheduling{node_id="1",az="az-a",scheduling="Active"} 0',
        'neon_node_scheduling{node_id="1",az="az-a",scheduling="Hibernating"} 1',
      ],
    },
    {
      case: 'nodes are counted by availability, policy and zone',
      rows: [nodeRow(1), nodeRow(2), nodeRow(3, { availability: 'Offline', scheduling: 'Draining' })],
      has: [
        'neon_nodes{availability="Active",scheduling="Active",az="az-a"} 2',
        'neon_nodes{availability="Offline",scheduling="Draining",az="az-a"} 1',
      ],
    },
    {
      case: 'extra fields are fine',
      rows: [nodeRow(1, { brand_new: { deep: true } })],
      has: ['neon_nodes{availability="Active",scheduling="Active",az="az-a"} 1'],
    },
  ])('$case', async ({ rows, has }) => {
    expect(await series(rows)).toEqual(expect.arrayContaining(has));
  });

  it('has no series at all for no nodes', async () => {
    expect(await series([])).toEqual([]);
  });

  it('keeps the first of two nodes with one id, and counts the other', async () => {
    const rows = [nodeRow(1), nodeRow(1, { availability_zone_id: 'az-b' })];
    const reading = await collectOnce(nodes, fakeReader({ '/control/v1/node': rows }));
    expect(reading).toMatchObject({ nodes: [{ nodeId: 1, az: 'az-a' }], setAside: { duplicate: 1 } });
  });
});
