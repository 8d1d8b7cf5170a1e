import { compareReleases } from '../../../neon/neurondb.ts';
import { type Detector, perTarget } from '../../detector.ts';
import type { Finding, Step, Subject } from '../../finding.ts';
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

const update = 'ALTER EXTENSION neurondb UPDATE';

type Skew = 'extension_behind' | 'library_behind' | 'different';

function skewOf(installed: string, library: string): Skew | undefined {
  const order = compareReleases(installed, library);
  if (order === 0) return undefined;
  if (order === undefined) return 'different';
  return order < 0 ? 'extension_behind' : 'library_behind';
}

function remedyFor(
  skew: Skew,
  look: Step,
  { target }: NeurondbObservation,
  database: string,
): readonly Step[] {
  if (skew === 'library_behind') {
    return [
      look,
      step('Restart the compute, so that it loads the library that is on its disk.'),
      step('Look again. If it is still the older one, install the library of the extension’s release.'),
    ];
  }
  return [
    look,
    step('Bring the SQL objects to the release of the library.', psql(target, database, update)),
    step(
      'Close the table with the API key again: an update may open it to everybody.',
      psql(target, database, 'REVOKE ALL ON neurondb.llm_config FROM PUBLIC'),
    ),
  ];
}

function skewed(
  observation: NeurondbObservation,
  facts: DatabaseFacts,
  subject: Subject,
  skew: Skew,
): Finding {
  const { target, lastReadAtMs } = observation;
  const { database, extension, libraryVersion } = facts;
  const both = "SELECT extversion, neurondb.version() FROM pg_extension WHERE extname = 'neurondb'";
  return {
    subject,
    severity: 'warning',
    className: skew,
    summary:
      `In ${databaseText(target.name, database)} the extension is NeuronDB ${extension?.version} and the library ` +
      `is ${libraryVersion}: functions that only one of the two releases has fail when they are called.`,
    evidence: [
      ...evidenceOf('pg_extension', lastReadAtMs, [['extension', extension?.version ?? '']]),
      ...evidenceOf('neurondb.version()', lastReadAtMs, [['library', libraryVersion ?? '']]),
      ...evidenceOf('pg_available_extensions', lastReadAtMs, [
        ['on the server’s disk', observation.reading.server.availableVersion ?? 'not there'],
      ]),
    ],
    remedy: remedyFor(skew, step('See both versions.', psql(target, database, both)), observation, database),
    avoid: [
      {
        what: 'DROP EXTENSION neurondb CASCADE',
        why: 'it drops every column of a vector type and every vector index with it',
      },
    ],
    related: [computeOf(target.name)],
  };
}

/** The SQL objects of a database are of another release than the library that the server has loaded. */
export const neurondbVersionSkew: Detector = {
  id: 'neurondb_version_skew',
  alert: 'NeuronDBVersionSkew',
  layer: 'neurondb',
  severity: 'warning',
  summary:
    'The extension of a database and the library that the server has loaded are of different releases.',
  classes: ['extension_behind', 'library_behind', 'different'],
  needs: ['neurondb'],
  // An update is two steps, and a restart is between them.
  hold: { forMs: 300_000, samples: 2, keepFiringMs: 120_000 },
  explainedBy: causes,
  detect(input) {
    return perTarget(input, 'neurondb', computeOf, (observation) =>
      eachDatabase(observation, (facts, subject) => {
        const { database, extension, libraryVersion } = facts;
        if (extension === undefined || libraryVersion === undefined) {
          return { unknown: [{ subject, missing: [missingPart(observation, 'library_version', database)] }] };
        }
        const skew = skewOf(extension.version, libraryVersion);
        return skew === undefined ? {} : { findings: [skewed(observation, facts, subject, skew)] };
      }),
    );
  },
};
