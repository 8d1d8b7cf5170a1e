import { describe, expect, it } from 'vitest';
import { createRepeatLimit } from '../src/log.ts';
import { manualClock } from './support/manual-clock.ts';

describe('createRepeatLimit', () => {
  it.for([
    { case: 'lets the first through', said: ['a'], admitted: [0] },
    { case: 'holds the same back', said: ['a', 'a', 'a'], admitted: [0, undefined, undefined] },
    { case: 'lets a change through, and the way back', said: ['a', 'b', 'a'], admitted: [0, 0, 0] },
  ])('$case', ({ said, admitted }) => {
    const limit = createRepeatLimit(manualClock());
    expect(said.map((content) => limit.admit('subject', content)?.repeats)).toEqual(admitted);
  });

  it('lets the same through again after ten minutes, with the number held back, whatever the wall clock does', async () => {
    const clock = manualClock();
    const limit = createRepeatLimit(clock);
    limit.admit('subject', 'a');
    clock.jump(3_600_000);
    expect(limit.admit('subject', 'a')).toBeUndefined();
    await clock.advance(600_000);
    expect(limit.admit('subject', 'a')).toEqual({ repeats: 1 });
  });

  it('holds back for each of very many subjects', () => {
    const limit = createRepeatLimit(manualClock());
    const admitAll = () =>
      Array.from({ length: 80_000 }, (_, n) => limit.admit(`subject ${n}`, 'a')).filter(Boolean).length;
    expect([admitAll(), admitAll()]).toEqual([80_000, 0]);
  });
});
