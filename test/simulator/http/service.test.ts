import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { type HttpAnswer, jsonAnswer, rowsAnswer } from '../../../src/simulator/http/answer.ts';
import { type Handle, openService, type Service } from '../../../src/simulator/http/service.ts';
import { ask } from '../../replay/ask.ts';

let service: Service | undefined;
afterEach(() => service?.close());

async function serving(handle: Handle): Promise<{ readonly service: Service; readonly origin: string }> {
  const opened = await openService('127.0.0.1', 0);
  service = opened;
  opened.serve({ clock: systemClock, headers: () => ({ 'x-request-id': '1' }), delayMs: () => 0, handle });
  return { service: opened, origin: `http://127.0.0.1:${opened.port}` };
}

/** A list of `count` rows of about 100 bytes, which notes how far it was asked. */
function longList(count: number): {
  readonly answer: HttpAnswer;
  readonly made: () => number;
  readonly starts: () => number;
} {
  let made = 0;
  let starts = 0;
  return {
    made: () => made,
    starts: () => starts,
    answer: rowsAnswer({
      before: '[',
      after: ']',
      *rows(startAfter) {
        starts += 1;
        for (let at = startAfter === undefined ? 0 : Number(startAfter) + 1; at < count; at += 1) {
          made += 1;
          const key = String(at).padStart(9, '0');
          yield [key, JSON.stringify({ key, filling: 'x'.repeat(80) })];
        }
      },
    }),
  };
}

describe('an answer', () => {
  it('has the headers of Neon and no others', async () => {
    const { origin } = await serving(() => jsonAnswer(200, { id: 1 }));
    const { headers, body } = await ask(origin, '/');
    expect(Object.keys(headers)).toEqual(['content-type', 'x-request-id', 'date', 'content-length']);
    expect(body.toString()).toBe('{"id":1}');
  });

  it('of status 0 is a connection that breaks', async () => {
    const { origin } = await serving(() => ({ status: 0, body: '' }));
    await expect(ask(origin, '/')).rejects.toThrow(/socket hang up|ECONNRESET/);
  });

  it.for([
    { case: 'an empty list', count: 0 },
    { case: 'one row', count: 1 },
    { case: 'a list of many parts', count: 200_000 },
  ])('is $case, whole and in order', async ({ count }) => {
    const { answer } = longList(count);
    const { origin } = await serving(() => answer);
    const rows = JSON.parse((await ask(origin, '/')).body.toString()) as { key: string }[];
    expect(rows.map(({ key }) => Number(key))).toEqual(Array.from({ length: count }, (_, at) => at));
  });

  it('is not made faster than it is read', async () => {
    const list = longList(1_000_000);
    const { service: slow } = await serving(() => list.answer);
    const socket = connect(slow.port, '127.0.0.1');
    socket.pause();
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await expect.poll(list.made).toBeGreaterThan(1_000);
    // The kernel takes some megabytes off a reader that reads nothing.
    expect(list.starts()).toBeLessThan(10);
    expect(list.made()).toBeLessThan(500_000);
    socket.destroy();
  });
});

describe('a process', () => {
  it('refuses connections while it is down, and has its port again afterwards', async () => {
    const { service: own, origin } = await serving(() => jsonAnswer(200, null));
    await own.become('down');
    await expect(ask(origin, '/')).rejects.toThrow('ECONNREFUSED');
    await own.become('up');
    expect((await ask(origin, '/')).status).toBe(200);
  });

  it('takes connections while it hangs, and answers when it goes on', async () => {
    let asked = 0;
    const { service: own, origin } = await serving(() => {
      asked += 1;
      return jsonAnswer(200, null);
    });
    await own.become('hung');
    const answer = ask(origin, '/');
    await expect.poll(() => own.held()).toBe(1);
    expect(asked).toBe(0);
    await own.become('up');
    expect((await answer).status).toBe(200);
  });

  it('breaks what it was about when it dies', async () => {
    const { service: own, origin } = await serving(() => new Promise(() => undefined));
    const answer = ask(origin, '/');
    await expect.poll(() => own.held()).toBe(0);
    const broken = expect(answer).rejects.toThrow(/socket hang up|ECONNRESET|ECONNREFUSED/);
    await own.become('down');
    await broken;
  });

  it('does not take a body without end', async () => {
    const { origin } = await serving(({ text }) => jsonAnswer(200, text.length));
    const sent = fetch(origin, { method: 'PUT', body: 'x'.repeat(2 * 1024 * 1024) });
    await expect(sent).rejects.toThrow();
  });
});
