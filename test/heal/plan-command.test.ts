import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decidePlan } from '../../src/cli/plan-command.ts';
import { systemClock } from '../../src/clock.ts';
import { type RunningSimulator, startSimulator } from '../../src/simulator/http/simulator.ts';
import { createWorld } from '../../src/simulator/world/world.ts';
import { loadWith } from '../config/load-with.ts';
import { about } from './heal-world.ts';

/** Twelve tenants on two of three pageservers, with their secondaries on the third: a fill would help. */
const initial = Array.from({ length: 12 }, (_, at) => ({
  id: (at + 16).toString(16).padStart(32, '0'),
  shardCount: 0,
  shards: [{ attached: 1 + (at % 2), secondaries: [3], preferredAz: null }],
}));

describe('neonwatch plan over a simulated cluster', () => {
  let simulator: RunningSimulator;
  beforeAll(async () => {
    simulator = await startSimulator({
      clock: systemClock,
      time: 'stepped',
      pageservers: 3,
      safekeepers: 3,
      makeWorld: (address) =>
        createWorld({ seed: 1, azs: 1, tenants: 0, safekeepers: 3, computes: 0, initial, address }),
    });
  });
  afterAll(() => simulator.stop());

  it('decides from what it could read, and sends nothing that changes anything', async () => {
    const { controllerUrl, hookUrl, simUrl } = simulator;
    const file = {
      storageController: { url: controllerUrl },
      computeHook: { url: hookUrl },
      heal: { mode: 'plan' },
    };
    const { config } = await loadWith({ file: JSON.stringify(file) });
    const report = await decidePlan(config, systemClock, 20_000);
    expect(report.hasRead).toBe(true);
    const decision = about(report.decisions, 'shard_imbalance');
    // What was read is still there when it is decided: these gates saw it.
    const seen = new Map(decision.gates.map(({ name, verdict, value }) => [name, `${verdict}: ${value}`]));
    expect(seen.get('storm')).toBe('pass: 3 of 3 pageservers are Active');
    expect(seen.get('answered')).toBe('pass: 0 of 0 computes and 3 of 3 pageservers answered');
    expect(seen.get('fresh')).toMatch(/^pass: the oldest was read/);
    const requests = await fetch(`${simUrl}/_sim/requests`);
    expect(requests.status).toBe(200);
    expect(await requests.json()).toEqual(expect.objectContaining({ requests: [] }));
  }, 30_000);
});
