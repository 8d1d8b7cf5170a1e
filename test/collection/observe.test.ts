import { expect, it } from 'vitest';
import { observedHttp, readInstants } from '../../src/collection/observe.ts';
import { httpRun } from '../../src/collection/run.ts';
import type { ErasedCollector } from '../../src/collectors/registry.ts';
import { collectInputs, controllerTarget } from '../support/collect.ts';
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

it('notes reads that went out with the describe token, too', async () => {
  const clock = manualClock(0);
  const describe = fakeReader({
    '/one': async () => {
      await clock.advance(50);
      return 200;
    },
  });
  const collector = {
    name: 'tenants',
    async collect({ inputs, signal }: Parameters<ErasedCollector['collect']>[0]) {
      await inputs.describe.getStatus('/one', signal);
      await clock.advance(1_000);
      return {};
    },
  } as unknown as ErasedCollector;
  const run = httpRun(collector, controllerTarget, fakeReader({}), collectInputs({ describe }), clock);
  await clock.advance(1_000);
  expect(await run.take(undefined, AbortSignal.any([]))).toMatchObject({
    firstReadAtMs: 1_000,
    lastReadAtMs: 1_050,
  });
});
