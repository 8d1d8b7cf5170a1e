import { SourceError } from '../errors.ts';

/** Nothing Neon answers is nested deeper than ten; a hostile answer may be. */
const maxDepth = 64;

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Where the array is, and how large one piece (an element, or the value of another property) may be. */
export interface SplitterOptions {
  /** Property of the top-level object that holds the array; absent when the answer itself is the array. */
  readonly property?: string | undefined;
  readonly maxPieceBytes: number;
}

type Place = 'start' | 'key' | 'colon' | 'value' | 'element' | 'after list' | 'end';

/**
 * Takes one JSON array apart as its bytes arrive, and parses it element by element. It looks only for strings,
 * brackets and the separators at the top; each piece between two of them must then pass `JSON.parse`, so that
 * exactly the texts which are JSON get through. Errors are `SourceError`s without the target's name.
 */
export class JsonSplitter {
  readonly #property: string | undefined;
  readonly #maxPieceBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #place: Place = 'start';
  #piece: Uint8Array[] = [];
  #pieceBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #key = '';
  #members = 0;
  #elements = 0;
  #listSeen = false;

  constructor(options: SplitterOptions) {
    this.#property = options.property;
    this.#maxPieceBytes = options.maxPieceBytes;
  }

  /** Elements that end in this chunk, parsed, in order. The chunk may be cut anywhere, also inside a character. */
  *push(chunk: Uint8Array): Generator<unknown, void, undefined> {
    let from = 0;
    while (from < chunk.length) {
      if (this.#place === 'key' || this.#place === 'value' || this.#place === 'element') {
        const to = this.#scan(chunk, from);
        this.#keep(chunk.subarray(from, to));
        const delimiter = chunk[to];
        from = to + 1;
        if (delimiter === undefined) continue;
        if (this.#place === 'element') yield* this.#endElement(delimiter);
        else if (this.#place === 'key') this.#endKey(delimiter);
        else this.#endValue(delimiter);
      } else {
        const byte = chunk[from];
        // A value's first byte decides whether it is the list; any other value is scanned from that byte on.
        if (byte === undefined || isSpace(byte) || !this.#step(byte)) from += 1;
      }
    }
  }

  /** To be called after the last chunk; throws when the array, or what is around it, is not complete. */
  finish(): void {
    if (this.#place === 'end') return;
    if (this.#place === 'start') throw malformed('the answer is empty');
    throw malformed(`the answer ends in the middle, after ${this.#elements} whole elements`);
  }

  /** Index of the next separator that is outside strings and brackets, or the chunk's length. */
  #scan(chunk: Uint8Array, from: number): number {
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    let index = from;
    scanning: for (; index < chunk.length; index += 1) {
      const byte = chunk[index];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
        continue;
      }
      switch (byte) {
        case quote:
          inString = true;
          break;
        case openBracket:
        case openBrace:
          depth += 1;
          if (depth > maxDepth) throw malformed(`${this.#where()}nested deeper than ${maxDepth}`);
          break;
        case closeBracket:
        case closeBrace:
          if (depth === 0) break scanning;
          depth -= 1;
          break;
        case comma:
        case colon:
          if (depth === 0) break scanning;
          break;
      }
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
    return index;
  }

  #keep(bytes: Uint8Array): void {
    this.#pieceBytes += bytes.length;
    if (this.#pieceBytes > this.#maxPieceBytes) {
      throw new SourceError('too_large', `${this.#where()}over ${this.#maxPieceBytes} bytes in one piece`);
    }
    if (bytes.length > 0) this.#piece.push(bytes);
  }

  /** One byte outside all pieces. True when the byte belongs to the piece that begins here. */
  #step(byte: number): boolean {
    switch (this.#place) {
      case 'start':
        return this.#open(byte);
      case 'colon':
        if (this.#key === this.#property && byte === openBracket) {
          this.#place = 'element';
          return false;
        }
        if (this.#key === this.#property) throw wrongKind(this.#key, byte);
        this.#place = 'value';
        return true;
      case 'after list':
        this.#endMember(byte);
        return false;
      default:
        throw malformed('something follows the end of the JSON');
    }
  }

  #open(byte: number): false {
    if (this.#property === undefined && byte !== openBracket) throw wrongKind('', byte);
    if (this.#property !== undefined && byte !== openBrace) throw wrongKind('', byte, 'object');
    this.#place = this.#property === undefined ? 'element' : 'key';
    return false;
  }

  *#endElement(delimiter: number): Generator<unknown, void, undefined> {
    if (delimiter !== comma && delimiter !== closeBracket) throw malformed(`${this.#where()}not valid JSON`);
    const isEmptyList = delimiter === closeBracket && this.#elements === 0 && this.#isBlank();
    const element = isEmptyList ? undefined : this.#parse();
    this.#clear();
    if (delimiter === closeBracket) {
      this.#listSeen = true;
      this.#place = this.#property === undefined ? 'end' : 'after list';
    }
    if (isEmptyList) return;
    this.#elements += 1;
    yield element;
  }

  #endKey(delimiter: number): void {
    if (delimiter === closeBrace && this.#members === 0 && this.#isBlank()) {
      this.#endObject();
      return;
    }
    const key = this.#parse();
    if (delimiter !== colon || typeof key !== 'string') throw malformed('the answer is not valid JSON');
    if (key === this.#property && this.#listSeen) throw malformed(`${key}: appears twice`);
    this.#clear();
    this.#key = key;
    this.#place = 'colon';
  }

  #endValue(delimiter: number): void {
    this.#parse();
    this.#clear();
    this.#endMember(delimiter);
  }

  #endMember(delimiter: number): void {
    this.#members += 1;
    if (delimiter === comma) this.#place = 'key';
    else if (delimiter === closeBrace) this.#endObject();
    else throw malformed('the answer is not valid JSON');
  }

  #endObject(): void {
    if (!this.#listSeen) throw malformed(`${this.#property}: expected array, got nothing`);
    this.#place = 'end';
  }

  #parse(): unknown {
    try {
      const [only] = this.#piece;
      const bytes = this.#piece.length === 1 && only !== undefined ? only : Buffer.concat(this.#piece);
      return JSON.parse(this.#decoder.decode(bytes));
    } catch {
      // No cause: the parser's own message quotes the answer at length.
      throw malformed(`${this.#where()}not valid JSON`);
    }
  }

  #isBlank(): boolean {
    return this.#piece.every((bytes) => bytes.every(isSpace));
  }

  #clear(): void {
    this.#piece = [];
    this.#pieceBytes = 0;
  }

  #where(): string {
    return this.#place === 'element' ? `${this.#property ?? ''}[${this.#elements}]: ` : 'beside the list: ';
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function malformed(message: string): SourceError {
  return new SourceError('malformed', message);
}

function wrongKind(path: string, firstByte: number, expected = 'array'): SourceError {
  const kind = kindByFirstByte(firstByte);
  if (kind === undefined) return malformed('the answer is not JSON');
  return malformed(`${path === '' ? 'the answer' : path}: expected ${expected}, got ${kind}`);
}

function kindByFirstByte(byte: number): string | undefined {
  const kinds: Record<string, string> = {
    '{': 'object',
    '[': 'array',
    '"': 'string',
    t: 'boolean',
    f: 'boolean',
    n: 'null',
  };
  const character = String.fromCharCode(byte);
  return kinds[character] ?? (/[-0-9]/.test(character) ? 'number' : undefined);
}
