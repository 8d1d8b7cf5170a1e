import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gapOf, spread } from '../../../src/alerts/placement/spread.ts';
import { node } from '../../findings/controller-world.ts';

/** Zone → node id → attached shards. */
type Pools = Readonly<Record<string, Readonly<Record<number, number>>>>;

function spreadOf(pools: Pools, nodeIds: readonly number[], weights: Readonly<Record<number, number>> = {}) {
  const facts = {
    nodes: new Map(nodeIds.map((nodeId) => [nodeId, node(nodeId)])),
    schedulable: new Set(nodeIds),
    pools: new Map(
      Object.entries(pools).map(([az, byNode]) => [
        az,
        new Map(
          Object.entries(byNode).map(([nodeId, attached]) => [
            Number(nodeId),
            { attached, pinned: 0, movable: [] },
          ]),
        ),
      ]),
    ),
  };
  const list = spread(facts, new Map(Object.entries(weights).map(([nodeId, one]) => [Number(nodeId), one])));
  return Object.fromEntries([...list].map(([nodeId, one]) => [nodeId, gapOf(one)]));
}

const counts = fc.record({ 1: fc.nat(50), 2: fc.nat(50), 3: fc.nat(50), 4: fc.nat(50) });

describe('the fair spread', () => {
  // Pageservers 1 and 4 are in az-a, 2 in az-b, 3 in az-c.
  it.for([
    { case: 'a tenant wholly in its zone', pools: { 'az-c': { 3: 8 } }, gaps: { 1: 0, 2: 0, 3: 0, 4: 0 } },
    {
      case: 'a zone of two that is even',
      pools: { 'az-a': { 1: 5, 4: 5 } },
      gaps: { 1: 0, 2: 0, 3: 0, 4: 0 },
    },
    {
      case: 'a zone of two that is not',
      pools: { 'az-a': { 1: 9, 4: 1 } },
      gaps: { 1: 4, 2: 0, 3: 0, 4: -4 },
    },
    { case: 'shards away from home', pools: { 'az-c': { 1: 8 } }, gaps: { 1: 8, 2: 0, 3: -8, 4: 0 } },
    { case: 'shards that prefer no zone', pools: { '': { 2: 8 } }, gaps: { 1: -2, 2: 6, 3: -2, 4: -2 } },
    {
      case: 'shards of a zone that nobody is in',
      pools: { 'az-z': { 2: 8 } },
      gaps: { 1: 0, 2: 0, 3: 0, 4: 0 },
    },
  ])('$case', ({ pools, gaps }) => {
    expect(spreadOf(pools, [1, 2, 3, 4])).toEqual(gaps);
  });

  it('gives a pageserver of twice the capacity twice the share', () => {
    expect(spreadOf({ 'az-a': { 1: 6, 4: 3 } }, [1, 4], { 1: 1, 4: 0.5 })).toEqual({ 1: 0, 4: 0 });
  });

  it('leaves out what is attached to a pageserver that may not be given shards', () => {
    expect(spreadOf({ '': { 1: 4, 2: 4, 3: 90 } }, [1, 2])).toEqual({ 1: 0, 2: 0 });
  });

  it('takes from one what it gives to another', () => {
    fc.assert(
      fc.property(counts, counts, counts, (a, b, none) => {
        const gaps = Object.values(spreadOf({ 'az-a': a, 'az-b': b, '': none }, [1, 2, 3, 4]));
        expect(gaps.reduce((sum, gap) => sum + gap, 0)).toBeCloseTo(0, 6);
      }),
    );
  });

  it('never speaks of imbalance where every zone has one pageserver and every shard is at home', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (a, b, c) => {
        const gaps = spreadOf({ 'az-a': { 1: a }, 'az-b': { 2: b }, 'az-c': { 3: c } }, [1, 2, 3]);
        expect(Object.values(gaps)).toEqual([0, 0, 0]);
      }),
    );
  });
});
