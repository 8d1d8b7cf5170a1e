import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/metrics/family.ts';
import { createPace } from '../../src/render/pace.ts';
import { renderSlice, renderSliceNow } from '../../src/render/slice.ts';
import { manualClock } from '../support/manual-clock.ts';
import { declare, render, restless, sliceOf, textOf } from './rows.ts';

const row = (a: string, b: string, value: number | bigint = 1): Sample => ({ labels: { a, b }, value });

/** Samples as no type would allow them. */
const bad = (sample: unknown) => [row('x', 'y'), sample as Sample];

describe('a rendered row', () => {
  it.for([
    {
      case: 'has its labels in declared order',
      sample: { labels: { b: '2', a: '1' }, value: 3 },
      line: 'neon_rows{a="1",b="2"} 3',
    },
    { case: 'leaves an empty label out', sample: row('', 'y'), line: 'neon_rows{b="y"} 1' },
    { case: 'has no braces when all labels are empty', sample: row('', ''), line: 'neon_rows 1' },
    {
      case: 'escapes backslash, quote and line feed',
      sample: row('\\', '"\n'),
      line: 'neon_rows{a="\\\\",b="\\"\\n"} 1',
    },
    {
      case: 'keeps bars, commas, braces and blanks',
      sample: row('|,', '} {='),
      line: 'neon_rows{a="|,",b="} {="} 1',
    },
    { case: 'keeps NUL and carriage return', sample: row('\0', '\r'), line: 'neon_rows{a="\0",b="\r"} 1' },
    { case: 'keeps any Unicode', sample: row('žluť', '🐘'), line: 'neon_rows{a="žluť",b="🐘"} 1' },
    { case: 'mends a lone surrogate', sample: row('\ud800', 'y'), line: 'neon_rows{a="\ufffd",b="y"} 1' },
    { case: 'spells NaN', sample: row('x', 'y', Number.NaN), line: 'neon_rows{a="x",b="y"} NaN' },
    { case: 'spells plus infinity', sample: row('x', 'y', Infinity), line: 'neon_rows{a="x",b="y"} +Inf' },
    { case: 'spells minus infinity', sample: row('x', 'y', -Infinity), line: 'neon_rows{a="x",b="y"} -Inf' },
    {
      case: 'keeps every digit of a bigint',
      sample: row('x', 'y', 2n ** 64n - 1n),
      line: 'neon_rows{a="x",b="y"} 18446744073709551615',
    },
    {
      case: 'writes large numbers with an exponent',
      sample: row('x', 'y', 1e21),
      line: 'neon_rows{a="x",b="y"} 1e+21',
    },
  ])('$case', async ({ sample, line }) => {
    expect(textOf((await sliceOf(declare(), [sample])).pages)).toBe(`${line}\n`);
  });

  it('has no braces when the family has no labels', async () => {
    const slice = await sliceOf(declare({ labels: [] }), [{ labels: {}, value: 7 }]);
    expect(textOf(slice.pages)).toBe('neon_rows 7\n');
  });

  it('puts the suffix of a histogram row on the name', async () => {
    const family = declare({ type: 'histogram', labels: ['a', 'le'] });
    const slice = await sliceOf(family, [
      { labels: { a: 'x', le: '0.5' }, value: 1, suffix: '_bucket' },
      { labels: { a: 'x', le: '' }, value: 2, suffix: '_sum' },
      { labels: { a: 'x', le: '' }, value: 3, suffix: '_count' },
    ]);
    expect(textOf(slice.pages)).toBe(
      'neon_rows_bucket{a="x",le="0.5"} 1\nneon_rows_sum{a="x"} 2\nneon_rows_count{a="x"} 3\n',
    );
  });
});

describe('a bad row quarantines its family', () => {
  const histogram = { type: 'histogram', labels: ['le'] } as const;
  const throwing = {
    *[Symbol.iterator]() {
      yield row('x', 'y');
      throw new Error('no such field');
    },
  };

  it.for([
    { case: 'a label is missing', samples: bad({ labels: { a: '1' }, value: 1 }), reason: 'bad_label' },
    {
      case: 'a label is undefined',
      samples: bad({ labels: { a: '1', b: undefined }, value: 1 }),
      reason: 'bad_label',
    },
    { case: 'a label is null', samples: bad({ labels: { a: '1', b: null }, value: 1 }), reason: 'bad_label' },
    {
      case: 'a label is a number',
      samples: bad({ labels: { a: '1', b: 2 }, value: 1 }),
      reason: 'bad_label',
    },
    {
      case: 'a label is not declared',
      samples: bad({ labels: { a: '1', b: '2', c: '3' }, value: 1 }),
      reason: 'bad_label',
    },
    { case: 'labels are null', samples: bad({ labels: null, value: 1 }), reason: 'bad_label' },
    { case: 'the row is undefined', samples: bad(undefined), reason: 'bad_label' },
    {
      case: 'a gauge row has a suffix',
      samples: bad({ ...row('1', '2'), suffix: '_sum' }),
      reason: 'bad_label',
    },
    { case: 'the value is text', samples: bad({ ...row('1', '2'), value: '3' }), reason: 'bad_value' },
    { case: 'the value is missing', samples: bad({ labels: { a: '1', b: '2' } }), reason: 'bad_value' },
    { case: 'a label set comes twice', samples: bad(row('x', 'y', 2)), reason: 'duplicate' },
    {
      case: 'label sets are equal once mended',
      samples: [row('\ud800', 'y'), row('\udfff', 'y')],
      reason: 'duplicate',
    },
    { case: 'the generator throws half way', samples: throwing, reason: 'threw' },
    {
      case: 'the family name is not legal',
      family: { name: 'neon-rows' },
      samples: [row('x', 'y')],
      reason: 'bad_label',
    },
    { case: 'a label name is not legal', family: { labels: ['a-b'] }, samples: [], reason: 'bad_label' },
    { case: 'a label is declared twice', family: { labels: ['a', 'a'] }, samples: [], reason: 'bad_label' },
    {
      case: 'a bucket lacks le',
      family: histogram,
      samples: [{ labels: { le: '' }, value: 1, suffix: '_bucket' as const }],
      reason: 'bad_label',
    },
    {
      case: 'a sum has le',
      family: histogram,
      samples: [{ labels: { le: '1' }, value: 1, suffix: '_sum' as const }],
      reason: 'bad_label',
    },
    {
      case: 'a histogram row has no suffix',
      family: histogram,
      samples: [{ labels: { le: '' }, value: 1 }],
      reason: 'bad_label',
    },
  ])('$case', async ({ family, samples, reason }) => {
    const result = await render(declare(family), samples as Iterable<Sample>);
    expect(result).toMatchObject({ quarantined: reason });
  });

  it('when samples throws before the first row', async () => {
    const samples = () => {
      throw new Error('nothing to read');
    };
    const expected = { quarantined: 'threw', detail: 'nothing to read' };
    expect(await renderSlice(declare(), samples, restless)).toEqual(expected);
    expect(renderSliceNow(declare(), samples)).toEqual(expected);
  });

  it('does not take for a repetition what only joins to the same text', async () => {
    // prom-client 15 and its successors merge these.
    const slice = await sliceOf(declare(), [
      row('1,b:2', ''),
      row('1', '2,b:'),
      row('x|y', 'z'),
      row('x', 'y|z'),
    ]);
    expect(slice.rows).toBe(4);
  });
});

describe('a slice', () => {
  const many = Array.from({ length: 3_000 }, (_, index) =>
    row(`${index}`, index % 7 === 0 ? 'é"' : 'plain', index),
  );

  it('knows where every row ends, over pages and in any alphabet', async () => {
    const slice = await sliceOf(declare(), many);
    expect(slice.pages.length).toBeGreaterThan(1);
    const bytes = Buffer.concat([...slice.pages]);
    const ends = [...bytes.entries()].filter(([, byte]) => byte === 10).map(([offset]) => offset + 1);
    expect([...slice.rowEnds]).toEqual(ends);
    expect(slice.rows).toBe(3_000);
  });

  it('finds a repetition that is pages away', async () => {
    const result = await render(declare(), [...many, row('5', 'plain', 9)]);
    expect(result).toMatchObject({ quarantined: 'duplicate', detail: 'row 3001 repeats a label set' });
  });

  it('counts what is over the most rows without rendering it', async () => {
    const result = await renderSlice(declare(), () => many, restless, 10);
    expect(result).toMatchObject({ ok: { rows: 10, omittedRows: 2_990 } });
  });

  it('tells label sets apart exactly when they differ', async () => {
    // Few values, so that repetitions are common.
    const value = fc.constantFrom('', 'a', '"', '\\', '\n', '\\n', 'a,b', '|');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(value, value), { maxLength: 12 }), async (pairs) => {
        const result = await render(
          declare(),
          pairs.map(([a, b]) => row(a, b)),
        );
        const isDistinct = new Set(pairs.map((pair) => JSON.stringify(pair))).size === pairs.length;
        expect('ok' in result).toBe(isDistinct);
      }),
    );
  });
});

describe('pace', () => {
  it('takes rows lazily and rests after a thousand', async () => {
    let taken = 0;
    const takenAtRests: number[] = [];
    const pace = createPace(manualClock());
    const noting = {
      spent: pace.spent,
      rest: () => {
        takenAtRests.push(taken);
        return pace.rest();
      },
    };
    function* samples() {
      for (; taken < 2_500; ) {
        taken += 1;
        yield row(`${taken}`, 'b');
      }
    }
    await renderSlice(declare(), samples, noting);
    expect(takenAtRests).toEqual([1_000, 2_000]);
  });

  it('rests early when the rows are slow to come', async () => {
    const clock = manualClock();
    const pace = createPace(clock);
    await clock.advance(8);
    const spentAfter = Array.from({ length: 100 }, () => pace.spent());
    expect(spentAfter.indexOf(true)).toBe(99);
  });

  it('lets other work run while it rests', async () => {
    const order: string[] = [];
    setImmediate(() => order.push('other'));
    await createPace(manualClock()).rest();
    order.push('rested');
    expect(order).toEqual(['other', 'rested']);
  });

  it('counts rows over many small slices', async () => {
    const pace = createPace(manualClock());
    let rests = 0;
    const counting = {
      spent: pace.spent,
      rest: () => {
        rests += 1;
        return pace.rest();
      },
    };
    for (let index = 0; index < 30; index += 1) {
      const samples = Array.from({ length: 100 }, (_, at) => row(`${at}`, 'b'));
      await renderSlice(declare(), () => samples, counting);
    }
    expect(rests).toBe(3);
  });
});
