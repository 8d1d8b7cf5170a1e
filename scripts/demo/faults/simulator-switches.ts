import type { Scene } from '../scene.ts';

/** Breaks something of the simulator. @throws when the simulator does not know it. */
export function breakIt(
  { world }: Scene,
  name: string,
  args: Readonly<Record<string, string | number>> = {},
): void {
  const problem = world.faults.on(name, args);
  if (problem !== undefined) throw new Error(`the simulator: ${problem}`);
}

export function mend({ world }: Scene, name: string): void {
  world.faults.off(name);
}

function isAvailable({ world }: Scene, node: number): boolean {
  return world.snapshot().nodes.some(({ id, availability }) => id === node && availability === 'Active');
}

function schedulingOf({ world }: Scene, node: number): string {
  return world.snapshot().nodes.find(({ id }) => id === node)?.scheduling ?? '';
}

/** Brings pageservers back into service, however they were left, and all shards home. */
export async function backInService(scene: Scene, ...nodes: readonly number[]): Promise<void> {
  for (const node of nodes) {
    await scene.until(`pageserver ${node} coming back`, () => isAvailable(scene, node));
    if (schedulingOf(scene, node) !== 'Active')
      scene.world.controller.configureNode(node, { scheduling: 'Active' });
    await scene.until(`pageserver ${node} being active`, () => schedulingOf(scene, node) === 'Active');
    scene.world.controller.fill(node);
    await scene.until(`pageserver ${node} being filled`, () => schedulingOf(scene, node) === 'Active');
  }
  await scene.moveAllHome();
}
