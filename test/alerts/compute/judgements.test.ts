import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextArchiver } from '../../../src/alerts/detectors/compute/archiving-failing.ts';
import {
  hostArguments,
  psqlCommand,
  shellQuoted,
} from '../../../src/alerts/detectors/compute/compute-facts.ts';
import { connectionUse } from '../../../src/alerts/detectors/compute/connections-near-limit.ts';
import { ageSeverity } from '../../../src/alerts/detectors/compute/wraparound.ts';
import { meantStripeSize } from '../../../src/alerts/detectors/lints/odd-stripe-size.ts';
import { lintTenants } from '../../../src/alerts/detectors/lints/tenant-lint.ts';
import { cluster } from '../../../src/alerts/finding.ts';
import { activity, health } from '../../findings/compute-world.ts';
import { striped, tenantIds } from '../../findings/lint-world.ts';

const gravity = (severity: string | undefined) =>
  [undefined, 'warning', 'critical'].indexOf(severity as never);

describe('the age of a database', () => {
  const ages = fc.nat({ max: 2 ** 31 });

  it('never gets better by growing, nor worse by a later forced freeze', () => {
    fc.assert(
      fc.property(ages, ages, ages, (age, more, forcedAt) => {
        const now = gravity(ageSeverity(age, forcedAt, 1.5));
        expect(gravity(ageSeverity(age + more, forcedAt, 1.5))).toBeGreaterThanOrEqual(now);
        expect(gravity(ageSeverity(age, forcedAt + more, 1.5))).toBeLessThanOrEqual(now);
      }),
    );
  });

  it.each([
    [2 ** 30 - 1, undefined],
    [2 ** 30, 'warning'],
    [0.75 * 2 ** 31 - 1, 'warning'],
    [0.75 * 2 ** 31, 'critical'],
  ])('%d is %s even where autovacuum never has to freeze', (age, severity) => {
    expect(ageSeverity(age, 2e9, 1.5)).toBe(severity);
  });
});

describe('connections', () => {
  it('are all counted, and never divided by nothing', () => {
    const group = fc.record({
      state: fc.constantFrom('idle', 'active', 'unknown'),
      usename: fc.string(),
      datname: fc.string(),
      connections: fc.nat({ max: 5000 }),
    });
    fc.assert(
      fc.property(
        fc.array(group),
        fc.nat(100),
        fc.nat(100),
        fc.nat(100),
        (connections, max, superuser, reserved) => {
          const { reading } = health({
            maxConnections: max,
            superuserReservedConnections: superuser,
            reservedConnections: reserved,
            activity: activity({ connections }),
          });
          const { used, available } = connectionUse({ reading: reading as never });
          expect(used).toBe(connections.reduce((sum, one) => sum + one.connections, 0));
          expect(available).toBe(Math.max(max - superuser - reserved, 1));
        },
      ),
    );
  });
});

describe('a stripe size', () => {
  it('that is a power of two is meant so', () => {
    for (let bits = 0; bits < 32; bits += 1) expect(meantStripeSize(2 ** bits)).toBeUndefined();
  });

  it.each([
    [65_558, 65_536],
    [65_534, 65_536],
    [65_535, 65_536],
    [32_786, 32_768],
    [2_049, 2_048],
    [2_058, 2_048],
    [2_059, undefined],
    [24_576, undefined],
    [100_000, undefined],
    [255, undefined],
    [0, undefined],
  ])('of %d was meant to be %s', (blocks, meant) => {
    expect(meantStripeSize(blocks)).toBe(meant);
  });
});

describe('the archiver', () => {
  const counts = fc.record({ archived: fc.nat({ max: 5 }), failed: fc.nat({ max: 5 }) });

  it('is never said to fail after a success, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(counts), counts, (before, now) => {
        let state: ReturnType<typeof nextArchiver> | undefined;
        for (const [at, one] of before.entries())
          state = nextArchiver(state, one.archived, one.failed, at * 1000 + 1);
        const next = nextArchiver(state, now.archived, now.failed, before.length * 1000 + 1);
        if (state === undefined || now.archived !== state.archived) expect(next.failedAtMs).toBe(0);
      }),
    );
  });

  it('fails from the first failure on until five minutes without one', () => {
    const quiet = nextArchiver(undefined, 7, 3, 1_000);
    const failing = nextArchiver(quiet, 7, 4, 2_000);
    expect([quiet.failedAtMs, failing.failedAtMs]).toEqual([0, 2_000]);
    expect(nextArchiver(failing, 7, 4, 302_000).failedAtMs).toBe(2_000);
    expect(nextArchiver(failing, 7, 4, 302_001).failedAtMs).toBe(0);
  });
});

describe('a lint of tenants', () => {
  it('goes through a hundred thousand with breaks, and gives a bounded number of findings', async () => {
    const tenants = tenantIds(100_000).map((id) => striped(id, 2048, 1));
    let breaths = 0;
    const findings = await lintTenants({
      tenants: tenants.toReversed(),
      named: 3,
      breathe: () => {
        breaths += 1;
        return undefined;
      },
      isWrong: () => true,
      judge: ({ tenantId }) => ({
        subject: { kind: 'tenant', name: tenantId },
        severity: 'info',
        summary: '',
        evidence: [],
        remedy: [],
        avoid: [],
      }),
      others: (count) => ({ severity: 'info', summary: String(count), evidence: [], remedy: [], avoid: [] }),
    });
    expect(breaths).toBeGreaterThan(150);
    expect(findings.map(({ subject }) => subject)).toEqual([
      ...tenantIds(3).map((name) => ({ kind: 'tenant', name })),
      cluster,
    ]);
    expect(findings.at(-1)?.summary).toBe('99997');
  });
});

describe('commands', () => {
  it.each([
    ['postgresql://compute:55433', '-h compute -p 55433'],
    ['postgresql://[::1]:5432', '-h ::1 -p 5432'],
    ['postgresql:///?host=%2Frun%2Fpostgresql&port=5433', '-h /run/postgresql -p 5433'],
    ['', ''],
  ])('reach %s by "%s"', (url, expected) => {
    expect(hostArguments({ url })).toBe(expected);
  });

  it.each([
    ['plain', 'plain'],
    ['two words', "'two words'"],
    ["it's", "'it'\\''s'"],
    ['$(rm -rf /)', "'$(rm -rf /)'"],
  ])('write %s as one word', (text, expected) => {
    expect(shellQuoted(text)).toBe(expected);
  });

  it('change the database by its quoted name', () => {
    expect(psqlCommand({ kind: 'compute' }, 'VACUUM', 'my"shop')).toBe(
      `psql "$compute_dsn" -c '\\c "my""shop"' -c VACUUM`,
    );
    expect(psqlCommand({ kind: 'controller_database' }, 'SELECT 1')).toBe(
      `psql "$storcon_dsn" -c 'SELECT 1'`,
    );
  });
});
