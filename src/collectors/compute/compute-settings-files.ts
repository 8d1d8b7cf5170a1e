import { isSameConnstring, parseConnstring } from '../../neon/connstring.ts';
import { parseBlocks } from '../../neon/guc-unit.ts';
import { baseName, type FileRow, type NeonSetting, reloadedSettings } from './compute-settings-rows.ts';

/** What the configuration files say, which the live settings alone do not. */
export interface FileFacts {
  /**
   * The stripe size stands after the connection string, so the postmaster keeps the stripe size of the reload before:
   * the connection string is assigned together with the stripe size as it is at that moment.
   */
  readonly hasStripeOrderHazard: boolean;
  /** `ALTER SYSTEM` has the upper hand over another connection string in postgresql.conf: the next start undoes it. */
  readonly isConnstringShadowed: boolean;
  /**
   * Settings whose live value is not what the files say: a reload would change them. Undefined when the server does not
   * tell where its live values come from.
   */
  readonly pendingReload: readonly NeonSetting[] | undefined;
}

/** A live value with where it came from; only what came from a file or from nowhere can be waiting for a reload. */
export interface LiveSetting {
  readonly value: string;
  readonly source: string | undefined;
}

const ownFile = 'postgresql.auto.conf';
const reloadableSources: readonly string[] = ['configuration file', 'default'];

/** @param rows of `pg_file_settings`, by ascending `seqno`: of several lines the last one that is applied counts */
export function fileFacts(
  rows: readonly FileRow[],
  live: ReadonlyMap<NeonSetting, LiveSetting>,
  blockBytes: number,
): FileFacts {
  const applied = new Map(rows.filter((row) => row.applied).map((row) => [row.name, row]));
  const connstring = applied.get('neon.pageserver_connstring');
  const stripe = applied.get('neon.stripe_size');
  return {
    hasStripeOrderHazard: connstring !== undefined && stripe !== undefined && stripe.seqno > connstring.seqno,
    isConnstringShadowed: connstring !== undefined && isShadowing(connstring, rows),
    pendingReload: pendingReload(applied, live, blockBytes),
  };
}

function pendingReload(
  applied: ReadonlyMap<NeonSetting, FileRow>,
  live: ReadonlyMap<NeonSetting, LiveSetting>,
  blockBytes: number,
): readonly NeonSetting[] | undefined {
  if ([...live.values()].every(({ source }) => source === undefined)) return undefined;
  return reloadedSettings.filter((name) => {
    const setting = live.get(name);
    if (setting === undefined || !reloadableSources.includes(setting.source ?? '')) return false;
    const file = applied.get(name)?.setting ?? undefined;
    if (file === undefined) return setting.source !== 'default';
    return !isSameSetting(name, file, setting.value, blockBytes);
  });
}

function isShadowing(connstring: FileRow, rows: readonly FileRow[]): boolean {
  if (baseName(connstring.sourcefile) !== ownFile) return false;
  return rows.some(
    (row) =>
      row.name === connstring.name &&
      baseName(row.sourcefile) !== ownFile &&
      !isSameSetting(row.name, row.setting ?? '', connstring.setting ?? '', 0),
  );
}

function isSameSetting(name: NeonSetting, left: string, right: string, blockBytes: number): boolean {
  if (left === right) return true;
  if (name === 'neon.stripe_size') {
    const blocks = parseBlocks(left, blockBytes);
    return blocks !== undefined && blocks === parseBlocks(right, blockBytes);
  }
  if (name !== 'neon.pageserver_connstring') return false;
  return isSameConnstring(parseConnstring(left), parseConnstring(right));
}
