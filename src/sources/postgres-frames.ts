import { SourceError } from '../errors.ts';

const headerBytes = 5;

/**
 * Cuts a server's bytes into whole messages of the Postgres protocol and lets only well-formed ones through.
 *
 * pg's own parser (pg-protocol 1.x, parser.js) trusts its input: an error message that is not terminated makes it loop
 * for ever, and a row of a wrong length makes it throw where nobody can catch it. Both would end the whole exporter.
 */
export class FrameReader {
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  /** How many bytes must have come before there is something to cut. */
  #neededBytes = headerBytes;

  /**
   * The whole messages that have come with `chunk`, back to back; maybe none.
   *
   * @throws {SourceError} `malformed`, `too_large` or, for a way to log in that we do not have, `unsupported`.
   */
  push(chunk: Buffer, maxFrameBytes: number): Buffer {
    this.#pieces.push(chunk);
    this.#piecesBytes += chunk.length;
    // Pieces of a long message are joined once, when the last has come.
    if (this.#piecesBytes < this.#neededBytes) return Buffer.alloc(0);
    const bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces);
    let at = 0;
    let frameBytes = headerBytes;
    while (bytes.length - at >= headerBytes) {
      frameBytes = checkHeader(bytes, at, maxFrameBytes);
      if (bytes.length - at < frameBytes) break;
      checkBody(bytes.subarray(at, at + frameBytes));
      at += frameBytes;
      frameBytes = headerBytes;
    }
    this.#neededBytes = frameBytes;
    this.#pieces = at === bytes.length ? [] : [bytes.subarray(at)];
    this.#piecesBytes = bytes.length - at;
    return bytes.subarray(0, at);
  }
}

/** Length of the message that begins at `at`, its type byte included. */
function checkHeader(bytes: Buffer, at: number, maxFrameBytes: number): number {
  const type = String.fromCharCode(bytes[at] ?? 0);
  if (!Object.hasOwn(bodyChecks, type)) throw malformed(`a message of type ${JSON.stringify(type)}`);
  const frameBytes = bytes.readUInt32BE(at + 1) + 1;
  if (frameBytes < headerBytes) throw malformed(`a message of ${frameBytes} bytes`);
  if (frameBytes <= maxFrameBytes) return frameBytes;
  throw new SourceError('too_large', `the server sends a message of ${frameBytes} bytes`);
}

/** By type byte: whether the body (after the header) has the shape that pg's parser expects. */
const bodyChecks: Readonly<Record<string, (body: Buffer) => boolean>> = {
  R: isAuthentication,
  E: isErrorFields,
  N: isErrorFields,
  S: (body) => hasStrings(body, 0, 2),
  K: (body) => body.length === 8,
  Z: (body) => body.length === 1,
  C: (body) => hasStrings(body, 0, 1),
  I: (body) => body.length === 0,
  A: (body) => body.length >= 4 && hasStrings(body, 4, 2),
  T: isRowDescription,
  D: isDataRow,
};

function checkBody(frame: Buffer): void {
  const type = String.fromCharCode(frame[0] ?? 0);
  if (bodyChecks[type]?.(frame.subarray(headerBytes)) === true) return;
  throw malformed(`a damaged message of type ${type}`);
}

function malformed(what: string): SourceError {
  return new SourceError('malformed', `not the Postgres protocol: the server sent ${what}`);
}

/** Kinds of `AuthenticationRequest` that pg cannot answer, by code (PostgreSQL documentation, 55.7). */
const foreignLogins: Readonly<Record<number, string>> = {
  2: 'Kerberos',
  6: 'SCM credentials',
  7: 'GSSAPI',
  9: 'SSPI',
};

function isAuthentication(body: Buffer): boolean {
  if (body.length < 4) return false;
  const code = body.readUInt32BE(0);
  const foreign = foreignLogins[code];
  if (foreign !== undefined) {
    const what = `the server wants this user to log in with ${foreign}`;
    throw new SourceError('unsupported', `${what}; give it a password (scram-sha-256) in pg_hba.conf`);
  }
  if (code === 0 || code === 3) return body.length === 4;
  if (code === 5) return body.length === 8;
  if (code === 10) return body.length > 5 && body.at(-1) === 0 && body.at(-2) === 0;
  return code === 11 || code === 12;
}

/** Pairs of a type byte and a string, and a zero byte at the end. */
function isErrorFields(body: Buffer): boolean {
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const end = body.indexOf(0, at + 1);
    if (end === -1) return false;
    at = end + 1;
  }
  return at === body.length - 1;
}

function hasStrings(body: Buffer, from: number, count: number): boolean {
  let at = from;
  for (let found = 0; found < count; found += 1) {
    const end = body.indexOf(0, at);
    if (end === -1) return false;
    at = end + 1;
  }
  return at === body.length;
}

/** At most 1,664 by Postgres; pg reads it as a signed number. */
function columnCount(body: Buffer): number {
  const columns = body.readInt16BE(0);
  return columns < 0 ? Number.POSITIVE_INFINITY : columns;
}

function isRowDescription(body: Buffer): boolean {
  if (body.length < 2) return false;
  let at = 2;
  for (let column = columnCount(body); column > 0; column -= 1) {
    const end = body.indexOf(0, at);
    if (end === -1) return false;
    at = end + 1 + 18;
  }
  return at === body.length;
}

function isDataRow(body: Buffer): boolean {
  if (body.length < 2) return false;
  let at = 2;
  for (let column = columnCount(body); column > 0; column -= 1) {
    if (at + 4 > body.length) return false;
    const valueBytes = body.readInt32BE(at);
    if (valueBytes < -1) return false;
    at += 4 + Math.max(0, valueBytes);
  }
  return at === body.length;
}
