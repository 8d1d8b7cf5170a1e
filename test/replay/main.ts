/**
 * Serves one recorded world until Ctrl-C and prints the configuration that points neonwatch at it.
 *
 *   npx --no-install node test/replay/main.ts --world healthy [--auth scopes]
 */
import { parseArgs } from 'node:util';
import { startReplay } from './replay-server.ts';
import { loadWorld, worldNames } from './world.ts';

const { values } = parseArgs({
  options: {
    world: { type: 'string', default: 'healthy' },
    auth: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

if (values.list) {
  for (const name of worldNames) console.log(`${name}: ${loadWorld(name).about}`);
} else {
  if (values.auth !== undefined && values.auth !== 'scopes') throw new Error('--auth can only be: scopes');
  const replay = await startReplay({
    world: values.world,
    ...(values.auth === undefined ? {} : { auth: { mode: 'scopes' } }),
  });
  console.log(`# ${replay.world.name}: ${replay.world.about}`);
  console.log(`storageController:\n  url: ${replay.controllerUrl}`);
  const mapped = Object.entries(replay.addresses);
  console.log(mapped.length === 0 ? 'addresses: {}' : 'addresses:');
  for (const [announced, dialled] of mapped) console.log(`  "${announced}": "${dialled}"`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void replay.stop());
  }
}
