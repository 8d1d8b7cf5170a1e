const wordBits = 32;
const blockBytes = 64;
const lengthBytes = 8;
const rounds = 64;
const initialWords = 8;

/** The first bits behind the point of a root of a prime, as FIPS 180-4 makes its constants. */
function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** wordBits) >>> 0;
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate += 1) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}

const roundConstants = primes(rounds).map((prime) => fraction(Math.cbrt(prime)));
const initialState = primes(initialWords).map((prime) => fraction(Math.sqrt(prime)));

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (wordBits - bits));
}

/** The message, a bit, zeros, and its length in bits: a whole number of blocks. */
function padded(message: Uint8Array): DataView {
  const blocks = Math.ceil((message.length + 1 + lengthBytes) / blockBytes);
  const bytes = new Uint8Array(blocks * blockBytes);
  bytes.set(message);
  bytes[message.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setBigUint64(bytes.length - lengthBytes, BigInt(message.length) * 8n);
  return view;
}

function scheduleOf(view: DataView, offset: number): Uint32Array {
  const words = new Uint32Array(rounds);
  const word = (at: number) => words[at] ?? 0;
  for (let at = 0; at < rounds; at += 1) {
    if (at < 16) {
      words[at] = view.getUint32(offset + at * 4);
      continue;
    }
    const [early, late] = [word(at - 15), word(at - 2)];
    const first = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
    const second = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
    words[at] = word(at - 16) + first + word(at - 7) + second;
  }
  return words;
}

/** SHA-256 as hexadecimal digits. Of our own, since nothing of Node's comes into this layer and a plan never waits. */
export function sha256(text: string): string {
  const view = padded(new TextEncoder().encode(text));
  const state = Uint32Array.from(initialState);
  for (let offset = 0; offset < view.byteLength; offset += blockBytes) {
    const words = scheduleOf(view, offset);
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let at = 0; at < rounds; at += 1) {
      const sumE = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
      const chosen = (e & f) ^ (~e & g);
      const first = (h + sumE + chosen + (roundConstants[at] ?? 0) + (words[at] ?? 0)) | 0;
      const sumA = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + sumA + majority) | 0];
    }
    for (const [at, word] of [a, b, c, d, e, f, g, h].entries()) state[at] = (state[at] ?? 0) + word;
  }
  return [...state].map((word) => word.toString(16).padStart(8, '0')).join('');
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, inOrder(part)]));
}

/** The name of a value as JSON has it: the same whatever order its keys were written in. Lists keep theirs. */
export function fingerprint(value: object): string {
  return sha256(JSON.stringify(inOrder(value)));
}
