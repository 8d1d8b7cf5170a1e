import { type Config, ConfigSchema } from '../../../src/config/schema.ts';
import { createRandom } from '../../../src/simulator/world/random.ts';
import { answerOf } from '../../replay/rules.ts';
import { refusal } from '../../replay/scopes.ts';
import { fixtureIndex, loadWorld, type World } from '../../replay/world.ts';
import { simulatedClock } from '../simulated/simulated-clock.ts';
import { firingOf, watchOver } from '../simulated/watching.ts';
import type { Wire } from '../simulated/wire-reader.ts';

const controllerHost = '127.0.0.1:1234';
/** Later than the recording, so that nothing in it has just started. */
const startMs = Date.UTC(2026, 10, 22);

/** How long the recorded answer took, where that is more than the network: a lost database is told of after 30 s. */
function recordedDelayMs(service: string, path: string, body: Buffer): number {
  const line = fixtureIndex.find((one) => one.service === service && one.path === path && one.seconds > 1);
  return line !== undefined && body.includes('Timeout') ? line.seconds * 1_000 : 0;
}

/** The recorded cluster asked nobody for a token, but in this state. */
function wantsTokens(name: string): boolean {
  return name === 'auth';
}

function recordedWire(world: World): Wire {
  const services = new Map([[controllerHost, 'storcon']]);
  for (const { service, announced } of world.pageservers.values()) services.set(announced, service);
  return {
    get(host, path, authorization) {
      const service = services.get(host);
      if (service === undefined || world.closed.has(service)) return 'refused';
      const { pathname } = new URL(path, 'http://recorded');
      const refused = wantsTokens(world.name) ? refusal(service, pathname, authorization) : undefined;
      if (refused !== undefined) return refused;
      const answer = answerOf(world, service, path);
      return { ...answer, delayMs: recordedDelayMs(service, path, answer.body) };
    },
  };
}

/** Safekeepers, the broker and computes were not recorded state by state. */
function configOf(): Config {
  return ConfigSchema.parse({
    http: {},
    log: {},
    limits: {},
    series: {},
    sql: {},
    storageController: { url: `http://${controllerHost}` },
    safekeepers: { discover: false },
  });
}

/** What fires when a recorded state lasts for so long: `node_stuck node 3 [filling]`, in order of the alphabet. */
export async function findingsOf(name: string, lastsMs: number): Promise<readonly string[]> {
  const random = createRandom(1);
  const clock = simulatedClock(startMs, () => undefined);
  const fired = new Map<string, string>();
  const watching = watchOver({
    config: configOf(),
    clock,
    random: random.next,
    wire: recordedWire(loadWorld(name)),
    latencyMs: () => 1 + random.below(20),
    tokenFor: ({ kind }) => (kind === 'pageserver' ? 'scope:pageserverapi' : 'scope:admin'),
    openSql: () => ({ runs: [], close: async () => undefined }),
    onEvaluated(snapshot) {
      for (const { key, alert, explainedBy } of firingOf(snapshot)) {
        const { className } = alert.finding;
        const shown = className === undefined ? key : `${key} [${className}]`;
        fired.set(shown, explainedBy ?? '');
      }
    },
  });
  await clock.advance(lastsMs);
  await watching.stop();
  return [...fired].map(([key, cause]) => (cause === '' ? key : `${key} <- ${cause}`)).sort();
}
