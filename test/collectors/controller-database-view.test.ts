import { describe, expect, it } from 'vitest';
import { policyText } from '../../src/collectors/controller-database/controller-database.ts';
import { parseShardId } from '../../src/neon/shard-id.ts';
import {
  compareNodes,
  compareShards,
  controllerDatabaseDisagreement,
} from '../../src/views/controller-database.ts';

const one = '10000000000000000000000000000001';
const two = '20000000000000000000000000000002';

function shardId(text: string) {
  const id = parseShardId(text);
  if (id === undefined) throw new Error(`the test's own shard id ${text} is none`);
  return id;
}

const flags = {
  isReconciling: false,
  isPendingComputeNotification: false,
  isSplitting: false,
  isImporting: false,
  hasLastError: false,
  schedulingPolicy: 'Active',
  preferredAz: undefined,
};

/** A tenant of the API with these shards. */
const listed = (tenantId: string, shards: readonly string[], isSplitting = false) => ({
  tenantId,
  policy: undefined,
  stripeSizeBlocks: undefined,
  shards: shards.map((text) => ({
    id: shardId(text),
    nodeAttached: 1,
    nodeSecondary: [],
    flags: { ...flags, isSplitting },
  })),
});

/** Rows of the database. */
const stored = (shards: readonly string[], changed: { isSplitting?: boolean; isDetached?: boolean } = {}) =>
  shards.map((text) => ({
    id: shardId(text),
    generation: 1,
    generationPageserver: 1,
    isSplitting: false,
    isDetached: false,
    ...changed,
  }));

describe('compareShards', () => {
  it.for([
    { case: 'both agree', api: [listed(one, [one])], database: stored([one]), is: [0, 0] },
    { case: 'a shard that only the database has', api: [], database: stored([one]), is: [1, 0] },
    {
      case: 'a shard that only the API has',
      api: [listed(one, [`${one}-0002`, `${one}-0102`])],
      database: stored([`${one}-0002`]),
      is: [0, 1],
    },
    {
      case: 'a tenant that the database says is being split is left out',
      api: [listed(one, [one])],
      database: [...stored([one, `${one}-0002`], { isSplitting: true }), ...stored([two])],
      is: [1, 0],
    },
    {
      case: 'a tenant that the API says is being split is left out',
      api: [listed(one, [`${one}-0002`, `${one}-0102`], true)],
      database: stored([one]),
      is: [0, 0],
    },
    {
      case: 'a detached tenant is in no list',
      api: [],
      database: stored([one], { isDetached: true }),
      is: [0, 0],
    },
  ])('$case', async ({ api, database, is: [onlyInDatabase, onlyInApi] }) => {
    expect(await compareShards(api, database, async () => {})).toEqual({
      shard_only_in_database: onlyInDatabase,
      shard_only_in_api: onlyInApi,
    });
  });
});

describe('compareNodes', () => {
  const node = (nodeId: number, scheduling: string) => ({
    nodeId,
    scheduling,
    availability: 'Active',
    az: 'az-a',
    httpAddress: '',
    httpsAddress: undefined,
    pgAddress: '',
  });
  const row = (nodeId: number, schedulingPolicy: string) => ({
    nodeId,
    schedulingPolicy,
    lifecycle: 'active',
  });
  it.for([
    { api: 'Active', database: 'active', differs: 0 },
    { api: 'PauseForRestart', database: 'pause_for_restart', differs: 0 },
    { api: 'Filling', database: 'filling', differs: 0 },
    { api: 'Deleting', database: 'deleting', differs: 0 },
    { api: 'Active', database: 'pause', differs: 1 },
    { api: 'Pause', database: 'pause_for_restart', differs: 1 },
  ])('$api against $database', ({ api, database, differs }) => {
    expect(compareNodes([node(1, api)], [row(1, database)]).node_policy).toBe(differs);
  });

  it('counts nodes that only one side has', () => {
    const sides = compareNodes(
      [node(1, 'Active'), node(2, 'Active')],
      [row(2, 'active'), row(3, 'active'), row(4, 'x')],
    );
    expect(sides).toEqual({ node_only_in_database: 2, node_only_in_api: 1, node_policy: 0 });
  });
});

describe('the view', () => {
  /** Readings by collector, as the store would hand them out. */
  const readings = (table: Readonly<Record<string, object>>) =>
    ({
      one: (name: string) => (table[name] === undefined ? undefined : { reading: table[name] }),
      all: () => [],
    }) as unknown as Parameters<typeof controllerDatabaseDisagreement.build>[0];
  const kinds = async (table: Readonly<Record<string, object>>) => {
    const facts = await controllerDatabaseDisagreement.build(readings(table), async () => {});
    return facts === undefined ? undefined : [...facts.keys()];
  };
  const nodes = { nodes: [] };
  const database = { nodes: [], shards: [] };

  it.for([
    {
      case: 'no database reading',
      table: { nodes, tenants: { source: 'list', tenants: [] } },
      is: undefined,
    },
    {
      case: 'a full list',
      table: { nodes, tenants: { source: 'list', tenants: [] }, controller_database: database },
      is: [
        'shard_only_in_database',
        'shard_only_in_api',
        'node_only_in_database',
        'node_only_in_api',
        'node_policy',
      ],
    },
    {
      case: 'placement that came from the pageservers',
      table: { nodes, tenants: { source: 'locations', tenants: [] }, controller_database: database },
      is: ['node_only_in_database', 'node_only_in_api', 'node_policy'],
    },
    {
      case: 'a table of nodes that may not be read',
      table: {
        nodes,
        tenants: { source: 'list', tenants: [] },
        controller_database: { ...database, nodes: undefined },
      },
      is: ['shard_only_in_database', 'shard_only_in_api'],
    },
  ])('judges what it can: $case', async ({ table, is }) => {
    expect(await kinds(table)).toEqual(is);
  });
});

describe('policyText', () => {
  it.for([
    { json: '"Active"', text: 'Active' },
    { json: '{"Attached":1}', text: 'Attached(1)' },
    { json: '{ "Attached" : 0 }', text: 'Attached(0)' },
    { json: 'Active', text: 'unknown' },
    { json: '{"Brand":{"new":true}}', text: 'unknown' },
  ])('$json is $text', ({ json, text }) => {
    expect(policyText(json)).toBe(text);
  });
});
