import { describe, expect, it } from 'vitest';
import { impossibleCombinations } from '../../src/config/combinations.ts';
import { ConfigSchema } from '../../src/config/schema.ts';
import { actionKinds } from '../../src/heal/action-kind.ts';
import { modeOf } from '../../src/heal/mode.ts';
import { loadWith } from '../config/load-with.ts';
import { policyOf } from './heal-world.ts';

async function problemsOf(heal: object): Promise<string> {
  const file = JSON.stringify({ storageController: { url: 'http://localhost:1234' }, heal });
  const error = await loadWith({ file }).then(
    () => undefined,
    (thrown: { problems: readonly string[] }) => thrown,
  );
  return error?.problems.join('\n') ?? '';
}

describe('the settings of the healer', () => {
  it('have a section for each kind of action and no other', () => {
    expect(Object.keys(policyOf().actions).sort()).toEqual([...actionKinds].sort());
  });

  it('are off unless somebody says otherwise', () => {
    const { heal } = ConfigSchema.parse({});
    expect(actionKinds.map((kind) => modeOf(heal, kind))).toEqual(actionKinds.map(() => 'off'));
    expect(impossibleCombinations(ConfigSchema.parse({}))).toEqual([]);
  });

  it.each([
    ['all of them', { mode: 'plan' }, 'plan'],
    [
      'none, although its own mode says plan',
      { mode: 'off', actions: { fill_node: { mode: 'plan' } } },
      'off',
    ],
    ['all but one', { mode: 'plan', actions: { fill_node: { mode: 'off' } } }, 'off'],
  ] as const)('can switch on %s', (_, heal, mode) => {
    expect(modeOf(policyOf(heal), 'fill_node')).toBe(mode);
  });

  it.each(['approve', 'auto'])('refuse %s, and say that nothing could act on it', async (mode) => {
    for (const heal of [{ mode }, { actions: { push_connstring: { mode } } }]) {
      expect(await problemsOf(heal)).toMatch(
        /approve and auto come with the executor, which this version does not have/,
      );
    }
  });

  it.each([
    ['a confirmation of one look', { actions: { push_connstring: { confirmLooks: 1 } } }],
    ['half of the answers', { limits: { answered: 0.4 } }],
    ['a kind of action that there is none of', { actions: { drain_node: { mode: 'plan' } } }],
  ])('refuse %s', async (_, heal) => {
    expect(await problemsOf(heal)).not.toBe('');
  });

  it('have the defaults of the design', () => {
    const { actions, limits } = policyOf();
    expect(limits).toEqual({
      freshness: 30_000,
      answered: 0.95,
      quiet: 300_000,
      correlatedFindings: 3,
      correlatedPart: 0.2,
      movedShards: 256,
      nodeUptime: 600_000,
    });
    const confirmed = Object.entries(actions).map(([kind, one]) => [kind, one.confirmFor, one.confirmLooks]);
    expect(confirmed).toEqual([
      ['push_connstring', 90_000, 6],
      ['reload_again', 90_000, 6],
      ['restart_hook', 60_000, 4],
      ['fill_node', 900_000, 60],
    ]);
  });
});
