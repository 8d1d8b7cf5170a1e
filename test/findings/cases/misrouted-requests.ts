import { misroutedRequests } from '../../../src/alerts/detectors/compute/misrouted-requests.ts';
import { eachLook, misrouted, pageservers, settings } from '../compute-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { failure } from '../world.ts';

/** So many a second at node 1, since the case began; none at node 2. */
const asked = (forMs: number, perSecond: number, from = 0) =>
  eachLook(forMs, (atMs) => [
    misrouted(1, from + Math.round((atMs * perSecond) / 1000)),
    misrouted(2, 7),
    settings(),
    pageservers,
  ]);

export const cases: FindingCases = {
  detector: misroutedRequests,
  cases: [
    { name: 'does not fire while requests go where they belong', steps: asked(1_200_000, 0), firing: [] },
    { name: 'fires when they have gone astray for minutes', steps: asked(900_000, 5), firing: ['node 1'] },
    {
      name: 'does not fire for the blip of a shard that moves',
      steps: [...asked(600_000, 0), ...asked(900_000, 0, 600)],
      firing: [],
    },
    {
      name: 'does not fire in the midst of such a blip',
      steps: [...asked(600_000, 0), ...asked(240_000, 0, 600)],
      firing: [],
    },
    {
      name: 'does not fire for a drain that moves shards for two minutes',
      steps: [...asked(600_000, 0), ...asked(120_000, 0.3), ...asked(600_000, 0, 36)],
      firing: [],
    },
    { name: 'does not fire just below one in ten seconds', steps: asked(1_200_000, 0.09), firing: [] },
    { name: 'fires just above it', steps: asked(1_200_000, 0.12), firing: ['node 1'] },
    {
      name: 'resolves when the list was put right',
      steps: [...asked(900_000, 5), ...asked(600_000, 0, 4500)],
      firing: [],
    },
    {
      name: 'starts anew when the pageserver was restarted',
      steps: [...asked(600_000, 0, 100_000), ...asked(300_000, 0)],
      firing: [],
    },
    {
      name: 'says unknown of a pageserver that does not count them',
      steps: [{ forMs: 60_000, world: [misrouted(1, undefined)] }],
      firing: [],
      unknown: ['node 1'],
    },
    {
      name: 'says unknown of the one that cannot be read and judges the other',
      steps: eachLook(900_000, (atMs) => [
        failure('pageserver_metrics', 'pageserver2:9898', 'refused'),
        misrouted(1, atMs / 100),
      ]),
      firing: ['node 1'],
      unknown: ['node pageserver2:9898'],
    },
  ],
};
