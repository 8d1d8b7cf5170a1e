import { describe, expect, it } from 'vitest';
import { catalogue } from '../src/catalogue.ts';
import { collectors, sqlCollectors } from '../src/collectors/registry.ts';
import { collectorNames } from '../src/config/collector-names.ts';
import { views } from '../src/views/registry.ts';

describe('the catalogue', () => {
  const families = catalogue().map(({ declaration }) => declaration);
  // Families that bear another exporter's name follow its rules, not ours.
  const own = families.filter(({ compat }) => compat === undefined);

  it('has every name once, and OpenMetrics family names once', () => {
    const names = families.map(({ name }) => name);
    const familyNames = names.map((name) => name.replace(/_(?:total|info)$/, ''));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(familyNames.filter((name, index) => familyNames.indexOf(name) !== index)).toEqual([]);
  });

  it('explains every family in sentences', () => {
    expect(own.filter(({ help }) => !/^[A-Z].*\.$/.test(help)).map(({ name }) => name)).toEqual([]);
  });

  it('ends every name in its unit', () => {
    const without = own.filter(({ name, unit }) => {
      const base = name.replace(/_total$/, '');
      const claimed = /_(seconds|bytes|ratio)$/.exec(base)?.[1];
      return claimed !== unit;
    });
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  it('gives series by tenant and by shard their cardinality, so that they stay opt-in', () => {
    const wrong = own.filter(({ labels, cardinality }) => {
      // One series a compute, which has one tenant.
      if (labels.includes('compute')) return false;
      const byShard = labels.includes('shard_id');
      const byTenant = labels.includes('tenant_id') && !byShard;
      return (byShard && cardinality !== 'shard') || (byTenant && cardinality !== 'tenant');
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});

describe('the registries', () => {
  const names = [...collectors, ...sqlCollectors].map(({ name }) => name);

  it('have a schedule and a budget in the configuration for every collector, and none for others', () => {
    expect([...collectorNames].sort()).toEqual(names.sort());
  });

  it('name views that read collectors which exist', () => {
    const known = new Set<string>(names);
    expect(views.flatMap(({ needs }) => needs).filter((name) => !known.has(name))).toEqual([]);
  });
});
