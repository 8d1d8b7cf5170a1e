import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../src/errors.ts';
import { jsonListElements } from '../../src/sources/json-list.ts';

const stoppedClock = { monotonicMs: () => 0 };
const options = { maxPieceBytes: 1024 * 1024, clock: stoppedClock };

async function collect(
  chunks: Iterable<Uint8Array>,
  property?: string,
  maxPieceBytes = options.maxPieceBytes,
) {
  const elements: unknown[] = [];
  for await (const element of jsonListElements(chunks, { ...options, maxPieceBytes, property }))
    elements.push(element);
  return elements;
}

/** Cuts the text at every offset that is given, wherever that is inside a character. */
function cut(text: string, offsets: readonly number[]): Uint8Array[] {
  const bytes = Buffer.from(text);
  const ends = [...new Set(offsets.map((offset) => offset % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

const offsets = fc.array(fc.nat(), { maxLength: 30 });
const spaces = fc.constantFrom('', ' ', '\n', '\r\n\t ');

describe('elements', () => {
  it('are those of JSON.parse for any array, any spacing and any chunks', async () => {
    const list = fc.array(fc.jsonValue({ maxDepth: 5 }), { maxLength: 12 });
    const indent = fc.constantFrom(undefined, 1, '\t');
    await fc.assert(
      fc.asyncProperty(list, indent, spaces, offsets, async (value, indentation, around, at) => {
        const text = `${around}${JSON.stringify(value, null, indentation)}${around}`;
        expect(await collect(cut(text, at))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('are found under their property among any others', async () => {
    const others = fc.dictionary(
      fc.string().filter((key) => key !== 'shards'),
      fc.jsonValue(),
      { maxKeys: 4 },
    );
    await fc.assert(
      fc.asyncProperty(
        others,
        fc.array(fc.jsonValue()),
        others,
        offsets,
        async (before, shards, after, at) => {
          const text = JSON.stringify({ ...before, shards, ...after });
          expect(await collect(cut(text, at), 'shards')).toEqual(JSON.parse(text).shards);
        },
      ),
    );
  });

  it('are given only for the texts that JSON.parse takes, whichever character is changed', async () => {
    const list = fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1, maxLength: 4 });
    const mistakes = fc.constantFrom(
      '',
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '"',
      '\\',
      ' ',
      '0',
      '-',
      'e',
      '\u0000',
      'null',
    );
    await fc.assert(
      fc.asyncProperty(
        list,
        fc.nat(),
        mistakes,
        fc.boolean(),
        offsets,
        async (value, place, mistake, inserts, at) => {
          const whole = JSON.stringify(value);
          const index = place % whole.length;
          const text = `${whole.slice(0, index)}${mistake}${whole.slice(index + (inserts ? 0 : 1))}`;
          expect(await collect(cut(text.toWellFormed(), at)).catch(reasonOf)).toEqual(
            parsedOr(text.toWellFormed(), 'malformed'),
          );
        },
      ),
      { numRuns: 1000 },
    );
  });
});

function parsedOr(text: string, otherwise: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}

const reasonOf = (error: unknown) => (error instanceof SourceError ? error.reason : error);
const messageOf = (error: unknown) =>
  error instanceof SourceError ? `${error.reason}: ${error.message}` : error;

describe('refusals', () => {
  it.for([
    { case: 'an empty answer', text: ' \n', says: 'malformed: the answer is empty' },
    { case: 'null', text: 'null', says: 'malformed: the answer: expected array, got null' },
    { case: 'an object', text: '{"msg":"no"}', says: 'malformed: the answer: expected array, got object' },
    { case: 'no JSON at all', text: 'hello', says: 'malformed: the answer is not JSON' },
    { case: 'a byte order mark', text: '\ufeff[]', says: 'malformed: the answer is not JSON' },
    {
      case: 'an element cut off',
      text: '[{"id":1},{"id"',
      says: 'malformed: the answer ends in the middle, after 1 whole elements',
    },
    {
      case: 'a missing end',
      text: '[1,2',
      says: 'malformed: the answer ends in the middle, after 1 whole elements',
    },
    { case: 'a trailing comma', text: '[1,]', says: 'malformed: [1]: not valid JSON' },
    { case: 'a missing comma', text: '[1 2]', says: 'malformed: [0]: not valid JSON' },
    { case: 'brackets crossed', text: '[{"a":[1}]]', says: 'malformed: [0]: not valid JSON' },
    {
      case: 'something after the end',
      text: '[1] [2]',
      says: 'malformed: something follows the end of the JSON',
    },
    { case: 'too deep a nest', text: `[${'['.repeat(65)}`, says: 'malformed: [0]: nested deeper than 64' },
    {
      case: 'no such property',
      text: '{"a":[1]}',
      property: 'shards',
      says: 'malformed: shards: expected array, got nothing',
    },
    {
      case: 'an empty object',
      text: '{ }',
      property: 'shards',
      says: 'malformed: shards: expected array, got nothing',
    },
    {
      case: 'a null property',
      text: '{"shards":null}',
      property: 'shards',
      says: 'malformed: shards: expected array, got null',
    },
    {
      case: 'an array for an object',
      text: '[]',
      property: 'shards',
      says: 'malformed: the answer: expected object, got array',
    },
    {
      case: 'the property twice',
      text: '{"shards":[],"shards":[]}',
      property: 'shards',
      says: 'malformed: shards: appears twice',
    },
    {
      case: 'another property damaged',
      text: '{"a":tru,"shards":[]}',
      property: 'shards',
      says: 'malformed: beside the list: not valid JSON',
    },
    {
      case: 'a key that is no string',
      text: '{1:2}',
      property: 'shards',
      says: 'malformed: the answer is not valid JSON',
    },
    {
      case: 'an object not closed',
      text: '{"shards":[1]',
      property: 'shards',
      says: 'malformed: the answer ends in the middle, after 1 whole elements',
    },
    {
      case: 'an element over the limit',
      text: `[1,"${'x'.repeat(100)}"]`,
      maxPieceBytes: 64,
      says: 'too_large: [1]: over 64 bytes in one piece',
    },
    {
      case: 'a long value beside the list',
      text: `{"a":"${'x'.repeat(100)}"}`,
      property: 'shards',
      maxPieceBytes: 64,
      says: 'too_large: beside the list: over 64 bytes in one piece',
    },
  ])('$case', async ({ text, property, maxPieceBytes, says }) => {
    expect(await collect([Buffer.from(text)], property, maxPieceBytes).catch(messageOf)).toBe(says);
  });

  it('a string that is not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('["'), Buffer.from([0xc3, 0x28]), Buffer.from('"]')]);
    expect(await collect([bytes]).catch(messageOf)).toBe('malformed: [0]: not valid JSON');
  });
});

describe('turns of the event loop', () => {
  it('come at least every 8 ms of work in a list of 50 MB that arrives at once', async () => {
    const element = Buffer.from(
      `${JSON.stringify({ tenant_shard_id: 'f'.repeat(32), node_secondary: [1, 2] })},`,
    );
    const count = Math.ceil(50_000_000 / element.length);
    const whole = Buffer.concat([
      Buffer.from('['),
      Buffer.alloc(element.length * count, element),
      Buffer.from('0]'),
    ]);
    // Each look at this clock is a millisecond later; what is measured is how often the work looks and rests.
    let nowMs = 0;
    let yields = 0;
    let stretchStartMs = 0;
    let longestStretchMs = 0;
    const yieldToLoop = async () => {
      longestStretchMs = Math.max(longestStretchMs, nowMs - stretchStartMs);
      stretchStartMs = nowMs;
      yields += 1;
    };
    const clock = { monotonicMs: () => nowMs++ };
    let elements = 0;
    for await (const _ of jsonListElements([whole], { ...options, clock, yieldToLoop })) elements += 1;
    expect(elements).toBe(count + 1);
    expect(longestStretchMs).toBeLessThanOrEqual(10);
    expect(yields).toBeGreaterThan(count / 10);
  });

  it('come also inside one long element', async () => {
    let nowMs = 0;
    let yields = 0;
    const clock = { monotonicMs: () => (nowMs += 10) };
    const yieldToLoop = async () => {
      yields += 1;
    };
    const chunk = Buffer.from(`["${'x'.repeat(900_000)}"]`);
    for await (const _ of jsonListElements([chunk], { ...options, clock, yieldToLoop }));
    expect(yields).toBeGreaterThanOrEqual(13);
  });
});
