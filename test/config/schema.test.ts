import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { collectorNames } from '../../src/config/collector-names.ts';
import { collectorSchedule } from '../../src/config/collector-schedule.ts';
import { impossibleCombinations } from '../../src/config/combinations.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { ConfigSchema, settings } from '../../src/config/schema.ts';
import { sectionsOf } from '../../src/settings/describe.ts';

describe('the declared settings', () => {
  it('each have a sentence', () => {
    const mute = settings.filter(({ description }) => !/^.{8,}\.$/.test(description)).map(({ path }) => path);
    const muteSections = sectionsOf(ConfigSchema).filter(({ description }) => !description.endsWith('.'));
    expect([mute, muteSections]).toEqual([[], []]);
  });

  it('have flags and variables that are theirs alone', () => {
    const flags = settings.flatMap(({ flag, flagAlias }) => [
      flag,
      ...(flagAlias === undefined ? [] : [flagAlias]),
    ]);
    const variables = settings.flatMap(({ env, envAliases }) => [env, ...envAliases.map(({ name }) => name)]);
    expect(new Set(flags).size).toBe(flags.length);
    expect(new Set(variables).size).toBe(variables.length);
    expect([...flags, ...variables]).not.toContain('config');
    expect(variables).not.toContain('NEONWATCH_CONFIG');
  });

  it('are named after their path', () => {
    const names = settings
      .filter(({ path }) => /caFile|listen|controller_health\.maxSeries|^computes/.test(path))
      .map(({ path, flag, env }) => [path, flag, env]);
    expect(names).toEqual([
      ['http.listen', 'http.listen', 'NEONWATCH_HTTP_LISTEN'],
      ['storageController.caFile', 'storage-controller.ca-file', 'NEONWATCH_STORAGE_CONTROLLER_CA_FILE'],
      ['pageservers.caFile', 'pageservers.ca-file', 'NEONWATCH_PAGESERVERS_CA_FILE'],
      ['safekeepers.caFile', 'safekeepers.ca-file', 'NEONWATCH_SAFEKEEPERS_CA_FILE'],
      ['computes', 'computes', 'NEONWATCH_COMPUTES'],
      [
        'collectors.controller_health.maxSeries',
        'collectors.controller-health.max-series',
        'NEONWATCH_COLLECTORS_CONTROLLER_HEALTH_MAX_SERIES',
      ],
    ]);
  });

  it('are secret exactly where a token or a DSN is', () => {
    expect(settings.filter(({ secret }) => secret).map(({ path }) => path)).toEqual([
      'storageController.token',
      'storageController.describeToken',
      'storageController.dsn',
      'pageservers.token',
      'safekeepers.token',
      'computes',
    ]);
  });

  it('are possible together by default', () => {
    expect(impossibleCombinations(ConfigSchema.parse({}))).toEqual([]);
  });
});

describe('collectorSchedule', () => {
  const config = ConfigSchema.parse({
    collection: { interval: '20s' },
    collectors: { nodes: { timeout: '5s' } },
  });
  it.for([
    { name: 'tenants' as const, intervalMs: 20_000, timeoutMs: 10_000 },
    { name: 'nodes' as const, intervalMs: 20_000, timeoutMs: 5000 },
    { name: 'leader' as const, intervalMs: 60_000, timeoutMs: 40_000 },
    { name: 'safekeepers' as const, intervalMs: 60_000, timeoutMs: 10_000 },
    { name: 'pageserver_secondaries' as const, intervalMs: 30_000, timeoutMs: 10_000 },
  ])('of $name', ({ name, ...expected }) => {
    expect(collectorSchedule(config, name)).toMatchObject(expected);
  });
});

describe('the JSON Schema', () => {
  const validator = z.fromJSONSchema(JSON.parse(configJsonSchema()));

  it.for([
    { case: 'nothing', value: {}, right: true },
    {
      case: 'what an encoded configuration is',
      value: z.encode(ConfigSchema, ConfigSchema.parse({})),
      right: true,
    },
    { case: 'an unknown key', value: { htp: {} }, right: false },
    { case: 'an unknown key of a section', value: { http: { x: 1 } }, right: false },
    { case: 'a duration without unit', value: { collection: { interval: '15' } }, right: false },
    { case: 'a number out of range', value: { storageController: { pageSize: 0 } }, right: false },
    { case: 'an unknown collector', value: { collectors: { lions: {} } }, right: false },
  ])('takes or refuses as the loader does: $case', ({ value, right }) => {
    expect(validator.safeParse(value).success).toBe(right);
    expect(ConfigSchema.safeParse(value).success).toBe(right);
  });

  it('marks secrets and holds only keywords that JSON Schema knows', () => {
    const text = configJsonSchema();
    expect(text.match(/"writeOnly": true/g)).toHaveLength(7);
    expect(text).not.toMatch(/"(?:expects|word|secret|env|flag|fallback|filePath|unit)": (?!\{)/);
  });

  it('has a section for every collector', () => {
    expect(Object.keys(ConfigSchema.parse({}).collectors)).toEqual(collectorNames);
  });
});
