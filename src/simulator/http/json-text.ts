/** A JSON value with the place where it ends, for messages like serde_json's. */
export type Located =
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Located])[]; readonly end: number }
  | { readonly kind: 'sequence'; readonly items: readonly Located[]; readonly end: number }
  | { readonly kind: 'string'; readonly value: string; readonly end: number }
  | { readonly kind: 'number'; readonly value: number; readonly text: string; readonly end: number }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly end: number }
  | { readonly kind: 'null'; readonly end: number };

/** A text that is not JSON, or not the JSON that was asked for; the message is as serde_json words it. */
export class JsonTextError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.name = 'JsonTextError';
    this.at = at;
  }
}

interface Cursor {
  readonly text: string;
  at: number;
}

const maxDepth = 128;

/**
 * Reads one JSON text.
 *
 * @throws {JsonTextError} worded and placed as serde_json does.
 */
export function locateJson(text: string): Located {
  const cursor = { text, at: 0 };
  const value = readValue(cursor, 0);
  skipBlanks(cursor);
  if (cursor.at < text.length) throw new JsonTextError('trailing characters', cursor.at + 1);
  return value;
}

/** `line 1 column 15`, as serde_json counts: the column is that of the last character read. */
export function placeOf(text: string, at: number): string {
  const read = text.slice(0, at).split('\n');
  return `line ${read.length} column ${read.at(-1)?.length ?? 0}`;
}

function skipBlanks(cursor: Cursor): void {
  while (/[ \t\r\n]/.test(cursor.text.charAt(cursor.at))) cursor.at += 1;
}

function readValue(cursor: Cursor, depth: number): Located {
  if (depth >= maxDepth) throw new JsonTextError('recursion limit exceeded', cursor.at + 1);
  skipBlanks(cursor);
  const first = cursor.text.charAt(cursor.at);
  if (first === '') throw new JsonTextError('EOF while parsing a value', cursor.at);
  if (first === '{') return readMap(cursor, depth);
  if (first === '[') return readSequence(cursor, depth);
  if (first === '"') return { kind: 'string', value: readString(cursor), end: cursor.at };
  const [word] = /^(?:true|false|null)/.exec(cursor.text.slice(cursor.at, cursor.at + 5)) ?? [];
  if (word !== undefined) {
    cursor.at += word.length;
    if (word === 'null') return { kind: 'null', end: cursor.at };
    return { kind: 'boolean', value: word === 'true', end: cursor.at };
  }
  const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  number.lastIndex = cursor.at;
  const [digits] = number.exec(cursor.text) ?? [];
  if (digits === undefined) throw new JsonTextError('expected value', cursor.at + 1);
  cursor.at += digits.length;
  return { kind: 'number', value: Number(digits), text: digits, end: cursor.at };
}

function readString(cursor: Cursor): string {
  const string = /"(?:[^"\\]|\\.)*"/y;
  string.lastIndex = cursor.at;
  const [quoted] = string.exec(cursor.text) ?? [];
  if (quoted === undefined) throw new JsonTextError('EOF while parsing a string', cursor.text.length);
  cursor.at += quoted.length;
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw new JsonTextError('invalid escape or control character', cursor.at);
  }
}

/** Stands behind an element: true to go on with the next, false when `close` ended it. */
function goesOn(cursor: Cursor, close: string, what: string): boolean {
  skipBlanks(cursor);
  const mark = cursor.text.charAt(cursor.at);
  if (mark === '') throw new JsonTextError(`EOF while parsing ${what}`, cursor.at);
  if (mark !== ',' && mark !== close) {
    throw new JsonTextError(`expected \`,\` or \`${close}\``, cursor.at + 1);
  }
  cursor.at += 1;
  return mark === ',';
}

/** Steps over the opening mark; whether there is nothing inside. */
function isEmptyInside(cursor: Cursor, close: string): boolean {
  cursor.at += 1;
  skipBlanks(cursor);
  if (cursor.text.charAt(cursor.at) !== close) return false;
  cursor.at += 1;
  return true;
}

function readMap(cursor: Cursor, depth: number): Located {
  const entries: (readonly [string, Located])[] = [];
  if (isEmptyInside(cursor, '}')) return { kind: 'map', entries, end: cursor.at };
  do {
    skipBlanks(cursor);
    const first = cursor.text.charAt(cursor.at);
    if (first === '') throw new JsonTextError('EOF while parsing an object', cursor.at);
    if (first !== '"') throw new JsonTextError('key must be a string', cursor.at + 1);
    const key = readString(cursor);
    skipBlanks(cursor);
    if (cursor.text.charAt(cursor.at) !== ':') throw new JsonTextError('expected `:`', cursor.at + 1);
    cursor.at += 1;
    entries.push([key, readValue(cursor, depth + 1)]);
  } while (goesOn(cursor, '}', 'an object'));
  return { kind: 'map', entries, end: cursor.at };
}

function readSequence(cursor: Cursor, depth: number): Located {
  const items: Located[] = [];
  if (isEmptyInside(cursor, ']')) return { kind: 'sequence', items, end: cursor.at };
  do items.push(readValue(cursor, depth + 1));
  while (goesOn(cursor, ']', 'a list'));
  return { kind: 'sequence', items, end: cursor.at };
}
