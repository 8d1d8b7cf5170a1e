import { isTenantId, parseShardId } from '../neon/shard-id.ts';
import type { Explanation } from './explanation.ts';

const shardShaped = /^([0-9a-f]{32})-([0-9a-f]{2})([0-9a-f]{2})$/i;

function describe(tenantId: string) {
  const text = 'Take shard ids from the controller, never from memory.';
  return { text, command: `curl -sS $storcon_api/control/v1/tenant/${tenantId}` };
}

function slug(number: number, count: number): string {
  return [number, count].map((part) => part.toString(16).padStart(2, '0')).join('');
}

/** `-0001` and its like: what the runbook writes for shards of a tenant with two. */
function impossibleShard(tenantId: string, number: number, count: number): Explanation {
  const two = [slug(0, 2), slug(1, 2)].map((one) => `-${one}`).join(' and ');
  const meaning =
    count === 1
      ? `It says shard ${number} of 1. A tenant with one shard is unsharded and its id has no suffix, so the controller answers 404 "Tenant shard not found".`
      : `It says shard ${number} of ${count}, and there is none: numbers begin at 0. The controller answers 404.`;
  return {
    what: 'a shard id that cannot be',
    meaning: `${meaning} The suffix is number, then count, two hexadecimal digits each: the shards of a tenant with two are ${two}.`,
    facts: [`tenant ${tenantId}`, `number ${number}`, `count ${count}`],
    next: [describe(tenantId)],
    avoid: ['migrating by an id that was typed: a wrong one is refused at best'],
  };
}

/** A tenant or shard id taken apart; undefined when the text is neither. */
export function explainId(text: string): Explanation | undefined {
  const id = text.toLowerCase();
  if (isTenantId(id)) {
    return {
      what: 'a tenant id, or the shard id of an unsharded tenant (or a timeline id: they look alike)',
      meaning: 'An unsharded tenant has one shard, whose id is the tenant id without a suffix.',
      facts: [`tenant ${id}`],
      next: [describe(id)],
      avoid: [],
    };
  }
  const shaped = shardShaped.exec(id);
  if (shaped === null) return undefined;
  const [, tenantId = '', numberText = '', countText = ''] = shaped;
  const number = Number.parseInt(numberText, 16);
  const count = Number.parseInt(countText, 16);
  const shard = parseShardId(id);
  if (shard === undefined || count === 1) return impossibleShard(tenantId, number, count);
  const position = `entry ${number + 1} of ${count} in neon.pageserver_connstring`;
  return {
    what: 'a shard id',
    meaning: `Shard ${number} of ${count}: ${position} must lead to the pageserver that it is attached to.`,
    facts: [
      `tenant ${tenantId}`,
      `number ${number}, count ${count} (hexadecimal in the suffix)`,
      `label shard_id="${shard.slug}" in the pageserver's own metrics`,
    ],
    next: [
      describe(tenantId),
      { text: 'See its four witnesses.', command: `neonwatch doctor --tenant ${tenantId}` },
    ],
    avoid: ['using it after a split: a split changes the ids of all shards'],
  };
}
