import { stripeOrderHazard } from '../../../src/alerts/detectors/drift/stripe-order-hazard.ts';
import { computeOn, files, type Live, mainCompute } from '../drift-world.ts';
import type { FindingCases } from '../finding-case.ts';
import { caseStartMs, failure, reading, type World } from '../world.ts';

const minute = 60_000;
const misordered = files({ hasStripeOrderHazard: true });

/** Two shards, and files in which the stripe size stands last. */
function compute(changed: Partial<Live> = {}, entries: readonly (number | string)[] = [1, 2]): World {
  return [computeOn(entries, { files: misordered, stripeSizeBlocks: 32_768, ...changed })];
}

const firing = [`compute ${mainCompute}`];
const startedAtMs = caseStartMs - 86_400_000;

export const cases: FindingCases = {
  detector: stripeOrderHazard,
  cases: [
    {
      name: 'does not fire while the stripe size stands first',
      steps: [{ forMs: 5 * minute, world: compute({ files: files() }) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when it stands last and no load of the files was seen since',
      steps: [{ forMs: 2 * minute, world: compute() }],
      firing,
    },
    {
      name: 'fires when the files were loaded at the start only',
      steps: [{ forMs: 2 * minute, world: compute({ confLoadedAtMs: startedAtMs }) }],
      firing,
    },
    {
      name: 'does not fire after less than a minute',
      steps: [{ forMs: minute, world: compute() }],
      firing: [],
    },
    {
      name: 'fires at a minute',
      steps: [{ forMs: minute + 15_000, world: compute() }],
      firing,
    },
    {
      name: 'does not fire for the default stripe size that was there from the start',
      steps: [{ forMs: 5 * minute, world: compute({ confLoadedAtMs: startedAtMs, stripeSizeBlocks: 2048 }) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire for an unsharded tenant',
      steps: [{ forMs: 5 * minute, world: compute({}, [1]) }],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not fire when the same stripe size was loaded once more',
      steps: [
        { forMs: minute, world: compute({ files: files() }) },
        { forMs: 5 * minute, world: compute({ confLoadedAtMs: caseStartMs + minute }) },
      ],
      firing: [],
    },
    {
      name: 'resolves when the files are loaded once more',
      steps: [
        { forMs: 3 * minute, world: compute() },
        { forMs: 4 * minute, world: compute({ confLoadedAtMs: caseStartMs + 3 * minute }) },
      ],
      firing: [],
    },
    {
      name: 'fires again when the stripe size is set anew behind the connection string',
      steps: [
        { forMs: minute, world: compute() },
        { forMs: 2 * minute, world: compute({ confLoadedAtMs: caseStartMs + minute }) },
        {
          forMs: 2 * minute,
          world: compute({ confLoadedAtMs: caseStartMs + 3 * minute, stripeSizeBlocks: 65_536 }),
        },
      ],
      firing,
    },
    {
      name: 'does not take a start for a load of its own',
      steps: [
        { forMs: minute, world: compute() },
        {
          forMs: 2 * minute,
          world: compute({
            postmasterStartedAtMs: caseStartMs + minute,
            confLoadedAtMs: caseStartMs + minute,
          }),
        },
      ],
      firing,
    },
    {
      name: 'says nothing without the right to read pg_file_settings',
      steps: [{ forMs: 5 * minute, world: compute({ files: undefined }) }],
      firing: [],
      unknown: firing,
    },
    {
      name: 'says nothing of a compute that hides behind a pooler',
      steps: [{ forMs: 5 * minute, world: [reading('compute_settings', mainCompute, { live: undefined })] }],
      firing: [],
      unknown: firing,
    },
    {
      name: 'goes on firing while the compute cannot be read',
      steps: [
        { forMs: 2 * minute, world: compute() },
        {
          forMs: 10 * minute,
          world: [failure('compute_settings', mainCompute, 'timeout'), computeOn([3], {}, 'other')],
        },
      ],
      firing,
      unknown: firing,
    },
  ],
};
