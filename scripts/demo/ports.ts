import { createServer } from 'node:net';

/** Whether a port of 127.0.0.1 is free; 0 asks for any. Gives the port. */
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      const bound = address === null || typeof address === 'string' ? undefined : address.port;
      probe.close(() => resolve(bound));
    });
  });
}

/** A port that was free a moment ago, for servers that cannot be asked to choose one. */
export async function freePort(): Promise<number> {
  const port = await tryPort(0);
  if (port === undefined) throw new Error('no free port on 127.0.0.1');
  return port;
}

/** `wanted` when it is free at this moment, else another one. */
export async function portNear(wanted: number): Promise<number> {
  return (await tryPort(wanted)) ?? freePort();
}
