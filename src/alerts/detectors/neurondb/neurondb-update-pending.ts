import { compareReleases } from '../../../neon/neurondb.ts';
import { type Detector, perTarget } from '../../detector.ts';
import type { Finding, Subject } from '../../finding.ts';
import {
  causes,
  computeOf,
  type DatabaseFacts,
  databaseText,
  eachDatabase,
  evidenceOf,
  missingPart,
  type NeurondbObservation,
  psql,
  step,
} from './neurondb-facts.ts';

type Pending = 'newer' | 'older' | 'different';

function pendingOf(installed: string, available: string): Pending | undefined {
  const order = compareReleases(installed, available);
  if (order === 0) return undefined;
  if (order === undefined) return 'different';
  return order < 0 ? 'newer' : 'older';
}

const meanings: Readonly<Record<Pending, string>> = {
  newer: 'the update is not finished in this database',
  older: 'a database that is made or restored there gets the older release',
  different: 'a database that is made or restored there gets another one than this',
};

function pending(
  { target, reading, lastReadAtMs }: NeurondbObservation,
  { database, extension, libraryVersion }: DatabaseFacts,
  subject: Subject,
  kind: Pending,
): Finding {
  const { availableVersion = '' } = reading.server;
  const installed = extension?.version ?? '';
  const paths =
    `SELECT source, target, path FROM pg_extension_update_paths('neurondb') ` +
    `WHERE source = (SELECT extversion FROM pg_extension WHERE extname = 'neurondb') AND path IS NOT NULL`;
  const look = step('See which updates the files on the disk allow.', psql(target, database, paths));
  return {
    subject,
    severity: 'info',
    className: kind,
    summary:
      `The ${databaseText(target.name, database)} has NeuronDB ${installed} while ${availableVersion} is on the ` +
      `server's disk: ${meanings[kind]}.`,
    evidence: [
      ...evidenceOf('pg_extension', lastReadAtMs, [['extension', installed]]),
      ...evidenceOf('pg_available_extensions', lastReadAtMs, [['on the server’s disk', availableVersion]]),
      ...evidenceOf('neurondb.version()', lastReadAtMs, [['library', libraryVersion ?? 'not known']]),
    ],
    remedy:
      kind === 'newer'
        ? [
            look,
            step('Make a dump of this database first.'),
            step('Restart the compute if the loaded library is older than the files on the disk.'),
            step('Update.', psql(target, database, 'ALTER EXTENSION neurondb UPDATE')),
          ]
        : [look, step(`Install the files of NeuronDB ${installed} on the server again.`)],
    avoid: [
      {
        what: 'UPDATE of pg_extension by hand',
        why: 'the number changes and the functions do not',
      },
      { what: 'DROP EXTENSION neurondb CASCADE', why: 'it drops every column of a vector type with it' },
    ],
    related: [computeOf(target.name)],
  };
}

/** The files on the server's disk would give another release than the database has. */
export const neurondbUpdatePending: Detector = {
  id: 'neurondb_update_pending',
  alert: 'NeuronDBUpdatePending',
  layer: 'neurondb',
  severity: 'info',
  summary: "A database has another release of NeuronDB than the files on its server's disk.",
  classes: ['newer', 'older', 'different'],
  needs: ['neurondb'],
  hold: { forMs: 600_000, samples: 2, keepFiringMs: 120_000 },
  // Where the library is newer as well, that is what hurts, and one command mends both.
  explainedBy: ['neurondb_version_skew', ...causes],
  detect(input) {
    return perTarget(input, 'neurondb', computeOf, (observation) =>
      eachDatabase(observation, (facts, subject) => {
        const { availableVersion } = observation.reading.server;
        if (availableVersion === undefined) {
          return { unknown: [{ subject, missing: [missingPart(observation, 'available_version')] }] };
        }
        const kind = facts.extension && pendingOf(facts.extension.version, availableVersion);
        return kind === undefined ? {} : { findings: [pending(observation, facts, subject, kind)] };
      }),
    );
  },
};
