import { eachBreathing } from '../../../breathe.ts';
import type { ShardPlacement, TenantPlacement } from '../../../neon/placement.ts';
import { controllerCommand } from '../../commands.ts';
import type { DetectInput, Detector, Json } from '../../detector.ts';
import { type Avoid, cluster, type Finding, type Step } from '../../finding.ts';
import { counted, some } from '../../placement/words.ts';
import { hookSubject } from './instances.ts';
import { type Seats, takeSeats } from './named.ts';

interface Memory {
  readonly [key: string]: Json;
  /** Tenants that have a finding of their own. */
  readonly named: readonly string[];
}

type Input = DetectInput<Memory>;

const source = 'GET /control/v1/tenant';

function isPending({ flags }: ShardPlacement): boolean {
  return flags?.isPendingComputeNotification === true;
}

async function pendingTenants({ readings, breathe }: Input): Promise<Map<string, TenantPlacement>> {
  const pending = new Map<string, TenantPlacement>();
  await eachBreathing(readings.one('tenants')?.reading.tenants ?? [], breathe, (tenant) => {
    if (tenant.shards.some(isPending)) pending.set(tenant.tenantId, tenant);
  });
  return pending;
}

function remedyOf(tenantId: string, input: Input): Step[] {
  const hook = hookSubject(input.looks);
  const url = input.readings.all('compute_hook').find(({ target }) => target.name === hook.name)?.target.url;
  return [
    url === undefined
      ? {
          text: 'See whether the compute hook answers at all: any status will do, at the --control-plane-url of the controller. With computeHook.url set neonwatch asks it by itself.',
        }
      : {
          text: 'See whether the compute hook answers at all. Any status will do.',
          command: `curl -sS -m 5 -o /dev/null -w '%{http_code}\\n' ${url}/`,
        },
    {
      text: `Read the log of the hook for tenant ${tenantId}: what it answers, and why it does not take the notification.`,
    },
    {
      text: 'Mend that, or restart the hook if it hangs. The controller sends again by itself, at the latest 20 seconds later.',
    },
    {
      text: 'See that is_pending_compute_notification is false for every shard.',
      command: controllerCommand(input.readings, 'GET', `/control/v1/tenant/${tenantId}`),
    },
    {
      text: 'See that the compute has taken it: its list of pageservers is that of the controller.',
      command: controllerCommand(input.readings, 'GET', `/debug/v1/tenant/${tenantId}/locate`),
    },
  ];
}

const avoid: readonly Avoid[] = [
  {
    what: 'restarting the compute',
    why: 'it comes back with the connection string of its config.json, which may be older still',
  },
  {
    what: 'migrating the shard back',
    why: 'that is one more move of which the compute is not told',
  },
];

function pending(tenant: TenantPlacement, input: Input): Finding {
  const { tenantId } = tenant;
  const shards = tenant.shards.filter(isPending);
  const ids = shards.map(({ id }) => id.text);
  const pinned = shards.filter(({ flags }) => flags?.schedulingPolicy === 'Stop').length;
  const atMs = input.readings.one('tenants')?.lastReadAtMs ?? input.nowMs;
  const nodes = new Set(shards.flatMap(({ nodeAttached }) => nodeAttached ?? []));
  return {
    subject: { kind: 'tenant', name: tenantId },
    severity: 'critical',
    summary: `Computes of tenant ${tenantId} have not been told where ${counted(shards.length, 'shard')} of it went (${some(ids, 3)}): they ask pageservers that may no longer have them.`,
    evidence: [
      {
        what: 'shards with a notification that is pending',
        value: shards.length,
        unit: 'shards',
        source,
        atMs,
      },
      ...shards.slice(0, 5).map(({ id, nodeAttached }) => ({
        what: `shard ${id.text} is meant to be attached to`,
        value: nodeAttached === undefined ? 'no pageserver' : `pageserver ${nodeAttached}`,
        source,
        atMs,
      })),
      ...(pinned === 0
        ? []
        : [
            {
              what: 'of these with the policy Stop, never sent again',
              value: pinned,
              unit: 'shards',
              source,
              atMs,
            },
          ]),
    ],
    remedy: remedyOf(tenantId, input),
    avoid,
    related: [
      hookSubject(input.looks),
      ...ids.slice(0, 20).map((name) => ({ kind: 'shard' as const, name })),
      ...[...nodes].map((nodeId) => ({ kind: 'node' as const, name: String(nodeId) })),
    ],
  };
}

function many({ others, examples }: Seats, input: Input): Finding {
  const [first = ''] = examples;
  const atMs = input.readings.one('tenants')?.lastReadAtMs ?? input.nowMs;
  return {
    subject: cluster,
    severity: 'critical',
    summary: `Computes of ${counted(others, 'more tenant')} have not been told where their shards went, first of them ${first}.`,
    evidence: [
      {
        what: 'more tenants with a notification that is pending',
        value: others,
        unit: 'tenants',
        source,
        atMs,
      },
    ],
    remedy: remedyOf(first, input),
    avoid,
    related: [hookSubject(input.looks)],
  };
}

/** A tenant whose computes the controller has not been able to tell of a move. */
export const notificationPending: Detector<Memory> = {
  id: 'notification_pending',
  alert: 'NeonNotificationPending',
  layer: 'hook',
  severity: 'critical',
  summary: 'The compute hook has not taken the notification of a move for minutes.',
  classes: [],
  needs: ['tenants'],
  // Ten tries of the controller take 30 s, and the next pass comes within 20 s.
  hold: { forMs: 300_000, samples: 5, keepFiringMs: 60_000 },
  explainedBy: ['hook_away', 'notifications_failing', 'controller_away', 'controller_not_ready'],
  async detect(input) {
    if (input.readings.one('tenants')?.reading.source === 'locations') {
      const missing = ['tenants: notifications, which only the controller knows of'];
      return { findings: [], unknown: [{ missing }], ...(input.memory && { memory: input.memory }) };
    }
    const tenants = await pendingTenants(input);
    const seats = input.thresholds.controller.pendingTenantsNamed;
    const taken = await takeSeats(input.memory?.named ?? [], tenants, seats, input.breathe);
    const { named } = taken;
    const findings = named.flatMap((tenantId) => {
      const tenant = tenants.get(tenantId);
      return tenant === undefined ? [] : [pending(tenant, input)];
    });
    if (taken.others > 0) findings.push(many(taken, input));
    return { findings, unknown: [], memory: { named } };
  },
};
