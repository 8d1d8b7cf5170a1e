import { describe, expect, it } from 'vitest';
import { parseShardId } from '../../src/neon/shard-id.ts';
import { classify } from '../../src/views/agreement-facts.ts';

const id = parseShardId('10000000000000000000000000000001');
if (id === undefined) throw new Error("the test's own shard id is none");

const flags = {
  isReconciling: false,
  isPendingComputeNotification: false,
  isSplitting: false,
  isImporting: false,
  hasLastError: false,
  schedulingPolicy: 'Active',
  preferredAz: undefined,
};

const at = (nodeId: number, mode: string, generation = -1) => ({ nodeId, mode, generation });
const all = { readNodes: new Set([1, 2, 3]), isComplete: true };
const withoutThree = { readNodes: new Set([1, 2]), isComplete: false };

describe('classify', () => {
  it.for([
    { case: 'attached where intended', seen: [at(1, 'AttachedSingle', 3), at(2, 'Secondary')], is: 'agree' },
    { case: 'intended nowhere against its policy', attached: undefined, seen: [], is: 'unscheduled' },
    {
      case: 'intended nowhere, as policy Secondary has it',
      attached: undefined,
      wantsAttached: false,
      seen: [],
      is: 'not_attached',
    },
    {
      case: 'the intended pageserver was not read',
      attached: 3,
      witnesses: withoutThree,
      seen: [at(1, 'AttachedSingle', 3)],
      is: 'unknown',
    },
    {
      case: 'its slot is being changed somewhere',
      seen: [at(1, 'AttachedSingle', 3), at(2, 'InProgress')],
      is: 'unknown',
    },
    { case: 'attached nowhere, and every pageserver was read', seen: [at(2, 'Secondary')], is: 'absent' },
    {
      case: 'attached nowhere that was read, and one was not',
      witnesses: withoutThree,
      seen: [],
      is: 'unknown',
    },
    { case: 'attached nowhere yet while it is reconciled', reconciling: true, seen: [], is: 'moving' },
    { case: 'replaced by its children in a split', splitting: true, seen: [], is: 'moving' },
    {
      case: 'the source is stale and the destination multi',
      seen: [at(2, 'AttachedStale', 4), at(1, 'AttachedMulti', 5)],
      is: 'moving',
    },
    {
      case: 'elsewhere while it is reconciled',
      reconciling: true,
      seen: [at(2, 'AttachedSingle', 3)],
      is: 'moving',
    },
    {
      case: 'attached on another pageserver, as under policy Stop',
      seen: [at(2, 'AttachedSingle', 3)],
      is: 'elsewhere',
    },
    {
      case: 'attached twice, the higher generation where intended',
      seen: [at(2, 'AttachedSingle', 3), at(1, 'AttachedSingle', 4)],
      is: 'stale_generation',
    },
    {
      case: 'attached twice, the higher generation elsewhere',
      seen: [at(2, 'AttachedSingle', 5), at(1, 'AttachedSingle', 4)],
      is: 'elsewhere',
    },
  ])(
    '$case: $is',
    ({
      seen,
      is,
      reconciling = false,
      splitting = false,
      witnesses = all,
      wantsAttached = true,
      ...rest
    }) => {
      const nodeAttached = 'attached' in rest ? rest.attached : 1;
      const shard = {
        id,
        nodeAttached,
        nodeSecondary: [],
        flags: { ...flags, isReconciling: reconciling, isSplitting: splitting },
      };
      expect(classify(shard, seen, witnesses, wantsAttached)).toBe(is);
    },
  );
});
