import type { TenantPlacement } from '../../../neon/placement.ts';
import { controllerCommand } from '../../commands.ts';
import type { DetectInput, Detector, Json } from '../../detector.ts';
import type { Finding, Step } from '../../finding.ts';
import { lintTenants } from './tenant-lint.ts';

const avoid = [
  {
    what: 'the policy {"placement":{"Attached":2}}',
    why: 'the storage controller panics on it, and as it has stored it first, again at each start',
  },
];

function stepsFor(tenantId: string, { readings }: DetectInput<Json>): Step[] {
  const path = `/control/v1/tenant/${tenantId}`;
  return [
    {
      text: 'Give it one secondary a shard; the controller chooses where and warms it.',
      command: controllerCommand(readings, 'PUT', `${path}/policy`, { placement: { Attached: 1 } }),
    },
    {
      text: 'See that every shard has a secondary.',
      command: controllerCommand(readings, 'GET', path),
    },
  ];
}

function bare({ tenantId, shards }: TenantPlacement, input: DetectInput<Json>): Finding {
  return {
    subject: { kind: 'tenant', name: tenantId },
    severity: 'info',
    summary: `Tenant ${tenantId} has the policy Attached(0), so no secondary: when its pageserver dies, the next one begins with an empty cache and fetches everything from remote storage.`,
    evidence: [
      { what: 'placement policy', value: 'Attached(0)', source: 'GET /control/v1/tenant' },
      { what: 'shards', value: shards.length, unit: 'shards', source: 'GET /control/v1/tenant' },
    ],
    remedy: stepsFor(tenantId, input),
    avoid,
  };
}

/** A tenant that is meant to have no secondary. */
export const attachedZero: Detector = {
  id: 'attached_zero',
  alert: 'NeonAttachedZero',
  layer: 'controller',
  severity: 'info',
  summary: 'The placement policy of a tenant asks for no secondary: Attached(0).',
  classes: [],
  needs: ['tenants'],
  hold: { forMs: 0, keepFiringMs: 60_000 },
  explainedBy: [],
  async detect(input) {
    const tenants = input.readings.one('tenants');
    // Put together from pageservers' locations it has no policies.
    if (tenants?.reading.source === 'locations') {
      return { findings: [], unknown: [{ missing: ['tenants: policies, which only the controller has'] }] };
    }
    const nodes = input.readings.one('nodes')?.reading.nodes;
    // A cluster of one pageserver has no place for a secondary.
    if (nodes !== undefined && nodes.length < 2) return { findings: [], unknown: [] };
    const findings = await lintTenants({
      tenants: tenants?.reading.tenants ?? [],
      named: input.thresholds.lints.tenantsNamed,
      breathe: input.breathe,
      isWrong: ({ policy }) => policy?.wantsAttached === true && policy.secondariesWanted === 0,
      judge: (tenant) => bare(tenant, input),
      others: (count, first) => ({
        severity: 'info',
        summary: `${count} more tenants have the policy Attached(0): none of them has a secondary to fail over to.`,
        evidence: [
          { what: 'more tenants', value: count, unit: 'tenants', source: 'GET /control/v1/tenant' },
          { what: 'the first of them', value: first.tenantId, source: 'GET /control/v1/tenant' },
        ],
        remedy: stepsFor(first.tenantId, input),
        avoid,
      }),
    });
    return { findings, unknown: [] };
  },
};
