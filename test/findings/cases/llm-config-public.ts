import { llmConfigPublic } from '../../../src/alerts/detectors/neurondb/llm-config-public.ts';
import type { FindingCases } from '../finding-case.ts';
import { database, neurondb } from '../neurondb-world.ts';

const open = [neurondb([database('app', { isLlmConfigPublic: true }), database()])];
const closed = [neurondb([database('app'), database()])];

export const cases: FindingCases = {
  detector: llmConfigPublic,
  cases: [
    {
      name: 'does not fire where the table was closed',
      steps: [{ forMs: 300_000, world: closed }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires where everybody may read the key',
      steps: [{ forMs: 90_000, world: open }],
      firing: ['database main/app'],
    },
    {
      name: 'does not fire in the first minute, in which an installation closes it',
      steps: [{ forMs: 60_000, world: open }],
      firing: [],
    },
    {
      name: 'says nothing of a version that has no such table',
      steps: [
        {
          forMs: 300_000,
          world: [
            neurondb([database('app', { isLlmConfigPublic: undefined })], {}, [
              { database: 'app', part: 'llm_config', reason: 'no_object' },
            ]),
          ],
        },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'does not know of a database that could not be entered',
      steps: [
        {
          forMs: 300_000,
          world: [neurondb([database()], {}, [{ database: 'app', part: 'database', reason: 'timeout' }])],
        },
      ],
      firing: [],
      unknown: ['database main/app'],
    },
    {
      name: 'goes on firing while its database cannot be entered',
      steps: [
        { forMs: 90_000, world: open },
        {
          forMs: 300_000,
          world: [neurondb([database()], {}, [{ database: 'app', part: 'database', reason: 'timeout' }])],
        },
      ],
      firing: ['database main/app'],
      unknown: ['database main/app'],
      onlyDetector: 'series of a database that cannot be entered vanish',
    },
    {
      name: 'resolves when the grant is taken back',
      steps: [
        { forMs: 90_000, world: open },
        { forMs: 120_000, world: closed },
      ],
      firing: [],
    },
  ],
};
