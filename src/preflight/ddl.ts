import { isTenantId } from '../neon/shard-id.ts';
import { isWrong } from '../views/drift/judgement.ts';
import { controllerCheck } from './cluster-checks.ts';
import {
  type Check,
  go,
  no,
  type Operation,
  type Preflight,
  type PreflightInput,
  unknown,
} from './preflight.ts';

function judgeDdl(
  [tenantId]: readonly string[],
  { readings, computes }: PreflightInput,
): Preflight | undefined {
  if (tenantId === undefined || !isTenantId(tenantId)) return undefined;
  const own = [...computes.values()].filter((one) => one.tenantId === tenantId);
  const checks = own.map(({ compute, state, isMasked }): Check => {
    if (state === 'IN_SYNC' || state === 'SHADOWED' || state === 'NOT_PERSISTED') {
      return go(`compute ${compute} asks the right pageserver for every shard`);
    }
    if (state === 'UNKNOWN')
      return unknown(`whether compute ${compute} asks the right pageservers is not known`);
    if (isWrong(state)) {
      const hidden = isMasked ? ', unnoticed only because all shards are on one pageserver' : '';
      return no(
        `compute ${compute} is ${state}${hidden}: relation sizes are asked of entry 0, which must be shard 0`,
      );
    }
    return no(`compute ${compute} is ${state}: wait until nothing moves`);
  });
  const none = unknown(
    'no compute with this neon.tenant_id could be read (see `computes` in the configuration)',
  );
  return {
    operation: `schema changes on tenant ${tenantId}`,
    checks: [controllerCheck(readings), ...(checks.length === 0 ? [none] : checks)],
    steps: [
      { text: 'Run them: where shards are does not matter as long as the compute asks the right ones.' },
    ],
    notes: [
      'Moving all shards to one pageserver first, as the runbook has it, does not make a wrong connection string right: it hides it until the next move.',
    ],
  };
}

export const ddl: Operation = {
  name: 'ddl',
  parameters: ['TENANT_ID'],
  summary: 'change the schema of a sharded tenant',
  judge: judgeDdl,
};
