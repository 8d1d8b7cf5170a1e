import { neurondbUpdatePending } from '../../../src/alerts/detectors/neurondb/neurondb-update-pending.ts';
import type { FindingCases } from '../finding-case.ts';
import { database, neurondb } from '../neurondb-world.ts';

const installed = (version: string) =>
  database('app', { extension: { version, schema: 'public' }, libraryVersion: version });
const pending = [neurondb([installed('3.0')], { availableVersion: '3.1' })];
const well = [neurondb([installed('3.1')], { availableVersion: '3.1' })];

export const cases: FindingCases = {
  detector: neurondbUpdatePending,
  cases: [
    {
      name: 'does not fire where the database has what is on the disk',
      steps: [{ forMs: 1_200_000, world: well }],
      firing: [],
      unknown: [],
    },
    {
      name: 'fires when newer files lie on the disk',
      steps: [{ forMs: 630_000, world: pending }],
      firing: ['database main/app [newer]'],
    },
    {
      name: 'does not fire within the ten minutes that an update may take',
      steps: [{ forMs: 600_000, world: pending }],
      firing: [],
    },
    {
      name: 'fires when the files on the disk are older than what is installed',
      steps: [{ forMs: 630_000, world: [neurondb([installed('3.0')], { availableVersion: '1.0' })] }],
      firing: ['database main/app [older]'],
    },
    {
      name: 'fires when the release on the disk has a name and no number',
      steps: [{ forMs: 630_000, world: [neurondb([installed('3.0')], { availableVersion: 'next' })] }],
      firing: ['database main/app [different]'],
    },
    {
      name: 'does not know where there are no files on the disk',
      steps: [{ forMs: 630_000, world: [neurondb([installed('3.0')], { availableVersion: undefined })] }],
      firing: [],
      unknown: ['database main/app'],
    },
    {
      name: 'resolves when the database was updated',
      steps: [
        { forMs: 630_000, world: pending },
        { forMs: 180_000, world: well },
      ],
      firing: [],
    },
  ],
};
