import { describe, expect, it } from 'vitest';
import { SettingRow, settingFacts, settingsSql } from '../../../src/collectors/postgres/settings.ts';
import { checkRows, type PgRow } from '../../../src/sources/postgres-rows.ts';

function row(name: string, setting: string | null, unit: string | null, vartype = 'integer'): PgRow {
  return { name, setting, unit, vartype };
}

function factsOf(rows: readonly PgRow[], isInRecovery = false) {
  return settingFacts(checkRows(rows, SettingRow), isInRecovery);
}

describe('a setting as a family', () => {
  it.for([
    {
      case: 'has its number when it has no unit',
      row: row('max_connections', '100', null),
      name: 'max_connections',
      value: 100,
    },
    { case: 'is 1 when on', row: row('fsync', 'on', null, 'bool'), name: 'fsync', value: 1 },
    { case: 'is 0 when off', row: row('fsync', 'off', null, 'bool'), name: 'fsync', value: 0 },
    {
      case: 'turns blocks into bytes',
      row: row('shared_buffers', '16384', '8kB'),
      name: 'shared_buffers_bytes',
      value: 134_217_728,
    },
    {
      case: 'turns blocks of any size into bytes',
      row: row('a', '3', '64kB'),
      name: 'a_bytes',
      value: 196_608,
    },
    {
      case: 'turns megabytes into bytes',
      row: row('max_wal_size', '1024', 'MB'),
      name: 'max_wal_size_bytes',
      value: 1_073_741_824,
    },
    {
      case: 'leaves bytes as they are',
      row: row('track_activity_query_size', '1024', 'B'),
      name: 'track_activity_query_size_bytes',
      value: 1024,
    },
    {
      case: 'turns milliseconds into seconds without a float crumb',
      row: row('a', '300', 'ms'),
      name: 'a_seconds',
      value: 0.3,
    },
    {
      case: 'turns a fraction of a millisecond into seconds',
      row: row('a', '0.5', 'ms', 'real'),
      name: 'a_seconds',
      value: 0.0005,
    },
    {
      case: 'turns minutes into seconds',
      row: row('log_rotation_age', '1440', 'min'),
      name: 'log_rotation_age_seconds',
      value: 86_400,
    },
    { case: 'turns days into seconds', row: row('a', '2', 'd'), name: 'a_seconds', value: 172_800 },
    {
      case: 'leaves -1 alone: it is no amount',
      row: row('log_temp_files', '-1', 'kB'),
      name: 'log_temp_files_bytes',
      value: -1,
    },
    {
      case: 'reads an octal mode as postgres_exporter does',
      row: row('log_file_mode', '0600', null),
      name: 'log_file_mode',
      value: 600,
    },
    {
      case: 'loses the dot of an extension',
      row: row('neon.stripe_size', '2048', '8kB'),
      name: 'neon_stripe_size_bytes',
      value: 16_777_216,
    },
    {
      case: 'loses every character that no name may hold',
      row: row('a.b-c', '1', ''),
      name: 'a_b_c',
      value: 1,
    },
    {
      case: 'keeps a float',
      row: row('seq_page_cost', '1.5', null, 'real'),
      name: 'seq_page_cost',
      value: 1.5,
    },
  ])('$case', ({ row: given, name, value }) => {
    const { facts, notUnderstood } = factsOf([given]);
    expect([...facts].map(([key, fact]) => [key, fact.value])).toEqual([[`pg_settings_${name}`, value]]);
    expect(notUnderstood).toBe(0);
  });

  it.for([
    { case: 'a unit nobody has heard of', row: row('a', '1', 'furlong') },
    { case: 'a unit that is a property of every object', row: row('a', '1', 'constructor') },
    { case: 'a text where a number should be', row: row('sync_commit_cancel_wait', 'SIGHUP', null) },
    { case: 'an empty number', row: row('a', '', null) },
    { case: 'a number that is null', row: row('a', null, 'kB') },
  ])('is left out and counted for $case', ({ row: given }) => {
    const { facts, notUnderstood } = factsOf([given, row('b', '1', null)]);
    expect([...facts.keys()]).toEqual(['pg_settings_b']);
    expect(notUnderstood).toBe(1);
  });

  it('counts once when two settings come to one name', () => {
    const { facts, duplicates } = factsOf([row('a.b', '1', null), row('a_b', '2', null)]);
    expect([...facts.values()].map(({ value }) => value)).toEqual([1]);
    expect(duplicates).toBe(1);
  });

  it.for([
    { case: 'is what the server defaults to', inRecovery: false, setting: 'on', value: 1 },
    { case: 'is off when nothing forbids writing', inRecovery: false, setting: 'off', value: 0 },
    { case: 'is on in recovery', inRecovery: true, setting: 'off', value: 1 },
  ])('of transaction_read_only $case', ({ inRecovery, setting, value }) => {
    const { facts } = factsOf([row('default_transaction_read_only', setting, null, 'bool')], inRecovery);
    expect(facts.get('pg_settings_transaction_read_only')?.value).toBe(value);
  });

  it('is never a text: those do not leave the server', () => {
    expect(settingsSql).toContain("vartype IN ('bool', 'integer', 'real')");
    expect(() => factsOf([row('neurondb.llm_api_key', 'sk-secret', null, 'string')])).toThrow(/vartype/);
  });
});
