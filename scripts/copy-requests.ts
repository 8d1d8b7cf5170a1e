/**
 * Copies the recorded requests that change something, those that were refused, and looks at what neonwatch itself does
 * not read, in the order they were sent, into test/fixtures/neon/requests.json, with what was answered; and the lists of
 * every service's metrics.
 *
 *   npx --no-install node scripts/copy-requests.ts RECORDING_FOLDER [--check]
 *
 * RECORDING_FOLDER holds the recording's own index.json. `--check` writes nothing and fails when the copy differs.
 * Only needed when the recording or the selection below changes; no test runs it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

interface RecordedLine {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** 0: the connection was closed or refused, and the file holds the client's complaint. */
  readonly status: number;
  readonly content_type: string;
  readonly state: string;
  readonly file: string;
  readonly seconds: number;
  /** Seconds since the Unix epoch when the answer was there. */
  readonly ts: number;
  readonly request_body?: unknown;
  readonly response_headers?: Readonly<Record<string, string>>;
}

/** The answer to `step_down` has an entry a shard: the first tell how they look. */
const keptEntries = 3;

const looks = [
  /^\/debug\/v1\/(tenant|scheduler|tombstone|tenant\/[^/]+\/locate)$/,
  /^\/control\/v1\/(node|safekeeper)\/\d+$/,
  /^\/control\/v1\/metadata_health\/unhealthy$/,
  /^\/v1\/(tenant|tenant\/[^/]+|location_config\/[^/]+|status|utilization)$/,
  /^\/status$/,
];

function isWanted({ method, status, path, state, service }: RecordedLine): boolean {
  if (/^(storcon|ps\d|sk\d|broker)$/.test(service) === false) return false;
  if (/\/(timeline|synthetic_size)$/.test(path) && state === 'healthy') return false;
  if (method !== 'GET' || status !== 200 || state === 'auth') return true;
  return ['healthy', 'ps4_deleted'].includes(state) && looks.some((look) => look.test(path));
}

function answered(recording: string, { status, file, path, state }: RecordedLine): unknown {
  if (status === 0) return null;
  // Of an allowed token it is enough that it was allowed.
  if (state === 'auth' && status === 200) return undefined;
  const text = readFileSync(join(recording, file), 'utf8');
  if (extname(file) !== '.json') return text;
  const body = JSON.parse(text) as unknown;
  if (!path.endsWith('/step_down')) return body;
  return Object.fromEntries(Object.entries(body as object).slice(0, keptEntries));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false } },
});
const [recording] = positionals;
if (recording === undefined) throw new Error('usage: copy-requests.ts RECORDING_FOLDER [--check]');

const lines = JSON.parse(readFileSync(join(recording, 'index.json'), 'utf8')) as RecordedLine[];
const startedAt = lines[0]?.ts ?? 0;
const copies = lines.filter(isWanted).map((line) => {
  const { state, service, method, path, status, content_type, file, seconds } = line;
  const [, , , , variant] = file.slice(0, -extname(file).length).split('__');
  return {
    state,
    ...(variant === undefined ? {} : { variant }),
    service,
    method,
    path,
    ...(line.request_body === undefined ? {} : { sent: line.request_body }),
    status,
    contentType: status === 0 ? '' : content_type,
    ...(line.response_headers === undefined ? {} : { headers: Object.keys(line.response_headers) }),
    body: answered(recording, line),
    at: Number((line.ts - startedAt).toFixed(3)),
    seconds,
  };
});
const metricsLists = ['broker', 'pageserver', 'safekeeper', 'storage_controller'].map(
  (service) => `METRICS_${service}.txt`,
);
const texts = new Map([
  ['requests.json', `[\n${copies.map((copy) => JSON.stringify(copy)).join(',\n')}\n]\n`],
  ...metricsLists.map((file) => [file, readFileSync(join(recording, file), 'utf8')] as const),
]);
for (const [file, text] of texts) {
  const target = fileURLToPath(new URL(`../test/fixtures/neon/${file}`, import.meta.url));
  if (!values.check) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) {
    console.error(`differs: ${file}`);
    process.exitCode = 1;
  }
}
console.log(`${copies.length} recorded requests of ${new Set(copies.map((copy) => copy.state)).size} states`);
