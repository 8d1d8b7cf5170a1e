import { describe, expect, it } from 'vitest';
import { parseWatchExpression, readSamples } from '../../scripts/demo/watch-expression.ts';

const exposition = `# HELP a_total Help with "quotes"{} 1
# TYPE a_total counter
a_total{node="1",text="say \\"so\\", \\\\ and\\n{x}"} 3
a_total{node="2",text=""} 0
plain 1.5e3
huge +Inf
`;
const samples = readSamples(exposition);

describe('readSamples', () => {
  it('takes names, labels and values, escapes undone, and leaves comments', () => {
    expect(samples.map(({ name, labels, value }) => [name, Object.fromEntries(labels), value])).toEqual([
      ['a_total', { node: '1', text: 'say "so", \\ and\n{x}' }, 3],
      ['a_total', { node: '2', text: '' }, 0],
      ['plain', {}, 1500],
      ['huge', {}, Number.POSITIVE_INFINITY],
    ]);
  });
});

describe('parseWatchExpression', () => {
  it.for([
    { text: 'plain == 1500', isTrue: true },
    { text: 'plain > 1500', isTrue: false },
    { text: 'plain >= 1500.0', isTrue: true },
    { text: 'plain != 1500', isTrue: false },
    { text: 'plain < 1500', isTrue: false },
    { text: 'plain <= 1500', isTrue: true },
    { text: 'a_total > 2', isTrue: true },
    { text: 'a_total{node="2"} > 2', isTrue: false },
    { text: 'a_total{node!="2"} > 2', isTrue: true },
    { text: 'a_total{node=~"2|3"} == 0', isTrue: true },
    { text: 'a_total{node=~"[0-9]",node!~"1"} == 3', isTrue: false },
    { text: 'a_total{text="say \\"so\\", \\\\ and\\n{x}"} == 3', isTrue: true },
    { text: 'a_total{other=""} == 3', isTrue: true },
    { text: 'nowhere == 0', isTrue: false },
    { text: 'absent(nowhere)', isTrue: true },
    { text: 'absent(a_total{node="3"})', isTrue: true },
    { text: 'absent(a_total{node="2"})', isTrue: false },
  ])('$text is $isTrue', ({ text, isTrue }) => {
    expect(parseWatchExpression(text).isTrue(samples, [])).toBe(isTrue);
  });

  it.for([
    { case: 'sees a counter grow', before: 'a_total{node="1"} 2', isTrue: true },
    { case: 'sees one that stands still', before: 'a_total{node="1"} 3', isTrue: false },
    { case: 'counts one that is new from nothing', before: '', isTrue: true },
  ])('increase() $case', ({ before, isTrue }) => {
    const expression = parseWatchExpression('increase(a_total) > 0');
    expect(expression.isTrue(samples, readSamples(before))).toBe(isTrue);
  });

  it('names the metric', () => {
    expect(parseWatchExpression('increase(a_total{b="c"}) > 0').metric).toBe('a_total');
  });

  it.for(['', 'a b', 'a_total', 'absent(a) > 1', 'a{b="c" == 1', 'rate(a) > 1', 'a{b=c} > 1', 'a == x'])(
    'refuses %j',
    (text) => {
      expect(() => parseWatchExpression(text)).toThrow();
    },
  );
});
