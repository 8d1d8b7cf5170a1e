/**
 * Copies the recorded answers that tests replay into test/fixtures/neon, byte for byte, and writes its index.json.
 *
 *   npx --no-install node scripts/copy-fixtures.ts RECORDING_FOLDER [--check]
 *
 * RECORDING_FOLDER holds the recording's own index.json. `--check` writes nothing and fails when a fixture differs.
 * Only needed when the recording or the selection below changes; no test runs it.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** One line of the recording's index. Status 0: nothing listened, and the file holds the client's complaint. */
interface RecordedLine {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly content_type: string;
  readonly state: string;
  readonly file: string;
  readonly seconds: number;
}

interface FixtureLine {
  readonly state: string;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** State `auth` only: the scope of the token sent, or what else stood in the header. */
  readonly scope?: string;
  readonly status: number;
  readonly contentType: string;
  readonly file: string | null;
  readonly seconds: number;
}

const states = new Set(
  `healthy empty imbalance node_down node_down_just_detected before_node_down filling fill_slow after_fill
   after_kill_during_fill drained_node3 draining drained_paused_shards node_pause migration_in_progress hook_503
   hook_recovered warming_up after_warming_up cold_start_no_secondaries with_detached_and_secondary policy_secondary
   unscheduled healthy_zero_tenants db_down db_back stepped_down_alone stepped_down_leader_dead restarted auth
   ps4_joined ps4_deleted splitting_0 splitting_3 shards_paused shards_stopped essential no_preferred_az
   after_storcon_restart sk3_decomissioned sk9_activating sk9_decomissioned drain_warm2 scale_filled scale_node_back
   errors`.split(/\s+/),
);

/** Metrics pages are long, so only these are copied: service → states, of which others may have nothing else here. */
const metricsStates: Readonly<Record<string, readonly string[]>> = {
  storcon: ['healthy', 'empty', 'node_down', 'imbalance', 'warming_up', 'hook_503', 'long_reconcile'],
  ps1: ['healthy', 'node_down'],
  sk1: ['healthy'],
  broker: ['healthy'],
};

const controllerRoutes = [
  /^\/(status|ready|live)$/,
  /^\/control\/v1\/(node\/?|tenant|safekeeper|leader|nope)(\?.*)?$/,
  /^\/control\/v1\/tenant\/[^/]+$/,
  /^\/control\/v1\/node\/[^/]+\/shards$/,
];
const pageserverRoutes = [
  /^\/v1\/(status|location_config|utilization|nope)$/,
  /^\/v1\/tenant\/[^/]+\/secondary\/status$/,
];

function isWanted(line: RecordedLine): boolean {
  if (line.path === '/metrics') return metricsStates[line.service]?.includes(line.state) === true;
  if (!states.has(line.state) || !['GET', 'HEAD'].includes(line.method)) return false;
  if (line.service === 'storcon') {
    return controllerRoutes.some((route) => route.test(line.path));
  }
  return /^ps\d+$/.test(line.service) && pageserverRoutes.some((route) => route.test(line.path));
}

/** `storcon__GET__control_v1_node__auth__infra.json` becomes `auth/storcon/control_v1_node.infra.json`. */
function fixtureLine(line: RecordedLine): FixtureLine {
  const { state, service, method, path, status, seconds } = line;
  const extension = extname(line.file);
  const [, , slug = '', , variant] = line.file.slice(0, -extension.length).split('__');
  const name = `${method === 'GET' ? '' : `${method}_`}${slug}${variant === undefined ? '' : `.${variant}`}${extension}`;
  return {
    state,
    service,
    method,
    path,
    ...(state === 'auth' && variant !== undefined ? { scope: variant } : {}),
    status,
    contentType: status === 0 ? '' : line.content_type,
    file: status === 0 ? null : `${state}/${service}/${name}`,
    seconds,
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false } },
});
const [recording] = positionals;
if (recording === undefined) throw new Error('usage: copy-fixtures.ts RECORDING_FOLDER [--check]');

const fixtures = fileURLToPath(new URL('../test/fixtures/neon', import.meta.url));
const lines = (JSON.parse(readFileSync(join(recording, 'index.json'), 'utf8')) as RecordedLine[]).filter(
  isWanted,
);
const copies = lines.map((line) => ({ line, fixture: fixtureLine(line) }));

const taken = new Set<string>();
for (const { fixture } of copies) {
  if (fixture.file === null) continue;
  if (taken.has(fixture.file)) throw new Error(`two recorded answers would be ${fixture.file}`);
  taken.add(fixture.file);
}

const index = `[\n${copies.map(({ fixture }) => JSON.stringify(fixture)).join(',\n')}\n]\n`;
if (values.check) {
  const different = copies.filter(({ line, fixture }) => {
    if (fixture.file === null) return false;
    const copy = join(fixtures, fixture.file);
    return !existsSync(copy) || !readFileSync(copy).equals(readFileSync(join(recording, line.file)));
  });
  const indexDiffers = readFileSync(join(fixtures, 'index.json'), 'utf8') !== index;
  for (const { fixture } of different) console.error(`differs: ${fixture.file}`);
  if (indexDiffers) console.error('differs: index.json');
  process.exitCode = different.length > 0 || indexDiffers ? 1 : 0;
} else {
  for (const state of new Set([...states, ...lines.map((line) => line.state)]))
    rmSync(join(fixtures, state), { recursive: true, force: true });
  for (const { line, fixture } of copies) {
    if (fixture.file === null) continue;
    const copy = join(fixtures, fixture.file);
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, readFileSync(join(recording, line.file)));
  }
  writeFileSync(join(fixtures, 'index.json'), index);
}
console.log(`${copies.length} recorded answers of ${new Set(lines.map((line) => line.state)).size} states`);
