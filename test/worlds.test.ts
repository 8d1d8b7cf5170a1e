import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../src/config/schema.ts';
import { loadWith } from './config/load-with.ts';
import { oracle } from './oracle/oracle.ts';
import { parseExposition } from './render/exposition-parser.ts';
import { type Replay, startReplay } from './replay/replay-server.ts';
import { worldNames } from './replay/world.ts';
import { exposition, type Look, lookOnce } from './support/look-once.ts';

/** Series whose labels hold what only this run has. */
const ownTarget = /target="[^"]*"/g;

/** Worlds of hundreds of shards: one line each would bury what there is to look at. */
const large = new Set([
  'scale_filled',
  'with_detached_and_secondary',
  'cold_start_no_secondaries',
  'db_down',
]);

async function configFor(world: string, replay: Replay): Promise<Config> {
  const byName = !large.has(world);
  const file = JSON.stringify({
    storageController: { url: replay.controllerUrl },
    addresses: replay.addresses,
    series: { perTenant: byName, perShard: byName },
  });
  return (await loadWith({ file })).config;
}

/** What Neon says, without what neonwatch says of itself. */
function neonLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => /^(?:# (?:HELP|TYPE) )?neon_/.test(line))
    .join('\n');
}

/** `name{label="v"}` with labels sorted, as the oracle writes it. */
function seriesOf(body: Buffer): Map<string, number> {
  const series = new Map<string, number>();
  for (const { samples } of parseExposition(body, 'text')) {
    for (const { name, labels, value } of samples) {
      const pairs = Object.entries(labels)
        .filter(([label]) => label !== 'target')
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([label, text]) => `${label}=${JSON.stringify(text)}`);
      series.set(`${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`}`, value);
    }
  }
  return series;
}

describe.for(worldNames)('the recorded world %s', (world) => {
  let replay: Replay;
  let look: Look;
  let text: Buffer;

  beforeAll(async () => {
    replay = await startReplay({ world });
    const config = await configFor(world, replay);
    look = await lookOnce(config);
    const snapshot = await exposition(look, config);
    text = Buffer.concat(snapshot.identity.text.pages);
  });
  afterAll(() => replay.stop());

  it('has the exposition that was looked at and committed', async () => {
    const lines = neonLines(text.toString()).replaceAll(ownTarget, 'target="…"');
    await expect(`${lines}\n`).toMatchFileSnapshot(`golden/${world}.prom`);
  });

  it('agrees with the oracle in every number that both have, and has every number of the oracle', () => {
    const ours = seriesOf(text);
    const theirs = oracle(world);
    const missing = [...theirs].filter(([series, value]) => ours.get(series) !== value);
    expect(missing.map(([series, value]) => `${series} ${value}, not ${ours.get(series)}`)).toEqual([]);
    // Nor may there be a series of one of the oracle's families that the oracle does not know.
    const families = new Set([...theirs.keys()].map((series) => series.split('{')[0]));
    const extra = [...ours.keys()].filter(
      (series) => families.has(series.split('{')[0] ?? '') && !theirs.has(series),
    );
    expect(extra).toEqual([]);
  });
});
