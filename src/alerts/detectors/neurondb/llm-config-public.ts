import { type Detector, perTarget } from '../../detector.ts';
import type { Finding, Subject } from '../../finding.ts';
import {
  causes,
  computeOf,
  databaseText,
  eachDatabase,
  evidenceOf,
  missingPart,
  type NeurondbObservation,
  psql,
  step,
} from './neurondb-facts.ts';

function exposed({ target, lastReadAtMs }: NeurondbObservation, database: string, subject: Subject): Finding {
  return {
    subject,
    severity: 'warning',
    summary:
      `In ${databaseText(target.name, database)} everybody who can connect may read neurondb.llm_config: ` +
      `the API key of the language model's service in it is no secret.`,
    evidence: evidenceOf('pg_class.relacl of neurondb.llm_config', lastReadAtMs, [
      ['readable by PUBLIC', 'yes'],
    ]),
    remedy: [
      step('Close the table.', psql(target, database, 'REVOKE ALL ON neurondb.llm_config FROM PUBLIC')),
      step(
        'Close the function that reads it.',
        psql(target, database, 'REVOKE EXECUTE ON FUNCTION neurondb.get_llm_config() FROM PUBLIC'),
      ),
      step('Grant SELECT on the table, by name, to the roles that call the language model.'),
      step('If a key is stored, have the service issue another one: this one may have been read.'),
    ],
    avoid: [
      {
        what: 'SELECT * FROM neurondb.get_llm_config()',
        why: 'it prints the API key to your terminal and logs',
      },
      {
        what: 'taking the finding as settled for good',
        why: 'CREATE EXTENSION and ALTER EXTENSION neurondb UPDATE may open the table again',
      },
    ],
    related: [computeOf(target.name)],
  };
}

/** The table with the API key is readable by everybody, as NeuronDB installs it. */
export const llmConfigPublic: Detector = {
  id: 'llm_config_public',
  alert: 'NeuronDBLlmConfigPublic',
  layer: 'neurondb',
  severity: 'warning',
  summary: 'Everybody who can connect may read the API key in `neurondb.llm_config`.',
  classes: [],
  needs: ['neurondb'],
  hold: { forMs: 60_000, samples: 2, keepFiringMs: 60_000 },
  explainedBy: causes,
  detect(input) {
    return perTarget(input, 'neurondb', computeOf, (observation) =>
      eachDatabase(observation, ({ database, isLlmConfigPublic }, subject) => {
        if (isLlmConfigPublic === true) return { findings: [exposed(observation, database, subject)] };
        if (isLlmConfigPublic === false) return {};
        const { skips } = observation.reading;
        // A version without the table has nothing to read.
        const hasNone = skips.some(
          (skip) => skip.part === 'llm_config' && skip.database === database && skip.reason === 'no_object',
        );
        if (hasNone) return {};
        return { unknown: [{ subject, missing: [missingPart(observation, 'llm_config', database)] }] };
      }),
    );
  },
};
