import {
  type Connstring,
  parseConnstring,
  parseSafekeepers,
  type SafekeeperList,
} from '../../neon/connstring.ts';
import { parseBlocks } from '../../neon/guc-unit.ts';
import type { SqlSession } from '../../sources/sql-reader.ts';
import type { SqlCollector, SqlContext } from '../sql-collector.ts';
import { type Parts, trackParts } from '../sql-part.ts';
import { type NextStart, nextStart } from './compute-settings-config.ts';
import { computeSettingsFamilies } from './compute-settings-families.ts';
import { type FileFacts, fileFacts, type LiveSetting } from './compute-settings-files.ts';
import type { ComputeSettingsReading, LiveSettings, SettingSource } from './compute-settings-reading.ts';
import {
  baseName,
  type NeonSetting,
  readFileRows,
  readServerFacts,
  readSettingRows,
  type ServerFacts,
  type SettingRow,
} from './compute-settings-rows.ts';

async function readLive(session: SqlSession, parts: Parts): Promise<LiveSettings | undefined> {
  // Behind a pooler the backend may be old, and its settings those of a reload long ago.
  if (session.isPooled) {
    parts.skip('settings', 'pooled');
    return undefined;
  }
  const rows = await readSettingRows(session);
  const server = await readServerFacts(session);
  if (server === undefined || (rows.length === 0 && server.placeholders.size === 0)) {
    parts.skip('settings', 'not_neon');
    return undefined;
  }
  const settings = rows.length === 0 ? fromPlaceholders(server) : fromRows(rows);
  const blocks = settings.get('neon.stripe_size')?.value;
  const storage = {
    connstring: connstringOf(settings),
    stripeSizeBlocks: blocks === undefined ? undefined : parseBlocks(blocks, server.blockBytes),
    tenantId: named(settings, 'neon.tenant_id'),
    timelineId: named(settings, 'neon.timeline_id'),
    safekeepers: safekeepersOf(settings),
  };
  const sources = rows.map(settingSource);
  if (sources.some(({ source, file }) => source === 'configuration file' && file === undefined)) {
    parts.skip('source_files', 'no_privilege');
  }
  return {
    ...storage,
    readVia: rows.length === 0 ? 'current_setting' : 'pg_settings',
    computeMode: named(settings, 'neon.compute_mode'),
    sources,
    files: await readFiles(session, server, settings, parts),
    blockBytes: server.blockBytes,
    confLoadedAtMs: server.confLoadedAtMs,
    postmasterStartedAtMs: server.postmasterStartedAtMs,
    isInRecovery: server.isInRecovery,
    nextStart: undefined,
  };
}

type Settings = ReadonlyMap<NeonSetting, LiveSetting>;

function fromRows(rows: readonly SettingRow[]): Settings {
  return new Map(
    rows.map(({ name, setting, source }) => [name, { value: setting ?? '', source: source ?? undefined }]),
  );
}

/** Where a placeholder comes from is not told, so nothing is said of it waiting for a reload. */
function fromPlaceholders({ placeholders }: ServerFacts): Settings {
  return new Map([...placeholders].map(([name, value]) => [name, { value, source: undefined }]));
}

function named(settings: Settings, name: NeonSetting): string | undefined {
  const value = settings.get(name)?.value;
  return value === '' ? undefined : value;
}

function connstringOf(settings: Settings): Connstring | undefined {
  const value = settings.get('neon.pageserver_connstring')?.value;
  return value === undefined ? undefined : parseConnstring(value);
}

function safekeepersOf(settings: Settings): SafekeeperList | undefined {
  const value = settings.get('neon.safekeepers')?.value;
  return value === undefined ? undefined : parseSafekeepers(value);
}

function settingSource({ name, source, sourcefile, pending_restart }: SettingRow): SettingSource {
  return {
    setting: name,
    source: source ?? '',
    file: sourcefile === null ? undefined : baseName(sourcefile),
    isPendingRestart: pending_restart,
  };
}

async function readFiles(
  session: SqlSession,
  server: ServerFacts,
  settings: Settings,
  parts: Parts,
): Promise<FileFacts | undefined> {
  // Asked first: to try and be refused would leave an error in the server's log at every look.
  if (!server.readsFiles) {
    parts.skip('file_settings', 'no_privilege');
    return undefined;
  }
  const rows = await parts.attempt('file_settings', () => readFileRows(session));
  return rows === undefined ? undefined : fileFacts(rows, settings, server.blockBytes);
}

async function readNextStart(
  read: SqlContext<ComputeSettingsReading>['readConfigJson'],
  live: LiveSettings,
  parts: Parts,
): Promise<NextStart | undefined> {
  if (read === undefined) return undefined;
  const file = await read();
  if ('config' in file) return nextStart(file.config, live, live.blockBytes);
  parts.skip('config_json', file.flaw);
  return undefined;
}

/** What a compute believes about its pageservers and safekeepers, from a connection that is new each time. */
export const computeSettings = {
  name: 'compute_settings',
  summary:
    'Connection string, stripe size, tenant and safekeepers of a compute: live, in its files, and at its next start.',
  kind: 'compute',
  families: computeSettingsFamilies,
  async collect({ sql, readConfigJson, signal }) {
    const parts = trackParts(signal);
    const live = await sql.session({ fresh: true }, signal, (session) => readLive(session, parts));
    // The connection is given back first: a file on a slow disk must not hold it.
    const next = live === undefined ? undefined : await readNextStart(readConfigJson, live, parts);
    return { live: live && { ...live, nextStart: next }, skippedParts: parts.skipped() };
  },
} as const satisfies SqlCollector<ComputeSettingsReading>;
