import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';

/** A spec with thousands of roles is about 1 MiB; more would hold the event loop for too long. */
const maxBytes = 4 * 1024 * 1024;
/** Tries before a file that changes at each look is given up. */
const maxTries = 3;

const Setting = z.object({ name: z.string(), value: z.string().nullish() });
const Pageserver = z.object({ libpq_url: z.string().nullish() });

/** `PageserverConnectionInfo` (libs/compute_api/src/spec.rs), only the fields we use. Keys of `shards`: `0002`. */
const ConnectionInfo = z.object({
  shard_count: z.int().min(0).max(255),
  stripe_size: z.int().nullish(),
  shards: z.record(z.string(), z.object({ pageservers: z.array(Pageserver) })),
});

/** `ComputeSpec`, only the fields we use: roles, tokens and whatever else is secret never leave this file. */
const Spec = z.object({
  pageserver_connection_info: ConnectionInfo.nullish(),
  pageserver_connstring: z.string().nullish(),
  shard_stripe_size: z.int().nullish(),
  tenant_id: z.string().nullish(),
  timeline_id: z.string().nullish(),
  safekeepers_generation: z.int().nullish(),
  safekeeper_connstrings: z.array(z.string()).nullish(),
  cluster: z.object({ settings: z.array(Setting).nullish() }).nullish(),
});

const ConfigFile = z.object({ spec: Spec.nullish() });

/** One place of the spec that names pageservers, by its field. Raw: a connection string may hold a password. */
export interface ConnstringPlace {
  readonly place: 'pageserver_connection_info' | 'pageserver_connstring' | 'cluster_settings';
  readonly connstring: string;
}

/** What `compute_ctl` would write into `postgresql.conf` at its next start; each value as it would stand there. */
export interface ComputeConfig {
  /** Every place that names pageservers, in the order in which they are written: the last one counts. */
  readonly connstrings: readonly ConnstringPlace[];
  readonly stripeSize: string | undefined;
  readonly tenantId: string | undefined;
  readonly timelineId: string | undefined;
  readonly safekeepers: string | undefined;
}

/** Why there is none. `no_object`: no such file, or one whose spec is null. */
export type ConfigFlaw = 'no_object' | 'no_privilege' | 'malformed';
export type ConfigJson = { readonly config: ComputeConfig } | { readonly flaw: ConfigFlaw };

/**
 * Reads the `config.json` of a compute (`{"spec": ComputeSpec, …}`), which `compute_ctl` turns into `postgresql.conf`
 * at every start. A file that is replaced or written to meanwhile is read again. Never throws for the file's sake.
 */
export async function readConfigJson(path: string): Promise<ConfigJson> {
  try {
    for (let attempt = 0; attempt < maxTries; attempt += 1) {
      const text = await readQuiet(path);
      if (text !== undefined) return parseConfigJson(text);
    }
    return { flaw: 'malformed' };
  } catch (thrown) {
    return { flaw: flawOf(thrown) };
  }
}

class NotUsable extends Error {}

/** The whole file; undefined when it changed while it was read. */
async function readQuiet(path: string): Promise<string | undefined> {
  // Opening a named pipe would wait for a writer for ever.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile() || before.size > maxBytes) throw new NotUsable();
    const bytes = await readAtMost(handle, Number(before.size) + 1);
    const after = await handle.stat({ bigint: true });
    const isQuiet = BigInt(bytes.length) === before.size && after.mtimeNs === before.mtimeNs;
    return isQuiet && after.size === before.size ? bytes.toString('utf8') : undefined;
  } finally {
    await handle.close();
  }
}

async function readAtMost(handle: FileHandle, byteCount: number): Promise<Buffer> {
  const buffer = Buffer.alloc(byteCount);
  let filled = 0;
  while (filled < byteCount) {
    const { bytesRead } = await handle.read(buffer, filled, byteCount - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function flawOf(thrown: unknown): ConfigFlaw {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no_object';
  if (code === 'EACCES' || code === 'EPERM') return 'no_privilege';
  return 'malformed';
}

/** @returns the flaw `malformed` for anything that `compute_ctl` could not start from either */
function parseConfigJson(text: string): ConfigJson {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { flaw: 'malformed' };
  }
  const parsed = ConfigFile.safeParse(body);
  if (!parsed.success) return { flaw: 'malformed' };
  const { spec } = parsed.data;
  return spec == null ? { flaw: 'no_object' } : configOf(spec);
}

function configOf(spec: z.infer<typeof Spec>): ConfigJson {
  const settings = new Map(
    (spec.cluster?.settings ?? []).flatMap(({ name, value }) => (value == null ? [] : [[name, value]])),
  );
  const connstrings: ConnstringPlace[] = [];
  const info = spec.pageserver_connection_info;
  const joined = info == null ? undefined : joinUrls(info);
  if (joined === 'incomplete') return { flaw: 'malformed' };
  // With connection info the older field is not written; beside a written one it is still there to be compared.
  if (spec.pageserver_connstring != null && (info == null || joined !== undefined)) {
    connstrings.push({ place: 'pageserver_connstring', connstring: spec.pageserver_connstring });
  }
  if (joined !== undefined) connstrings.push({ place: 'pageserver_connection_info', connstring: joined });
  const setting = settings.get('neon.pageserver_connstring');
  if (setting !== undefined) connstrings.push({ place: 'cluster_settings', connstring: setting });
  const stripe = info == null ? spec.shard_stripe_size : info.stripe_size;
  return {
    config: {
      connstrings,
      stripeSize: settings.get('neon.stripe_size') ?? (stripe == null ? undefined : String(stripe)),
      tenantId: settings.get('neon.tenant_id') ?? spec.tenant_id ?? undefined,
      timelineId: settings.get('neon.timeline_id') ?? spec.timeline_id ?? undefined,
      safekeepers: settings.get('neon.safekeepers') ?? safekeepers(spec),
    },
  };
}

/** As `write_postgres_conf` joins them: first pageserver of each shard; undefined when one has no libpq URL. */
function joinUrls(info: z.infer<typeof ConnectionInfo>): string | 'incomplete' | undefined {
  const byte = (value: number) => value.toString(16).padStart(2, '0');
  const urls: string[] = [];
  for (let shard = 0; shard < Math.max(info.shard_count, 1); shard += 1) {
    const pageserver = info.shards[`${byte(shard)}${byte(info.shard_count)}`]?.pageservers[0];
    if (pageserver === undefined) return 'incomplete';
    if (pageserver.libpq_url == null) return undefined;
    urls.push(pageserver.libpq_url);
  }
  return urls.join(',');
}

function safekeepers(spec: z.infer<typeof Spec>): string | undefined {
  const list = spec.safekeeper_connstrings ?? [];
  if (list.length === 0) return undefined;
  const generation = spec.safekeepers_generation;
  return `${generation == null ? '' : `g#${generation}:`}${list.join(',')}`;
}
