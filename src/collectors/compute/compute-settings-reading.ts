import type { Connstring, SafekeeperList } from '../../neon/connstring.ts';
import type { SqlReadingBase } from '../sql-collector.ts';
import type { NextStart } from './compute-settings-config.ts';
import type { FileFacts } from './compute-settings-files.ts';
import type { NeonSetting } from './compute-settings-rows.ts';

/** Where a live value comes from, as `pg_settings` has it. */
export interface SettingSource {
  readonly setting: NeonSetting;
  readonly source: string;
  /** Name of the configuration file; undefined when it comes from none, or without pg_read_all_settings. */
  readonly file: string | undefined;
  readonly isPendingRestart: boolean;
}

/** What a compute believes about its storage. Undefined is unknown, or not set. */
export interface LiveSettings {
  /** `current_setting` where the settings are placeholders, which happens when the neon library is not loaded. */
  readonly readVia: 'pg_settings' | 'current_setting';
  readonly connstring: Connstring | undefined;
  readonly stripeSizeBlocks: number | undefined;
  readonly tenantId: string | undefined;
  readonly timelineId: string | undefined;
  readonly computeMode: string | undefined;
  readonly safekeepers: SafekeeperList | undefined;
  readonly sources: readonly SettingSource[];
  /** Undefined without the privilege to read `pg_file_settings`. */
  readonly files: FileFacts | undefined;
  /** Size of one of the server's blocks. */
  readonly blockBytes: number;
  readonly confLoadedAtMs: number;
  readonly postmasterStartedAtMs: number;
  readonly isInRecovery: boolean;
  /** Undefined when there is no `config.json` to read. */
  readonly nextStart: NextStart | undefined;
}

export interface ComputeSettingsReading extends SqlReadingBase {
  /** Undefined when the server is no Neon compute, or when a pooler hides which backend answers. */
  readonly live: LiveSettings | undefined;
}
