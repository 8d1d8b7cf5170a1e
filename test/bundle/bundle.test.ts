import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bundleVersion,
  decodeLook,
  decodeManifest,
  encodeLook,
  encodeManifest,
  type Manifest,
  recordedReadings,
} from '../../src/bundle/bundle.ts';
import { SourceError } from '../../src/errors.ts';
import { node, nodes } from '../findings/controller-world.ts';
import { computeOn, heldAsMeant, tenantOn, tenants } from '../findings/drift-world.ts';
import { caseStartMs, failure, looksOf, readingsOf, type World } from '../findings/world.ts';

const meant = [tenantOn([2, 3]), tenantOn([1])];
const world: World = [
  nodes([node(1), node(2), node(3)]),
  tenants(meant),
  ...heldAsMeant(meant, [1, 2, 3]),
  computeOn([2, 3]),
  failure('leader', 'controller:1234', 'refused'),
];
const readings = readingsOf(world, 1, caseStartMs);
const looks = looksOf(world, caseStartMs);
const written = encodeLook(readings, looks, caseStartMs);

const manifest: Manifest = {
  bundle: bundleVersion,
  neonwatch: '0.1.0',
  recordedAt: '2026-11-22T00:00:00.000Z',
  findings: {},
  addresses: {},
  hosts: [],
  looks: ['look-1.json'],
};

describe('a look in a bundle', () => {
  it('comes back with the readings and the failures that it was made of', () => {
    const look = decodeLook(written);
    if (typeof look === 'string') throw new Error(look);
    const back = recordedReadings(look);
    expect(look.nowMs).toBe(caseStartMs);
    for (const name of ['nodes', 'tenants', 'pageserver_locations', 'compute_settings'] as const) {
      expect(back.all(name)).toEqual(readings.all(name));
    }
    expect(back.one('leader')).toBeUndefined();
    expect(back.locations()).toEqual(readings.locations());
    const failed = look.looks.find(({ collector }) => collector === 'leader');
    expect(failed?.lastError).toBeInstanceOf(SourceError);
    expect(failed).toMatchObject({ up: false, lastError: { reason: 'refused' } });
  });

  it('takes nothing along that a look does not say: no answer, no cause of a failure', () => {
    const [leader] = looks.filter(({ collector }) => collector === 'leader');
    if (leader === undefined) throw new Error('the case has a look that failed');
    const lastError = new SourceError('refused', 'connection refused', { cause: new Error('hunter2') });
    expect(encodeLook(readings, [{ ...leader, lastError }], caseStartMs)).not.toContain('hunter2');
  });

  it.each<[string, string]>([
    ['is no JSON', '{'],
    ['is a list', '[]'],
    ['lacks its looks', JSON.stringify({ nowMs: 1, observations: [] })],
    ['has a tag that does not hold what it says', JSON.stringify({ nowMs: { $bigint: 'x' } })],
    ['has a number that is none', written.replace(/"nowMs":\d+/, '"nowMs":"soon"')],
    ['has a reason that is none', written.replaceAll('"refused"', '"hunter2"')],
    [
      'has a target that is none',
      written
        .replaceAll('"target":{', '"target":{"name":3,"was":{')
        .replaceAll('"url":', '"url":1,"was_url":'),
    ],
  ])('is refused when it %s, without an echo of it', (_, text) => {
    const problem = decodeLook(text);
    expect(problem).toEqual(expect.any(String));
    expect(problem).not.toContain('hunter2');
  });

  it('may be any text: it is read or refused, and nothing is thrown or polluted', () => {
    const hostile = fc.oneof(fc.string(), fc.json(), fc.constant('{"__proto__":{"polluted":1}}'));
    fc.assert(fc.property(hostile, (text) => void decodeLook(text)));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('may be cut off anywhere', () => {
    fc.assert(
      fc.property(fc.nat(written.length - 2), (length) => {
        expect(decodeLook(written.slice(0, length))).toEqual(expect.any(String));
      }),
    );
  });

  it('may be nested deeper than anything we write: it is refused', () => {
    expect(decodeLook(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)).toEqual(expect.any(String));
  });
});

describe('the manifest of a bundle', () => {
  it('comes back as it was', () => {
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
  });

  it.each<[string, object]>([
    ['is of another version', { bundle: bundleVersion + 1 }],
    ['names a file outside of the folder', { looks: ['../../etc/passwd'] }],
    ['names an absolute path', { looks: ['/etc/passwd'] }],
    ['names a file behind a line break', { looks: ['look-1.json\n/etc/passwd'] }],
    ['names no look', { looks: [] }],
    ['names more looks than anybody records', { looks: Array.from({ length: 101 }, () => 'look-1.json') }],
    ['has addresses that are none', { addresses: { a: 1 } }],
  ])('is refused when it %s', (_, changed) => {
    expect(decodeManifest(JSON.stringify({ ...manifest, ...changed }))).toBe(
      'it is not what `neonwatch record` of this version writes',
    );
  });

  it('may be any text: it is read or refused', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void decodeManifest(text)));
  });
});
