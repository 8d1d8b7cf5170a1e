import { describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world/api.ts';
import { createWorld } from '../../../src/simulator/world/world.ts';
import { expectAgreement } from './lab.ts';

/** More than one slice of a background pass. */
function large(): World {
  return createWorld({
    seed: 3,
    pageservers: 6,
    tenants: 6_000,
    shardsPerTenant: 8,
    firstBackgroundMs: 1_000,
  });
}

const firstTenant = '20000000000000000000000000000001';

describe('a background pass over a large cluster', () => {
  it('is made of slices, each at its time', () => {
    const world = large();
    const dues: number[] = [];
    const startMs = world.nowMs();
    world.advance(999);
    for (
      let next = world.nextEventMs();
      next !== undefined && next < startMs + 1_500;
      next = world.nextEventMs()
    ) {
      dues.push(next - startMs);
      world.advance(next - world.nowMs());
    }
    expect(dues).toEqual([1_000, 1_010, 1_020, 1_030, 1_040]);
  });

  it('goes the same way twice, a pageserver dying in it', () => {
    const run = (): string => {
      const world = large();
      world.advance(1_015);
      world.faults.on('node_down', { node: 2 });
      world.advance(90_000);
      return `${world.events.count} ${world.events.hash()}`;
    };
    const first = run();
    expect(run()).toBe(first);
    expect(Number(first.split(' ')[0])).toBeGreaterThan(8_000);
  });

  /** The last tenant of the first slice and the first of the second. */
  const atTheSeam = [2_500, 2_501].map((number) => `2${number.toString(16).padStart(31, '0')}`);
  const violations = (world: World): number => {
    world.advance(100);
    return world.controller.metrics().scheduleAzViolation;
  };
  function withViolations(): World {
    const world = large();
    for (const tenant of atTheSeam) world.faults.on('az_violation', { tenant });
    world.advance(1_005);
    return world;
  }

  it('misses nobody where two slices meet', () => {
    expect(violations(withViolations())).toBe(2);
  });

  it('counts nobody twice when a tenant comes between two slices', () => {
    const world = withViolations();
    world.controller.createTenant({ new_tenant_id: '1'.padEnd(32, '0') });
    expect(violations(world)).toBe(2);
  });

  it('goes on when a tenant goes meanwhile', () => {
    const world = withViolations();
    const reply = world.controller.deleteTenant(firstTenant);
    world.advance(60_000);
    expect(reply.answer).toMatchObject({ status: 200 });
    expect(violations(world)).toBe(2);
    expectAgreement(world);
  });
});
