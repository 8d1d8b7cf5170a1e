import { describe, expect, it } from 'vitest';
import type { Detector } from '../../src/alerts/detector.ts';
import { connstringDrift } from '../../src/alerts/detectors/drift/connstring-drift.ts';
import { connstringNotPersisted } from '../../src/alerts/detectors/drift/connstring-not-persisted.ts';
import { lyingHook } from '../../src/alerts/detectors/drift/lying-hook.ts';
import type { Finding } from '../../src/alerts/finding.ts';
import { effectiveThresholds } from '../../src/open-findings.ts';
import { loadWith } from '../config/load-with.ts';
import { node } from './controller-world.ts';
import {
  clusterWorld,
  computeOn,
  type Live,
  mainCompute,
  nextStart,
  placed,
  sharded,
  tenantOn,
} from './drift-world.ts';
import { playCase } from './finding-case.ts';
import type { World } from './world.ts';

const minute = 60_000;

async function findingOf(detector: Detector, ...worlds: readonly World[]): Promise<Finding> {
  return findingWith({}, detector, ...worlds);
}

async function findingWith(
  thresholds: Readonly<Record<string, unknown>>,
  detector: Detector,
  ...worlds: readonly World[]
): Promise<Finding> {
  const steps = worlds.map((world) => ({ forMs: 13 * minute, world }));
  const { last } = await playCase(detector, { name: 'one', steps, firing: [], thresholds });
  const [finding] = last.findings;
  if (finding === undefined) throw new Error('nothing was found');
  return finding;
}

const of = (entries: readonly (number | string)[], changed: Partial<Live> = {}) =>
  computeOn(entries, { tenantId: sharded, ...changed });
const commands = ({ remedy }: Finding) => remedy.flatMap(({ command }) => command ?? []);

describe('the remedy of drift', () => {
  it('sets the stripe size, then the addresses in the order of the shards, then loads them', async () => {
    const finding = await findingOf(connstringDrift, [
      ...placed(tenantOn([2, 1, 1], { tenantId: sharded })),
      of([1, 2]),
    ]);
    expect(commands(finding)).toContain(
      `psql "$compute_dsn" -X -c "ALTER SYSTEM SET neon.stripe_size = '2048'" -c "ALTER SYSTEM SET neon.pageserver_connstring = 'host=pageserver2 port=6400,host=pageserver1 port=6400,host=pageserver1 port=6400'" -c "SELECT pg_reload_conf()"`,
    );
  });

  const aliases = Object.fromEntries([1, 2, 3].map((id) => [`pageserver${id}:6400`, `10.0.0.${id}:6400`]));
  const byAlias = (nodeId: number, ...entries: string[]) =>
    findingWith({ drift: { aliases } }, connstringDrift, [
      ...placed(tenantOn([nodeId, 1], { tenantId: sharded })),
      of(entries.map((host) => `host=${host} port=6400`)),
    ]);

  it('names pageservers as the compute knows them', async () => {
    const finding = await byAlias(2, '10.0.0.1', '10.0.0.2');
    expect(commands(finding).join('\n')).toContain("'host=10.0.0.2 port=6400,host=10.0.0.1 port=6400'");
    expect(finding.remedy.map(({ text }) => text).join('\n')).not.toContain('by other names');
  });

  it('says so where it has only the announced name of one', async () => {
    const finding = await byAlias(3, '10.0.0.1', '10.0.0.2');
    expect(finding.remedy.map(({ text }) => text).join('\n')).toContain('by other names than they announce');
  });

  it('leaves the stripe size alone for one shard', async () => {
    const finding = await findingOf(connstringDrift, [...clusterWorld(), computeOn([1])]);
    expect(commands(finding).join('\n')).not.toContain('neon.stripe_size =');
  });

  it.each(["x'; DROP TABLE t; --", '$(reboot)', '`id`', 'a b', '"', '-h'])(
    'has no command for an address such as %s, which is none',
    async (host) => {
      const nodeFacts = [node(1, { pgAddress: `${host}:6400` }), node(2), node(3)];
      const finding = await findingOf(connstringDrift, [...clusterWorld({ nodeFacts }), of([2, 2])]);
      expect(commands(finding).join('\n')).not.toContain('ALTER SYSTEM');
      expect(finding.remedy.map(({ text }) => text)).toContainEqual(
        expect.stringContaining('an address that is none'),
      );
    },
  );

  it('says first that addresses may have to be mapped, when no compute uses any that is known', async () => {
    const byNumber = of(['host=10.0.0.1 port=6400', 'host=10.0.0.2 port=6400']);
    const finding = await findingOf(connstringDrift, [...clusterWorld(), byNumber]);
    expect(finding.severity).toBe('warning');
    expect(finding.remedy[0]?.text).toContain('findings.thresholds.drift.aliases');
  });

  it('takes unknown addresses for drift when the same compute was right before', async () => {
    const gone = of(['host=gone port=6400', 'host=gone port=6401']);
    const finding = await findingOf(
      connstringDrift,
      [...clusterWorld(), of([1, 2])],
      [...clusterWorld(), gone],
    );
    expect(finding.severity).toBe('critical');
  });
});

describe('a drift', () => {
  it('names its subject, what is wrong and what that means', async () => {
    const { summary, facts, severity } = await findingOf(connstringDrift, [...clusterWorld(), of([1, 3])]);
    expect(summary).toBe(
      `Compute main asks the wrong pageserver for shard 1 of tenant ${sharded}: its requests fail.`,
    );
    expect([severity, facts]).toEqual(['critical', { serving: 'no', masked: 'no' }]);
  });

  it('is a warning while it is masked', async () => {
    const { severity, facts } = await findingOf(connstringDrift, [...placed(tenantOn([1, 1])), of([1])]);
    expect([severity, facts]).toEqual(['warning', { serving: 'yes', masked: 'yes' }]);
  });

  it('hangs on its tenant, its shard, both pageservers and the hook', async () => {
    const { related } = await findingOf(connstringDrift, [...clusterWorld(), of([1, 3])]);
    expect(related?.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      `tenant ${sharded}`,
      `shard ${sharded}-0102`,
      'node 2',
      'node 3',
      'compute_hook compute_hook',
    ]);
  });

  it('says what the next start would bring and how to write it down', async () => {
    const { summary, remedy, evidence } = await findingOf(connstringNotPersisted, [
      ...clusterWorld(),
      of([1, 2], { nextStart: nextStart([1, 3]) }),
    ]);
    expect(summary).toContain('its next start brings back what config.json says');
    expect(remedy[0]?.text).toContain('"value":"host=pageserver1 port=6400,host=pageserver2 port=6400"');
    expect(evidence.map(({ value }) => value)).toEqual(['pageserver3:6400']);
  });

  it('left by a hook names every compute that was left', async () => {
    const two = (tenant: ReturnType<typeof tenantOn>) => [
      ...placed(tenant),
      of([1, 2]),
      computeOn([1, 2], {}, 'replica'),
    ];
    const finding = await findingOf(lyingHook, two(tenantOn([1, 2])), two(tenantOn([3, 2])));
    expect(finding.summary).toContain(`compute ${mainCompute}, replica`);
    expect(finding.evidence).toContainEqual(expect.objectContaining({ value: 1, unit: 'moves' }));
  });
});

it('compares by `addresses` as well as by its own aliases, which win', async () => {
  const file = JSON.stringify({
    storageController: { url: 'http://localhost:1234' },
    addresses: { 'a:1': 'b:1', 'c:1': 'd:1' },
    findings: { thresholds: { drift: { aliases: { 'a:1': 'x:1' } } } },
  });
  const { config } = await loadWith({ file });
  expect(effectiveThresholds(config).drift.aliases).toEqual({ 'a:1': 'x:1', 'c:1': 'd:1' });
});
