import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** One message of the Postgres protocol: a type and a body. */
export function message(type: string, body: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(5);
  header.write(type);
  header.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([header, bytes]);
}

export function errorMessage(sqlState: string, text: string, severity = 'ERROR'): Buffer {
  return message('E', `S${severity}\0V${severity}\0C${sqlState}\0M${text}\0\0`);
}

/** The answer to one SELECT, up to and including ReadyForQuery. */
export function answerOf(columns: readonly string[], ...rows: readonly string[][]): Buffer {
  return Buffer.concat([describe(columns), ...rows.map(dataRow), message('C', 'SELECT\0'), ready]);
}

export function describe(columns: readonly string[]): Buffer {
  const fields = columns.map((name) => Buffer.concat([Buffer.from(`${name}\0`), Buffer.alloc(18)]));
  return message('T', Buffer.concat([int16(columns.length), ...fields]));
}

export function dataRow(values: readonly string[]): Buffer {
  const parts = values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]);
  return message('D', Buffer.concat([int16(values.length), ...parts]));
}

export const ready = message('Z', 'I');
const processId = 4711;
export const loggedIn = Buffer.concat([
  message('R', int32(0)),
  message('S', 'server_version\x0015.9\0'),
  message('K', Buffer.concat([int32(processId), int32(99)])),
  ready,
]);
const greeted = answerOf(['pid', 'version', 'is_direct'], [String(processId), '150009', 't']);

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export interface FakeBackend {
  dsn(options?: string): string;
  /** Sockets that are open now, as this side sees it. */
  openSockets(): number;
  /** Sockets ever accepted, without those of cancels. */
  accepted(): number;
  cancels(): number;
  /** The startup message of the newest login, by parameter. */
  startup(): Readonly<Record<string, string>>;
}

export interface FakeScript {
  /** Called for each socket; when absent a login succeeds. */
  readonly onStartup?: (socket: Socket) => void;
  /** Called for each statement after the greeting. `cancelled` resolves when a cancel has come. */
  readonly onStatement?: (socket: Socket, sql: string, cancelled: Promise<void>) => void;
  /** A goodbye is not answered: sockets stay open until the other side destroys them. */
  readonly neverCloses?: boolean;
}

/** A server that speaks enough of the protocol to misbehave where no real one does. */
export async function startFakeBackend(script: FakeScript): Promise<FakeBackend> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let cancels = 0;
  let startup: Record<string, string> = {};
  const cancelled = Promise.withResolvers<void>();
  const server = createServer({ allowHalfOpen: script.neverCloses ?? false }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    let isStarted = false;
    socket.on('data', (bytes) => {
      if (isStarted) return onQuery(socket, bytes);
      const code = bytes.readUInt32BE(4);
      if (code === 80_877_103) return socket.write('N');
      isStarted = true;
      if (code === 80_877_102) {
        cancels += 1;
        cancelled.resolve();
        return socket.end();
      }
      accepted += 1;
      const words = bytes.subarray(8).toString().split('\0');
      startup = Object.fromEntries(
        words.flatMap((word, index) =>
          index % 2 === 0 && word !== '' ? [[word, words[index + 1] ?? '']] : [],
        ),
      );
      if (script.onStartup === undefined) socket.write(loggedIn);
      else script.onStartup(socket);
    });
  });
  const onQuery = (socket: Socket, bytes: Buffer) => {
    if (bytes[0] !== 'Q'.charCodeAt(0)) return;
    const sql = bytes.subarray(5, -1).toString();
    if (sql.startsWith('SELECT pg_catalog.pg_backend_pid()')) socket.write(greeted);
    else script.onStatement?.(socket, sql, cancelled.promise);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    dsn: (options = '') => `postgresql://me:correct-horse-battery@127.0.0.1:${address.port}/app${options}`,
    openSockets: () => sockets.size,
    accepted: () => accepted,
    cancels: () => cancels,
    startup: () => startup,
  };
}
