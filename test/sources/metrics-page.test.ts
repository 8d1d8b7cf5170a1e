import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../src/errors.ts';
import type { MetricsAnswer, WantedMetrics } from '../../src/sources/json-reader.ts';
import { readMetricsPage } from '../../src/sources/metrics-page.ts';
import { mustHaveRecorded } from '../replay/world.ts';

const stoppedClock = { wallMs: () => 0, monotonicMs: () => 0, after: () => () => undefined };

async function* chunksOf(text: string | Buffer, at: readonly number[] = []): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  const ends = [...new Set(at.map((offset) => offset % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    yield bytes.subarray(from, end);
    from = end;
  }
}

function read(text: string | Buffer, wanted: WantedMetrics, at?: readonly number[]): Promise<MetricsAnswer> {
  return readMetricsPage(chunksOf(text, at), wanted, stoppedClock);
}

/** As `name{label="value"} number`, in order. */
function series({ families }: MetricsAnswer): string[] {
  return [...families].flatMap(([name, samples]) =>
    samples.map(({ labels, value }) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
      return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
    }),
  );
}

const wanted = { up: [], kept: ['a', 'b'] } as const;

describe('a line of a metrics page', () => {
  it.for([
    { line: 'up 1', is: ['up 1'] },
    { line: 'up\t-1.5e3', is: ['up -1500'] },
    { line: 'up +.5 1700000000000', is: ['up 0.5'] },
    { line: 'up{} 2.', is: ['up 2'] },
    { line: 'kept{a="x",b="y"} 3', is: ['kept{a="x",b="y"} 3'] },
    { line: 'kept { b = "y" , a = "x" , } 3', is: ['kept{a="x",b="y"} 3'] },
    { line: 'kept{a="x\\\\n\\"q\\n"} 3', is: ['kept{a="x\\\\n\\"q\\n"} 3'] },
    { line: 'kept{a="}",b=","} 3', is: ['kept{a="}",b=","} 3'] },
    { line: 'kept{a="Müller"} 3', is: ['kept{a="Müller"} 3'] },
    { line: 'kept{c="not kept"} 3', is: ['kept 3'] },
    { line: 'up_total 1', is: [] },
    { line: 'other{whatever 1', is: [] },
    { line: '# HELP up 1', is: [] },
    { line: '', is: [] },
  ])('is understood: $line', async ({ line, is }) => {
    const answer = await read(`# a page\n${line}\n`, wanted);
    expect(series(answer)).toEqual(is);
    expect(answer.badLines).toBe(0);
  });

  it.for([
    'up',
    'up ',
    'up one',
    'up 0x10',
    'up 1 2 3',
    'up 1 # {trace="x"} 1',
    'up 1\r',
    'up NaN',
    'up +Inf',
    'up 1e999',
    'up{ 1',
    'up{a} 1',
    'up{a=x} 1',
    'up{a="x} 1',
    'up{a="\\t"} 1',
    'up{a="x",a="y"} 1',
    'up{a="x" b="y"} 1',
    'up{1a="x"} 1',
    '{a="x"} 1',
    '1up 1',
    '<html>',
    'null',
    ' up 1',
    `kept{a="${'x'.repeat(257)}"} 1`,
    `up{a="${'x'.repeat(20_000)}"} 1`,
  ])('is left out and counted: %s', async (line) => {
    const answer = await read(`good 1\n${line}\nkept 2\n`, wanted);
    expect(series(answer)).toEqual(['kept 2']);
    expect(answer.badLines).toBe(1);
  });

  it('is left out when it is not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('up 1\nkept{a="'), Buffer.from([0xff]), Buffer.from('"} 1\n')]);
    expect(await read(bytes, wanted)).toMatchObject({ badLines: 1 });
  });

  it('is left out when it is the last and has no end: it may have been cut', async () => {
    const answer = await read('kept 2\nup 12', wanted);
    expect(series(answer)).toEqual(['kept 2']);
    expect(answer.badLines).toBe(1);
  });

  it('is left out when it repeats another, and the first one counts', async () => {
    const answer = await read('up 1\nup 5\nkept{a="x"} 1\nkept{a="x"} 2\n', wanted);
    expect(series(answer)).toEqual(['up 1', 'kept{a="x"} 1']);
    expect(answer.badLines).toBe(2);
  });
});

describe('samples', () => {
  it.for(['up 1\nup{x="y"} 2\n', 'up{x="y"} 1\nup 2\n'])(
    'of a family with and without labels are no parts of one sum: %j',
    async (text) => {
      const answer = await read(text, wanted);
      expect(series(answer)).toEqual(['up 1']);
      expect(answer.badLines).toBe(1);
    },
  );

  it('that agree in the labels that are kept are added up', async () => {
    const text = 'errors{kind="q",op="1"} 1\nerrors{kind="c",op="1"} 5\nerrors{op="2",kind="q"} 2\n';
    expect(series(await read(text, { errors: ['kind'] }))).toEqual([
      'errors{kind="q"} 3',
      'errors{kind="c"} 5',
    ]);
    expect(series(await read(text, { errors: [] }))).toEqual(['errors 8']);
  });

  it('beyond ten thousand are a failure, and one line for each timeline is not', async () => {
    const lines = Array.from({ length: 10_001 }, (_, at) => `waits{timeline="${at}"} 1\n`).join('');
    await expect(read(lines, { waits: ['timeline'] })).rejects.toMatchObject({ reason: 'too_large' });
    expect(series(await read(lines, { waits: [] }))).toEqual(['waits 10001']);
  });
});

describe('a page', () => {
  it.for([
    { case: 'empty', text: '', says: 'the answer is empty' },
    { case: 'JSON', text: '{"id": 1}', says: 'the answer is no metrics page' },
    { case: 'a web page', text: '<html>\n<b>no</b>\n</html>\n', says: 'the answer is no metrics page' },
    { case: 'one endless line', text: 'x'.repeat(100_000), says: 'the answer is no metrics page' },
  ])('that is $case is malformed', async ({ text, says }) => {
    await expect(read(text, wanted)).rejects.toEqual(new SourceError('malformed', says));
  });

  it('says the same however it is cut into pieces', async () => {
    const text =
      'up 1\n# TYPE kept gauge\nkept{a="é\\n",b="{,}"} 2\n?bad line\nkept{a="z"} 3\nother{x="y"} 4\n';
    const whole = await read(text, wanted);
    expect(whole.badLines).toBe(1);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 40 }), async (at) => {
        expect(await read(text, wanted, at)).toEqual(whole);
      }),
    );
  });

  it('gives back any labels and finite value that are written as the format says', async () => {
    const escaped = (text: string) =>
      text.replace(/[\\"\n]/g, (one) => ({ '\\': '\\\\', '"': '\\"' })[one] ?? '\\n');
    const label = fc.string({ unit: 'grapheme', maxLength: 30 });
    const value = fc.double({ noNaN: true, noDefaultInfinity: true });
    await fc.assert(
      fc.asyncProperty(label, label, value, async (a, b, number) => {
        const answer = await read(`kept{a="${escaped(a)}",b="${escaped(b)}"} ${number}\n`, wanted);
        expect(answer.badLines).toBe(0);
        expect(answer.families.get('kept')).toEqual([{ labels: { a, b }, value: number + 0 }]);
      }),
    );
  });

  it('of any bytes is read or refused, and keeps no value that is no finite number', async () => {
    const pieces = fc.constantFrom(
      'up',
      'kept',
      '{',
      '}',
      '"',
      '\\',
      'a=',
      '1',
      ' ',
      '\n',
      'NaN',
      '#',
      ',',
      'é',
    );
    const text = fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(text, async (parts) => {
        const answer = await read(parts.join(''), wanted).catch((thrown: unknown) => thrown);
        if (answer instanceof SourceError) {
          expect(answer.reason).toBe('malformed');
          return;
        }
        for (const [name, samples] of (answer as MetricsAnswer).families) {
          expect(['up', 'kept']).toContain(name);
          for (const { value } of samples) expect(Number.isFinite(value)).toBe(true);
        }
      }),
    );
  });

  it('of a pageserver is read as it was recorded, with no bad line', async () => {
    const { body } = mustHaveRecorded('healthy', 'ps1', '/metrics');
    const answer = await read(body, {
      pageserver_tenant_states_count: ['state'],
      libmetrics_launch_timestamp: [],
    });
    expect(answer.badLines).toBe(0);
    expect(series(answer)).toEqual([
      'libmetrics_launch_timestamp 1795312987085',
      'pageserver_tenant_states_count{state="Activating"} 0',
      'pageserver_tenant_states_count{state="Active"} 1',
      'pageserver_tenant_states_count{state="Attaching"} 0',
      'pageserver_tenant_states_count{state="Broken"} 0',
      'pageserver_tenant_states_count{state="Stopping"} 0',
    ]);
  });
});
