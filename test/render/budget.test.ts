import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cardinality, cardinalities } from '../../src/metrics/family.ts';
import { type Budgets, type Chunk, divide } from '../../src/render/budget.ts';
import { emptySlice } from '../../src/render/slice.ts';
import { declare, sliceOf } from './rows.ts';

interface Spec {
  readonly name: string;
  readonly cardinality: Cardinality;
  readonly rows: number;
  readonly type?: 'gauge' | 'histogram';
}

async function chunk(collector: string, target: string, specs: readonly Spec[]): Promise<Chunk> {
  const slices = specs.map(({ name, cardinality, rows, type = 'gauge' }) =>
    sliceOf(
      declare({ name, cardinality, type, labels: ['target', 'row', 'le'] }),
      Array.from({ length: rows }, (_, row) => ({
        labels: { target, row: `${row}`, le: type === 'histogram' ? '+Inf' : '' },
        value: row,
        ...(type === 'histogram' ? { suffix: '_bucket' as const } : {}),
      })),
    ),
  );
  return { collector, target, slices: await Promise.all(slices) };
}

const budgets = (maxSeries: number, perCollector: Record<string, number> = {}): Budgets => ({
  maxSeries,
  perCollector: new Map(Object.entries(perCollector)),
});

/** `neon_a@ps1:3` for each portion: family, target and rows kept. */
function kept(chunks: readonly Chunk[], given: Budgets): string[] {
  const targets = new Map(chunks.flatMap(({ target, slices }) => slices.map((slice) => [slice, target])));
  return divide(chunks, given).portions.map(
    ({ slice, rows }) => `${slice.family.name}@${targets.get(slice)}:${rows}`,
  );
}

describe('budgets', () => {
  const all = async () => [
    await chunk('pageserver', 'ps2', [
      { name: 'neon_up', cardinality: 'process', rows: 2 },
      { name: 'neon_shard', cardinality: 'shard', rows: 4 },
      { name: 'neon_node', cardinality: 'node', rows: 3 },
    ]),
    await chunk('pageserver', 'ps1', [
      { name: 'neon_up', cardinality: 'process', rows: 2 },
      { name: 'neon_shard', cardinality: 'shard', rows: 4 },
      { name: 'neon_node', cardinality: 'node', rows: 3 },
    ]),
    await chunk('tenants', 'storcon', [{ name: 'neon_tenant', cardinality: 'tenant', rows: 5 }]),
  ];

  it.for([
    {
      case: 'keep all of it together by family, targets by name',
      budget: budgets(100),
      expected: [
        'neon_up@ps1:2',
        'neon_up@ps2:2',
        'neon_shard@ps1:4',
        'neon_shard@ps2:4',
        'neon_node@ps1:3',
        'neon_node@ps2:3',
        'neon_tenant@storcon:5',
      ],
    },
    {
      case: 'take the last rows of the last target of the shard class first',
      budget: budgets(20),
      expected: [
        'neon_up@ps1:2',
        'neon_up@ps2:2',
        'neon_shard@ps1:4',
        'neon_shard@ps2:1',
        'neon_node@ps1:3',
        'neon_node@ps2:3',
        'neon_tenant@storcon:5',
      ],
    },
    {
      case: 'take tenants when all shards are gone',
      budget: budgets(12),
      expected: [
        'neon_up@ps1:2',
        'neon_up@ps2:2',
        'neon_node@ps1:3',
        'neon_node@ps2:3',
        'neon_tenant@storcon:2',
      ],
    },
    {
      case: 'never take the process class',
      budget: budgets(0),
      expected: ['neon_up@ps1:2', 'neon_up@ps2:2'],
    },
    { case: 'survive a negative budget', budget: budgets(-5), expected: ['neon_up@ps1:2', 'neon_up@ps2:2'] },
    {
      case: 'hold one collector without touching another',
      budget: budgets(100, { pageserver: 5 }),
      expected: ['neon_up@ps1:2', 'neon_up@ps2:2', 'neon_node@ps1:1', 'neon_tenant@storcon:5'],
    },
    {
      case: 'apply the global one to what the collectors left',
      budget: budgets(6, { pageserver: 5 }),
      expected: ['neon_up@ps1:2', 'neon_up@ps2:2', 'neon_node@ps1:1', 'neon_tenant@storcon:1'],
    },
  ])('$case', async ({ budget, expected }) => {
    expect(kept(await all(), budget)).toEqual(expected);
  });

  it('say what each of them dropped, zero included', async () => {
    expect(divide(await all(), budgets(6, { pageserver: 5 })).dropped).toEqual([
      { collector: 'pageserver', reason: 'collector_budget', series: 13 },
      { collector: 'pageserver', reason: 'global_budget', series: 0 },
      { collector: 'tenants', reason: 'global_budget', series: 4 },
    ]);
  });

  it('count rows that were never rendered', () => {
    const slice = { ...emptySlice(declare({ cardinality: 'shard' })), omittedRows: 9 };
    const chunks = [{ collector: 'c', target: 't', slices: [slice] }];
    expect(divide(chunks, budgets(5)).dropped).toEqual([
      { collector: 'c', reason: 'global_budget', series: 9 },
    ]);
    expect(divide(chunks, budgets(5, { c: 2 })).dropped[0]).toEqual({
      collector: 'c',
      reason: 'collector_budget',
      series: 9,
    });
  });

  it('serve a histogram whole or not at all', async () => {
    const chunks = [
      await chunk('c', 't', [{ name: 'neon_seconds', cardinality: 'node', rows: 4, type: 'histogram' }]),
    ];
    expect(kept(chunks, budgets(4))).toEqual(['neon_seconds@t:4']);
    expect(kept(chunks, budgets(3))).toEqual([]);
  });

  it('keep the place of a family whose first slice is empty', async () => {
    const specs = (rows: number): Spec[] => [
      { name: 'neon_a', cardinality: 'node', rows },
      { name: 'neon_b', cardinality: 'node', rows: 1 },
    ];
    const chunks = [await chunk('c', 't1', specs(0)), await chunk('c', 't2', specs(1))];
    expect(kept(chunks, budgets(100))).toEqual(['neon_a@t2:1', 'neon_b@t1:1', 'neon_b@t2:1']);
  });

  it('keep and drop all rows between them, the same ones every time', async () => {
    const spec = fc.record({
      name: fc.constantFrom('neon_a', 'neon_b', 'neon_c'),
      cardinality: fc.constantFrom(...cardinalities),
      rows: fc.nat({ max: 6 }),
      type: fc.constantFrom('gauge' as const, 'histogram' as const),
    });
    const chunkSpec = fc.record({
      collector: fc.constantFrom('x', 'y'),
      target: fc.constantFrom('t1', 't2', 't3'),
      specs: fc.uniqueArray(spec, { selector: ({ name }) => name, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(chunkSpec, { maxLength: 5 }),
        fc.integer({ min: -1, max: 40 }),
        fc.integer({ min: 0, max: 15 }),
        async (specs, maxSeries, ofX) => {
          const chunks = await Promise.all(
            specs.map((each) => chunk(each.collector, each.target, each.specs)),
          );
          const given = budgets(maxSeries, { x: ofX });
          const { portions, dropped, served } = divide(chunks, given);
          const total = chunks.flatMap(({ slices }) => slices).reduce((rows, slice) => rows + slice.rows, 0);
          const keptRows = portions.reduce((rows, portion) => rows + portion.rows, 0);
          expect(keptRows + dropped.reduce((rows, { series }) => rows + series, 0)).toBe(total);
          const cuttable = portions.filter(({ slice }) => slice.family.cardinality !== 'process');
          if (keptRows > Math.max(0, maxSeries)) expect(cuttable).toEqual([]);
          expect(divide(chunks, given)).toEqual({ portions, dropped, served });
          const kept = portions.reduce((sum, { rows }) => sum + rows, 0);
          expect(served.reduce((sum, { series }) => sum + series, 0)).toBe(kept);
        },
      ),
    );
  });
});
