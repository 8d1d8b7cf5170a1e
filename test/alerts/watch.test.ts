import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/alerts/detector.ts';
import { findingFamilies } from '../../src/alerts/families.ts';
import { decodeState } from '../../src/alerts/saved-state.ts';
import { findingsJson } from '../../src/alerts/snapshot.ts';
import { Thresholds } from '../../src/alerts/thresholds.ts';
import { type FindingsOptions, watchFindings } from '../../src/alerts/watch.ts';
import { createStore } from '../../src/collection/store.ts';
import { manualClock } from '../support/manual-clock.ts';
import { madeDetector, madeFinding, nodeSubject } from './made.ts';

function start(overrides: Partial<FindingsOptions> = {}) {
  const clock = manualClock();
  const told: string[] = [];
  const written: string[] = [];
  const watch = watchFindings({
    detectors: [],
    readings: createStore(clock),
    looks: () => [],
    thresholds: Thresholds.parse({}),
    intervalMs: 15_000,
    clock,
    saved: undefined,
    onError: (error) => {
      throw error;
    },
    save: async (text) => void written.push(text),
    onEvaluated: (changes) => told.push(...changes.map(({ kind }) => kind)),
    ...overrides,
  });
  return { clock, watch, told, written };
}

function seriesOf(watch: ReturnType<typeof start>['watch']): string[] {
  return findingFamilies.flatMap((family) =>
    [...family.samples(watch.snapshot())].map(
      ({ labels, value }) => `${family.name} ${Object.values(labels).join(' ')} ${value}`,
    ),
  );
}

const quick = { hold: { forMs: 15_000, keepFiringMs: 0 } };
const found = madeDetector({
  ...quick,
  detect: () => ({ findings: [madeFinding(nodeSubject(1))], unknown: [] }),
});

describe('the loop of findings', () => {
  it('evaluates at its interval and tells what fired', async () => {
    const { clock, watch, told } = start({ detectors: [found] });
    await clock.advance(15_000);
    expect(told).toEqual([]);
    await clock.advance(15_000);
    expect(told).toEqual(['fired']);
    expect(findingsJson(watch.snapshot())).toMatchObject({
      findings: [{ key: 'made node 1', phase: 'firing', runbook: 'docs/runbooks/made.md' }],
    });
  });

  it('shows counts of all kinds and one series a firing finding', async () => {
    const well = madeDetector({ id: 'well' });
    const { clock, watch } = start({ detectors: [found, well] });
    await clock.advance(30_000);
    expect(seriesOf(watch).filter((line) => line.startsWith('neonwatch_finding '))).toEqual([
      'neonwatch_finding made warning 1',
      'neonwatch_finding well warning 0',
    ]);
    expect(seriesOf(watch)).toContain('neonwatch_finding_active made warning  node 1 1');
  });

  it('says nothing of a kind that cannot be judged, rather than 0', async () => {
    const blind = madeDetector({ id: 'blind', needs: ['nodes'] });
    const { clock, watch } = start({ detectors: [blind] });
    await clock.advance(15_000);
    expect(seriesOf(watch).filter((line) => line.includes('blind'))).toEqual([
      'neonwatch_finding_unknown blind 1',
    ]);
    expect(findingsJson(watch.snapshot())).toMatchObject({
      unknown: [{ finding: 'blind', subject: 'all', missing: ['nodes: not configured or not enabled'] }],
    });
  });

  it('goes on when one detector throws: its subjects are unknown', async () => {
    const broken = madeDetector({
      id: 'broken',
      detect: () => {
        throw new TypeError('secret text');
      },
    });
    const { clock, watch, told } = start({ detectors: [broken, found] });
    await clock.advance(30_000);
    expect(told).toEqual(['fired']);
    const { unknown } = findingsJson(watch.snapshot());
    expect(unknown).toEqual([
      {
        finding: 'broken',
        subject: 'all',
        missing: ['the detector broken itself failed (TypeError thrown)'],
      },
    ]);
  });

  it('hands each detector its own memory back, and saves it', async () => {
    const memories: (Json | undefined)[] = [];
    const counting = madeDetector({
      id: 'counting',
      detect: ({ memory }) => {
        memories.push(memory);
        return { findings: [], unknown: [], memory: Number(memory ?? 0) + 1 };
      },
    });
    const { clock, written } = start({ detectors: [counting] });
    await clock.advance(45_000);
    expect(memories).toEqual([undefined, 1, 2]);
    const saved = decodeState(written.at(-1) ?? '');
    expect(typeof saved === 'string' ? saved : saved.memories).toEqual(new Map([['counting', 3]]));
  });

  it('does not write again what has not changed', async () => {
    const { clock, written } = start({ detectors: [madeDetector()] });
    await clock.advance(150_000);
    expect(written).toHaveLength(1);
  });

  it('tells a mistake of its own and tries again', async () => {
    const errors: unknown[] = [];
    let fails = true;
    const { clock, watch } = start({
      onError: (error) => errors.push(error),
      looks: () => {
        if (fails) throw new Error('a mistake');
        return [];
      },
    });
    await clock.advance(15_000);
    expect(errors).toHaveLength(1);
    fails = false;
    await clock.advance(15_000);
    expect(watch.snapshot().version).toBe(1);
  });

  it('evaluates no more once it is stopped', async () => {
    const { clock, watch } = start({ detectors: [found] });
    await watch.stop();
    await clock.advance(60_000);
    expect(watch.snapshot().version).toBe(0);
    expect(clock.pending()).toBe(0);
  });
});
