import { neurondbVersionSkew } from '../../../src/alerts/detectors/neurondb/neurondb-version-skew.ts';
import type { FindingCases } from '../finding-case.ts';
import { away, database, neurondb } from '../neurondb-world.ts';

const versions = (version: string, libraryVersion: string | undefined) =>
  database('app', { extension: { version, schema: 'public' }, libraryVersion });
const well = [neurondb([versions('3.0', '3.0-devel')])];
const behind = [neurondb([versions('1.0', '3.0-devel')])];

export const cases: FindingCases = {
  detector: neurondbVersionSkew,
  cases: [
    {
      name: 'does not fire where library and extension are of one release, though their texts differ',
      steps: [{ forMs: 900_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when the extension was not updated after its library',
      steps: [{ forMs: 330_000, world: behind }],
      firing: ['database main/app [extension_behind]'],
    },
    {
      name: 'does not fire within the five minutes that an update takes',
      steps: [{ forMs: 300_000, world: behind }],
      firing: [],
    },
    {
      name: 'fires when the server was not restarted after the extension',
      steps: [{ forMs: 330_000, world: [neurondb([versions('3.10', '3.9')])] }],
      firing: ['database main/app [library_behind]'],
    },
    {
      name: 'fires when the versions cannot be put in order',
      steps: [{ forMs: 330_000, world: [neurondb([versions('next', '3.0')])] }],
      firing: ['database main/app [different]'],
    },
    {
      name: 'names the one database of several that was forgotten',
      steps: [{ forMs: 330_000, world: [neurondb([database(), versions('1.0', '3.0')])] }],
      firing: ['database main/app [extension_behind]'],
    },
    {
      name: 'does not know where the library does not tell its version',
      steps: [
        {
          forMs: 330_000,
          world: [
            neurondb([versions('3.0', undefined)], {}, [
              { database: 'app', part: 'library_version', reason: 'failed' },
            ]),
          ],
        },
      ],
      firing: [],
      unknown: ['database main/app'],
    },
    {
      name: 'says nothing of a database without the extension',
      steps: [
        {
          forMs: 330_000,
          world: [neurondb([database('app', { extension: undefined, libraryVersion: undefined })])],
        },
      ],
      firing: [],
      unknown: [],
    },
    {
      name: 'goes on firing while the compute cannot be read',
      steps: [
        { forMs: 330_000, world: behind },
        { forMs: 900_000, world: away('neurondb') },
      ],
      firing: ['database main/app [extension_behind]'],
      unknown: ['*'],
      onlyDetector: 'series of a compute that is away vanish',
    },
    {
      name: 'resolves two minutes after the update',
      steps: [
        { forMs: 330_000, world: behind },
        { forMs: 180_000, world: well },
      ],
      firing: [],
    },
  ],
};
