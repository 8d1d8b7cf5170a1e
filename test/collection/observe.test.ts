import { expect, it } from 'vitest';
import { observedHttp, readInstants } from '../../src/collection/observe.ts';
import { fakeReader } from '../support/fake-reader.ts';
import { manualClock } from '../support/manual-clock.ts';

it('notes when the first request was sent and the last answer had come, not when the run began or ended', async () => {
  const clock = manualClock(0);
  const instants = readInstants(clock);
  const http = observedHttp(
    fakeReader({
      '/ready': async () => {
        await clock.advance(50);
        return 200;
      },
    }),
    instants,
  );
  const signal = AbortSignal.any([]);
  await clock.advance(1_000);
  await http.getStatus('/ready', signal);
  await clock.advance(1_000);
  await http.getStatus('/ready', signal);
  await clock.advance(1_000);
  expect(instants.firstAndLast()).toEqual([1_000, 2_100]);
});
