import type { FamilyDeclaration, Sample } from '../metrics/family.ts';
import { createKeyIndex, hashBytes } from './key-index.ts';
import { BadRow, keyFormat, valueText } from './row.ts';

/** Text is gathered to about this much before it becomes a page: few native calls, no giant string. */
const pageChars = 65_536;
const firstRows = 64;
/** Smaller pages are not worth a mapping of their own, which takes whole memory pages. */
const mappedBytes = 16_384;

/** All rows of one family from one reading, as bytes that are valid in both formats. Immutable. */
export interface Slice {
  readonly family: FamilyDeclaration;
  /** The lines, each ending in a line feed, without headers. No row straddles two pages. */
  readonly pages: readonly Buffer[];
  /** Byte offset after each row, over all pages: a budget cuts here without rendering again. */
  readonly rowEnds: Uint32Array;
  readonly rows: number;
  /** Rows counted but not rendered, because no budget could ever serve them. */
  readonly omittedRows: number;
}

/**
 * Memory for a page. A resizable buffer is mapped by itself and unmapped when it is collected. Thousands of ordinary ones
 * a minute leave the C library's heap so full of holes that the process keeps twice the memory of its live data.
 */
function pageOf(bytes: number): Buffer {
  return Buffer.from(
    bytes < mappedBytes ? new ArrayBuffer(bytes) : new ArrayBuffer(bytes, { maxByteLength: bytes }),
  );
}

let scratch = Buffer.allocUnsafeSlow(2 * pageChars);

/**
 * Room to write a page in before it is copied to its place: bytes of a mapped buffer are slow to read one by one, as
 * hashing does. The same room each time, since a page is written in one go.
 */
function scratchOf(bytes: number): Buffer {
  if (scratch.length < bytes) scratch = Buffer.allocUnsafeSlow(bytes);
  return scratch.subarray(0, bytes);
}

/** Collects the rows of one slice. Both methods throw `BadRow` for what would spoil the exposition. */
export interface SliceWriter {
  add(sample: Sample): void;
  finish(): Slice;
}

/** @param maxRows rows that are rendered; what comes after them is only counted */
export function createSliceWriter(family: FamilyDeclaration, maxRows: number): SliceWriter {
  const keyOf = keyFormat(family);
  const pages: Buffer[] = [];
  let text = '';
  let rowEnds = new Uint32Array(firstRows);
  let keyEnds = new Uint32Array(firstRows);
  let rows = 0;
  let end = 0;
  let pagedRows = 0;
  let omittedRows = 0;
  const keys = createKeyIndex((row, earlier) => keyBytes(row).equals(keyBytes(earlier)));

  /** Only asked for rows with equal hashes, so it may search for its page. */
  function keyBytes(row: number): Buffer {
    let start = endAt(rowEnds, row - 1) + family.name.length;
    let keyEnd = endAt(keyEnds, row);
    for (const page of pages) {
      if (keyEnd <= page.length) return page.subarray(start, keyEnd);
      start -= page.length;
      keyEnd -= page.length;
    }
    return Buffer.alloc(0);
  }

  function turnPage(): void {
    const pageStart = endAt(rowEnds, pagedRows - 1);
    const written = scratchOf(end - pageStart);
    written.write(text);
    text = '';
    const page = pageOf(written.length);
    written.copy(page);
    pages.push(page);
    for (; pagedRows < rows; pagedRows += 1) {
      const start = endAt(rowEnds, pagedRows - 1) + family.name.length - pageStart;
      if (keys.add(hashBytes(written, start, endAt(keyEnds, pagedRows) - pageStart))) continue;
      throw new BadRow('duplicate', `row ${pagedRows + 1} repeats a label set`);
    }
  }

  return {
    add(sample) {
      if (rows >= maxRows) {
        omittedRows += 1;
        return;
      }
      const key = keyOf(sample);
      const value = valueText(sample.value);
      if (rows === rowEnds.length) {
        rowEnds = doubled(rowEnds);
        keyEnds = doubled(keyEnds);
      }
      const keyEnd = end + family.name.length + Buffer.byteLength(key);
      end = keyEnd + value.length + 2;
      keyEnds[rows] = keyEnd;
      rowEnds[rows] = end;
      rows += 1;
      text += `${family.name}${key} ${value}\n`;
      if (text.length >= pageChars) turnPage();
    },
    finish() {
      if (pagedRows < rows) turnPage();
      return { family, pages, rowEnds: rowEnds.slice(0, rows), rows, omittedRows };
    },
  };
}

function endAt(ends: Uint32Array, row: number): number {
  return row < 0 ? 0 : (ends[row] as number);
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
