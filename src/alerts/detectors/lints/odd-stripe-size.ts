import type { Observation } from '../../../collection/store.ts';
import type { ReadingOf } from '../../../collectors/registry.ts';
import type { TenantPlacement } from '../../../neon/placement.ts';
import { listedTenants } from '../../../views/listed-tenants.ts';
import { controllerCommand } from '../../commands.ts';
import { type DetectInput, type Detector, type Json, whyMissing } from '../../detector.ts';
import type { Finding, Unknown } from '../../finding.ts';
import { computeSubject } from '../compute/compute-facts.ts';
import { lintTenants } from './tenant-lint.ts';

/** A slip of one or two digits is this near to what was meant: 65558 for 65536. */
const nearness = 0.005;
const smallestBlocks = 256;

/**
 * The power of two that a stripe size was most likely meant to be; undefined for one that is a power of two, and for one
 * that is not near any. Blocks of 8 kB.
 */
export function meantStripeSize(blocks: number): number | undefined {
  if (blocks < smallestBlocks) return undefined;
  const power = 2 ** Math.round(Math.log2(blocks));
  return blocks !== power && Math.abs(blocks - power) <= nearness * power ? power : undefined;
}

const avoid = [
  {
    what: 'changing neon.stripe_size of the compute to the round number',
    why: 'compute and pageservers must cut the pages alike; with another number the compute asks the wrong shard for most of them',
  },
  {
    what: 'changing the stripe size of a tenant that has data',
    why: 'its pages are laid out by the old one; it is fixed once the tenant has more than one shard',
  },
];

function oddTenant(
  { tenantId, stripeSizeBlocks = 0 }: TenantPlacement,
  meant: number,
  input: Input,
): Finding {
  return {
    subject: { kind: 'tenant', name: tenantId },
    severity: 'info',
    summary: `Tenant ${tenantId} has a stripe size of ${stripeSizeBlocks} blocks, most likely a slip for ${meant}: it works only while every compute is told the same odd number.`,
    evidence: [
      { what: 'stripe size', value: stripeSizeBlocks, unit: 'blocks', source: 'GET /control/v1/tenant' },
      { what: 'nearest power of two', value: meant, unit: 'blocks', source: 'arithmetic' },
    ],
    remedy: [
      {
        text: 'Leave a tenant that has data as it is, and see that each of its computes carries the same number.',
        command: 'psql "$compute_dsn" -c "SELECT setting FROM pg_settings WHERE name = \'neon.stripe_size\'"',
      },
      {
        text: 'See the tenant as the controller has it.',
        command: controllerCommand(input.readings, 'GET', `/control/v1/tenant/${tenantId}`),
      },
      { text: `Create the next tenant with ${meant}: correct the script that this number came from.` },
    ],
    avoid,
  };
}

type Input = DetectInput<Json>;

function oddCompute({ target, reading }: Observation<ReadingOf<'compute_settings'>>, meant: number): Finding {
  const blocks = reading.live?.stripeSizeBlocks ?? 0;
  const tenantId = reading.live?.tenantId;
  return {
    subject: computeSubject(target.name),
    severity: 'info',
    summary: `Compute ${target.name} carries a stripe size of ${blocks} blocks, most likely a slip for ${meant}: it has to be what the controller has for its tenant, odd or not.`,
    evidence: [
      { what: 'neon.stripe_size', value: blocks, unit: 'blocks', source: 'pg_settings' },
      { what: 'nearest power of two', value: meant, unit: 'blocks', source: 'arithmetic' },
    ],
    remedy: [
      {
        text: 'Compare it with the stripe size of its tenant; connstring_drift says WRONG_STRIPE when they differ.',
      },
    ],
    avoid,
    related: tenantId === undefined ? [] : [{ kind: 'tenant', name: tenantId }],
  };
}

/** What the stripe size of a tenant was meant to be; undefined when it looks right. */
function meantOf({ stripeSizeBlocks, shards }: TenantPlacement): number | undefined {
  // Of one shard it means nothing, and a split sets it anew.
  return stripeSizeBlocks === undefined || shards.length < 2 ? undefined : meantStripeSize(stripeSizeBlocks);
}

/** A tenant has a finding of its own; its computes only repeat it. */
async function oddComputes({ readings, breathe }: Input): Promise<Finding[]> {
  const odd = readings.all('compute_settings').flatMap((settings) => {
    const { stripeSizeBlocks, tenantId } = settings.reading.live ?? {};
    const meant = stripeSizeBlocks === undefined ? undefined : meantStripeSize(stripeSizeBlocks);
    return meant === undefined ? [] : [{ settings, meant, tenantId }];
  });
  const tenants = await listedTenants(
    readings,
    new Set(odd.flatMap(({ tenantId }) => tenantId ?? [])),
    breathe,
  );
  return odd.flatMap(({ settings, meant, tenantId }) => {
    const tenant = tenantId === undefined ? undefined : tenants.get(tenantId);
    return tenant !== undefined && meantOf(tenant) !== undefined ? [] : [oddCompute(settings, meant)];
  });
}

function unknownOf({ readings, looks }: Input): Unknown[] {
  const computes = new Set(readings.all('compute_settings').map(({ target }) => target.name));
  return looks
    .filter(({ collector, target }) => collector === 'compute_settings' && !computes.has(target.name))
    .map(({ target }) => ({
      subject: computeSubject(target.name),
      missing: [whyMissing(looks, 'compute_settings', target.name)],
    }));
}

/** A stripe size that looks like a slip of the pen. */
export const oddStripeSize: Detector = {
  id: 'odd_stripe_size',
  alert: 'NeonOddStripeSize',
  layer: 'controller',
  severity: 'info',
  summary: 'The stripe size of a sharded tenant is next to a power of two and not one, as 65558 is to 65536.',
  classes: [],
  needs: ['tenants'],
  hold: { forMs: 0, keepFiringMs: 60_000 },
  explainedBy: [],
  async detect(input) {
    const findings = await lintTenants({
      tenants: input.readings.one('tenants')?.reading.tenants ?? [],
      named: input.thresholds.lints.tenantsNamed,
      breathe: input.breathe,
      isWrong: (tenant) => meantOf(tenant) !== undefined,
      judge: (tenant) => oddTenant(tenant, meantOf(tenant) ?? 0, input),
      others: (count, first) => ({
        severity: 'info',
        summary: `${count} more tenants have a stripe size that looks like a slip: each works only while its computes are told the same odd number.`,
        evidence: [
          { what: 'more tenants', value: count, unit: 'tenants', source: 'GET /control/v1/tenant' },
          { what: 'the first of them', value: first.tenantId, source: 'GET /control/v1/tenant' },
        ],
        remedy: [
          { text: 'Correct the script that creates tenants; leave those that have data as they are.' },
        ],
        avoid,
      }),
    });
    return { findings: [...findings, ...(await oddComputes(input))], unknown: unknownOf(input) };
  },
};
