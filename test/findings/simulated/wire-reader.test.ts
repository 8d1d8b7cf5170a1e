import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SourceError } from '../../../src/errors.ts';
import { simulatedClock } from './simulated-clock.ts';
import { type Wire, type WireOutcome, wireReader } from './wire-reader.ts';

const shape = z.object({ id: z.int() });

/** Asks once, and lets a minute pass. */
async function asked(outcome: WireOutcome | Promise<WireOutcome>) {
  const clock = simulatedClock(0, () => undefined);
  const wire: Wire = { get: () => outcome };
  const url = 'http://127.0.0.1:1234';
  const reader = wireReader({
    wire,
    url,
    token: undefined,
    headersTimeoutMs: 8_000,
    clock,
    latencyMs: () => 5,
  });
  let atMs: number | undefined;
  const read = reader.getJson('/v1/status', shape, AbortSignal.any([])).then(
    (value): unknown => value,
    (error: SourceError): unknown => error.reason,
  );
  void read.finally(() => {
    atMs = clock.wallMs();
  });
  await clock.advance(60_000);
  return { result: await read, atMs };
}

const json = (status: number, body: string): WireOutcome => ({
  status,
  contentType: 'application/json',
  body,
});

describe('a reader without sockets', () => {
  it.each([
    ['is given what fits the shape', json(200, '{"id":3}'), { id: 3 }, 10],
    ['takes what does not fit for malformed', json(200, '{"id":"3"}'), 'malformed', 10],
    ['takes no JSON for malformed', json(200, '<html>'), 'malformed', 10],
    ['takes 403 for denied', json(403, '{"msg":"Forbidden"}'), 'denied', 10],
    ['takes 503 for unexpected', json(503, '{"msg":"Shutting down"}'), 'unexpected', 10],
    ['is refused at once where nobody listens', 'refused' as const, 'refused', 5],
    ['gives up where nothing comes', 'silent' as const, 'timeout', 8_005],
    [
      'gives up on an answer that is never there',
      new Promise<WireOutcome>(() => undefined),
      'timeout',
      8_005,
    ],
  ])('%s', async (_, outcome, result, atMs) => {
    expect(await asked(outcome)).toEqual({ result, atMs });
  });
});

describe('a simulated clock', () => {
  it('moves the world to each instant before what is due then', async () => {
    const order: string[] = [];
    const clock = simulatedClock(0, (ms) => order.push(`moved ${ms}`));
    clock.after(20, () => order.push('second'));
    clock.after(10, () => order.push('first'));
    clock.after(30, () => order.push('cancelled'))();
    await clock.advance(25);
    expect(order).toEqual(['moved 10', 'first', 'moved 10', 'second', 'moved 5']);
  });
});
