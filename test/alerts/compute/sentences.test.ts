import { describe, expect, it } from 'vitest';
import type { Detector } from '../../../src/alerts/detector.ts';
import { computeProbeBlocked } from '../../../src/alerts/detectors/compute/compute-probe-blocked.ts';
import { connectionsNearLimit } from '../../../src/alerts/detectors/compute/connections-near-limit.ts';
import { longTransaction } from '../../../src/alerts/detectors/compute/long-transaction.ts';
import { slotRetainsWal } from '../../../src/alerts/detectors/compute/slot-retains-wal.ts';
import { stuckGetpages } from '../../../src/alerts/detectors/compute/stuck-getpages.ts';
import { wraparound } from '../../../src/alerts/detectors/compute/wraparound.ts';
import { nodeOffline } from '../../../src/alerts/detectors/node-offline.ts';
import type { Finding } from '../../../src/alerts/finding.ts';
import { showAlerts } from '../../../src/alerts/snapshot.ts';
import {
  activity,
  compute,
  health,
  pageservers,
  perf,
  server,
  settings,
} from '../../findings/compute-world.ts';
import { node, nodes } from '../../findings/controller-world.ts';
import { type CaseStep, playCase } from '../../findings/finding-case.ts';
import { caseStartMs, failure, type World } from '../../findings/world.ts';

const alertsOf = async (detector: Detector, steps: readonly CaseStep[]) => {
  const { state } = await playCase(detector, { name: 'one', steps, firing: [] });
  return [...state.alerts.values()];
};

async function only(detector: Detector, ...worlds: readonly World[]): Promise<Finding> {
  const alerts = await alertsOf(
    detector,
    worlds.map((world) => ({ forMs: 900_000, world })),
  );
  const [alert] = alerts;
  if (alert === undefined || alerts.length > 1) throw new Error(`${alerts.length} findings`);
  return alert.finding;
}

const stuckWorld = (facts: Parameters<typeof nodes>[0]): World => [
  health({ neon: perf({ compute_getpage_max_inflight_stuck_time_ms: 60_000 }) }),
  settings(),
  nodes(facts),
];

describe('connections near the limit', () => {
  it('name those who hold most of them, the largest first, and no more than five', async () => {
    const connections = Array.from({ length: 8 }, (_, at) => ({
      state: 'idle',
      usename: `app${at}`,
      datname: 'shop',
      connections: 10 + at,
    }));
    const finding = await only(connectionsNearLimit, [
      settings(),
      health({ activity: activity({ connections }) }),
    ]);
    expect(finding.severity).toBe('critical');
    expect(finding.evidence.slice(2).map(({ what, value }) => `${what}: ${value}`)).toEqual([
      'held by app7 in shop, idle: 17',
      'held by app6 in shop, idle: 16',
      'held by app5 in shop, idle: 15',
      'held by app4 in shop, idle: 14',
      'held by app3 in shop, idle: 13',
    ]);
  });
});

describe('stuck requests', () => {
  it('are asked about at the pageservers that this compute reads from, and at no other', async () => {
    const finding = await only(stuckGetpages, stuckWorld([node(1), node(2), node(3)]));
    expect(finding.remedy[0]?.command).toBe(
      'curl -sS -m 5 http://pageserver1:9898/v1/status; curl -sS -m 5 http://pageserver2:9898/v1/status',
    );
  });

  it('are a symptom of the pageserver that is Offline, if the compute reads from it', async () => {
    const explained = async (offline: number) => {
      const facts = [1, 2, 3].map((id) => node(id, id === offline ? { availability: 'Offline' } : {}));
      const steps = [{ forMs: 900_000, world: stuckWorld(facts) }];
      const both = [nodeOffline, stuckGetpages];
      const alerts = (await Promise.all(both.map((one) => alertsOf(one, steps)))).flat();
      return showAlerts(both, alerts).map(({ key, explainedBy }) => [key, explainedBy]);
    };
    expect(await explained(2)).toEqual([
      ['node_offline node 2', undefined],
      ['stuck_getpages compute main', 'node_offline node 2'],
    ]);
    expect(await explained(3)).toEqual([
      ['node_offline node 3', undefined],
      ['stuck_getpages compute main', undefined],
    ]);
  });
});

describe('a blocked probe', () => {
  it('remembers which pageservers the compute read from, and does not call it down', async () => {
    const blocked = [failure('compute_settings', compute, 'timeout', { isConnected: true }), pageservers];
    const finding = await only(computeProbeBlocked, [settings(), pageservers], blocked);
    expect(finding.related).toEqual([
      { kind: 'node', name: '1' },
      { kind: 'node', name: '2' },
    ]);
    expect(finding.summary).toContain('unknown (probe_blocked)');
    expect(finding.summary).not.toMatch(/\bdown\b|\baway\b/);
    expect(finding.avoid.map(({ what }) => what).join()).toContain('restarting');
  });
});

describe('a long transaction', () => {
  it('is ended only while it is too old, and never our own', async () => {
    const since = caseStartMs - 7_200_000;
    const { remedy } = await only(longTransaction, [
      health({ activity: activity({ oldestTransactionAtMs: since }) }),
    ]);
    const command = remedy[1]?.command ?? '';
    expect(command).toContain('pg_cancel_backend(pid)');
    expect(command).toContain('pid <> pg_backend_pid()');
    expect(command).toContain("now() - xact_start > interval '\\''3600 s'\\''");
  });
});

describe('names that come from a server', () => {
  const odd = `a"b'c$(id)`;

  it('are quoted in the command that drops a slot', async () => {
    const row = {
      texts: { slot_name: odd, database: '', slot_type: 'physical', wal_status: 'lost' },
      values: {},
    };
    const { remedy } = await only(slotRetainsWal, [server({ replication_slots: [row] })]);
    expect(remedy.at(-1)?.command).toBe(
      `psql "$compute_dsn" -c 'SELECT pg_drop_replication_slot('\\''a"b'\\'''\\''c$(id)'\\'')'`,
    );
  });

  it('are quoted in the command that freezes a database', async () => {
    const row = {
      texts: { datname: odd },
      values: { pg_database_wraparound_age_datfrozenxid_seconds: 2_100_000_000n },
    };
    const { remedy, severity } = await only(wraparound, [server({ wraparound: [row] })]);
    expect(severity).toBe('critical');
    expect(remedy.at(-1)?.command).toBe(
      `psql "$compute_dsn" -c '\\c "a""b'\\''c$(id)"' -c 'VACUUM (FREEZE, VERBOSE)'`,
    );
  });
});
