import type { ShardPlacement } from '../../neon/placement.ts';
import type { Seen } from '../../views/agreement-facts.ts';
import type { DriftJudgement, DriftRow } from '../../views/drift/judgement.ts';
import { counted, type Setting, wrapped } from './lines.ts';
import type { TenantChoice, TenantTable } from './tenant-table.ts';

/** Named when there are more: whoever reads them will write more of the id anyway. */
const maxCandidates = 20;

function choiceLines(prefix: string, { candidates }: TenantChoice): string[] {
  if (candidates.length === 0) {
    return [`No tenant begins with ${prefix}: neither controller nor pageserver nor compute names one.`];
  }
  return [
    `${counted(candidates.length, 'tenant')} begin with ${prefix}; write more of the id:`,
    ...candidates.slice(0, maxCandidates).map((tenantId) => `  ${tenantId}`),
    ...(candidates.length > maxCandidates ? ['  …'] : []),
  ];
}

function heldText(held: readonly Seen[]): string {
  if (held.length === 0) return 'nobody';
  return held
    .map(({ nodeId, mode, generation }) => `${nodeId} ${mode}${generation >= 0 ? ` g${generation}` : ''}`)
    .join(', ');
}

function intentText(shard: ShardPlacement | undefined, addresses: ReadonlyMap<number, string>): string {
  if (shard === undefined) return 'unknown to it';
  const { nodeAttached, nodeSecondary, flags } = shard;
  const where =
    nodeAttached === undefined
      ? 'nowhere'
      : `${nodeAttached} ${addresses.get(nodeAttached) ?? '(not listed)'}`;
  const states = [
    ...(nodeSecondary.length > 0 ? [`secondary on ${nodeSecondary.join(', ')}`] : []),
    ...(flags?.isReconciling === true ? ['reconciling'] : []),
    ...(flags?.isPendingComputeNotification === true ? ['notification pending'] : []),
    ...(flags?.isSplitting === true ? ['splitting'] : []),
    ...(flags !== undefined && flags.schedulingPolicy !== 'Active'
      ? [`policy ${flags.schedulingPolicy}`]
      : []),
  ];
  return [where, ...states].join('; ');
}

/** Columns as wide as their widest cell; a table is for a wide screen, and is never cut. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd());
}

function placementLines({ tenant, held, addresses }: TenantTable): string[] {
  const byText = new Map((tenant?.shards ?? []).map((shard) => [shard.id.text, shard]));
  const texts = [...new Set([...byText.keys(), ...held.keys()])].sort();
  const rows = texts.map((text) => [
    text,
    intentText(byText.get(text), addresses),
    heldText(held.get(text) ?? []),
  ]);
  return columns([['shard', 'the controller means it on', 'the pageservers hold it on'], ...rows]);
}

function computeRow(row: DriftRow): string[] {
  const leadsTo = row.liveNodeIds.length === 0 ? 'no node' : `node ${row.liveNodeIds.join(', ')}`;
  return [
    String(row.shardNumber),
    row.intended ?? '-',
    row.live === undefined ? 'no entry' : `${row.live} (${leadsTo})`,
    row.nextStart ?? 'not known',
    row.agreement,
    row.serving,
  ];
}

function computeLines(judgement: DriftJudgement, setting: Setting): string[] {
  const { compute, state, causes, isMasked, stripe, rows } = judgement;
  const because = causes.map(({ reason, about }) => [reason.replaceAll('_', ' '), ...about].join(' '));
  const masked = isMasked ? ' It does not show yet: all shards are on one pageserver.' : '';
  const blocks = (value: number | undefined) => (value === undefined ? 'not known' : String(value));
  const stripes = `stripe size in blocks: ${blocks(stripe.intendedBlocks)} meant, ${blocks(stripe.liveBlocks)} live, ${blocks(stripe.nextStartBlocks)} at the next start`;
  return [
    '',
    ...wrapped(
      `compute ${compute}: ${state}${because.length > 0 ? ` (${because.join('; ')})` : ''}.${masked}`,
      0,
      setting,
    ),
    ...columns([
      ['shard', 'meant', 'the compute asks', 'next start', 'right', 'served'],
      ...rows.map(computeRow),
    ]),
    ...((judgement.shardCount ?? 1) > 1 ? [`  ${stripes}`] : []),
  ];
}

/** The shard-by-shard table of the witnesses of one tenant. */
export function tenantLines(prefix: string, table: TenantTable | TenantChoice, setting: Setting): string[] {
  if ('candidates' in table) return choiceLines(prefix, table);
  const { tenant, computes } = table;
  const policy = tenant?.policy === undefined ? '' : `, policy ${tenant.policy.text}`;
  const head =
    tenant === undefined
      ? 'The controller does not list this tenant: it is detached, deleted, or never was. Pageservers hold:'
      : `tenant ${tenant.tenantId}: ${counted(tenant.shards.length, 'shard')}${policy}`;
  const none = 'No compute that was read has it as its neon.tenant_id (see `computes` in the configuration).';
  return [
    ...wrapped(head, 0, setting),
    ...placementLines(table),
    ...computes.flatMap((judgement) => computeLines(judgement, setting)),
    ...(computes.length === 0 ? ['', ...wrapped(none, 0, setting)] : []),
  ];
}
