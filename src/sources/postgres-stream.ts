import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { SourceError } from '../errors.ts';
import { FrameReader } from './postgres-frames.ts';

/**
 * An open socket as pg wants its stream: one that it may "connect", and that hands it only well-formed messages.
 * Every fault ends it with the `SourceError` that tells why.
 */
export class PostgresStream extends Duplex {
  readonly #socket: Socket;
  readonly #frames = new FrameReader();
  #allowedBytes = 0;

  constructor(socket: Socket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    // What the server said last, why it ends, may not have been read yet.
    socket.on('close', () => (this.readableLength > 0 ? this.push(null) : this.destroy()));
  }

  /** How much the server may send from now on until the next call. */
  allow(maxBytes: number): void {
    this.#allowedBytes = maxBytes;
  }

  /** Called by pg, for which a stream begins closed. */
  connect(): void {
    queueMicrotask(() => this.emit('connect'));
  }

  setNoDelay(): this {
    this.#socket.setNoDelay(true);
    return this;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #receive(chunk: Buffer): void {
    if (this.destroyed) return;
    this.#allowedBytes -= chunk.length;
    try {
      if (this.#allowedBytes < 0) throw new SourceError('too_large', 'the server sends too many bytes');
      const frames = this.#frames.push(chunk, this.#allowedBytes + chunk.length);
      if (frames.length > 0 && !this.push(frames)) this.#socket.pause();
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
