import { breatheBy, rowsPerBreath } from '../breathe.ts';
import type { Clock } from '../clock.ts';
import { SourceError } from '../errors.ts';
import type { MetricSample, MetricsAnswer, WantedMetrics } from './json-reader.ts';
import { parseMetricLine } from './metrics-line.ts';

/** A longer line is left out. Neon's longest are under 400 bytes. */
const maxLineBytes = 16 * 1024;
/** A longer label value that was to be kept makes its line a bad one. */
const maxLabelChars = 256;
/** Samples kept over all families: more than a cluster has pageservers, and little memory. */
const maxSamples = 10_000;

const newline = 0x0a;
const hash = 0x23;
const openBrace = 0x7b;

interface Kept {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
  /** Every label of the line was kept, so that a second line like it is a repetition and no part of a sum. */
  readonly isWhole: boolean;
}

/**
 * Takes a metrics page in pieces and keeps the wanted families. A line that is no exposition, whose value is no finite
 * number, or which says again what another has said, is left out and counted; so is a last line without its end.
 * Families that are not wanted are skipped by their names, without a look at the rest of the line.
 */
export class MetricsPage {
  readonly #wanted: ReadonlyMap<string, readonly string[]>;
  readonly #families = new Map<string, Map<string, Kept>>();
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  /** The line that has begun and not ended, in pieces. */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #samples = 0;
  #goodLines = 0;
  #badLines = 0;

  constructor(wanted: WantedMetrics) {
    this.#wanted = new Map(Object.entries(wanted));
  }

  /**
   * Takes the next piece. It yields every few hundred lines, so that the caller can let others run.
   *
   * @throws {SourceError} `too_large` when more samples would be kept than anything real has.
   */
  *push(chunk: Uint8Array): Generator<undefined, void, undefined> {
    let lines = 0;
    for (let from = 0; from < chunk.length; ) {
      const end = chunk.indexOf(newline, from);
      const piece = chunk.subarray(from, end === -1 ? chunk.length : end);
      if (end === -1) {
        this.#keepPiece(piece);
        return;
      }
      this.#endLine(piece);
      from = end + 1;
      lines += 1;
      if (lines % rowsPerBreath === 0) yield;
    }
  }

  /**
   * To be called after the last piece.
   *
   * @throws {SourceError} `malformed` when nothing of it was exposition.
   */
  finish(): MetricsAnswer {
    if (this.#pieceBytes > 0) this.#badLines += 1;
    if (this.#goodLines === 0) {
      const what = this.#badLines === 0 ? 'the answer is empty' : 'the answer is no metrics page';
      throw new SourceError('malformed', what);
    }
    const families = new Map<string, readonly MetricSample[]>();
    for (const [name, kept] of this.#families) {
      families.set(
        name,
        [...kept.values()].map(({ labels, value }) => ({ labels, value })),
      );
    }
    return { families, badLines: this.#badLines };
  }

  #keepPiece(piece: Uint8Array): void {
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes > maxLineBytes) this.#pieces = [];
    // A copy: the chunk that it is a part of would be held as long as the line lasts.
    else this.#pieces.push(piece.slice());
  }

  #endLine(piece: Uint8Array): void {
    const isTooLong = this.#pieceBytes + piece.length > maxLineBytes;
    const line = this.#pieces.length === 0 ? piece : Buffer.concat([...this.#pieces, piece]);
    this.#pieces = [];
    this.#pieceBytes = 0;
    if (isTooLong || !this.#take(line)) this.#badLines += 1;
  }

  /** Whether the line was good. */
  #take(line: Uint8Array): boolean {
    if (line.length === 0) return true;
    if (line[0] === hash) return this.#good();
    const nameEnd = endOfName(line);
    if (nameEnd === 0) return false;
    const name = Buffer.from(line.buffer, line.byteOffset, nameEnd).toString('latin1');
    const keep = this.#wanted.get(name);
    return keep === undefined ? this.#good() : this.#takeSample(name, keep, line, nameEnd);
  }

  #good(): true {
    this.#goodLines += 1;
    return true;
  }

  #takeSample(name: string, keep: readonly string[], line: Uint8Array, nameEnd: number): boolean {
    const text = this.#decoded(line);
    const found = text === undefined ? undefined : parseMetricLine(text, nameEnd);
    if (found === undefined) return false;
    const pairs: [string, string][] = [];
    for (const label of keep) {
      const value = found.labels.get(label);
      if (value === undefined) continue;
      if (value.length > maxLabelChars) return false;
      pairs.push([label, value]);
    }
    return this.#add(name, pairs, found.value, pairs.length === found.labels.size);
  }

  #add(name: string, pairs: readonly [string, string][], value: number, isWhole: boolean): boolean {
    const key = JSON.stringify(pairs);
    const family = this.#families.get(name) ?? new Map<string, Kept>();
    const former = family.get(key);
    if (former?.isWhole === true || (former !== undefined && isWhole)) return false;
    if (former === undefined) this.#count();
    const sum = (former?.value ?? 0) + value;
    if (!Number.isFinite(sum)) return false;
    family.set(key, { labels: former?.labels ?? Object.fromEntries(pairs), value: sum, isWhole });
    this.#families.set(name, family);
    return this.#good();
  }

  #count(): void {
    this.#samples += 1;
    if (this.#samples <= maxSamples) return;
    throw new SourceError('too_large', `over ${maxSamples} samples of the families that are read`);
  }

  #decoded(line: Uint8Array): string | undefined {
    try {
      return this.#decoder.decode(line);
    } catch {
      return undefined;
    }
  }
}

/** Reads a page as it arrives. Throws `SourceError` with a bare sentence for a message. */
export async function readMetricsPage(
  chunks: AsyncIterable<Uint8Array>,
  wanted: WantedMetrics,
  clock: Clock,
): Promise<MetricsAnswer> {
  const page = new MetricsPage(wanted);
  const breathe = breatheBy(clock);
  for await (const chunk of chunks) {
    for (const _ of page.push(chunk)) await breathe();
    await breathe();
  }
  return page.finish();
}

/** Where the metric name at the beginning of a line ends; 0 when there is none, or something odd follows it. */
function endOfName(line: Uint8Array): number {
  let at = 0;
  while (at < line.length && isNameByte(line[at] ?? 0, at)) at += 1;
  const next = line[at];
  return next === 0x20 || next === 0x09 || next === openBrace ? at : 0;
}

function isNameByte(byte: number, at: number): boolean {
  if (byte >= 0x30 && byte <= 0x39) return at > 0;
  const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
  return isLetter || byte === 0x5f || byte === 0x3a;
}
