import type { Detector } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import { computeSubject, psqlCommand } from '../compute/compute-facts.ts';
import { type Health, judgeRisk } from './risky-settings.ts';

function logsAll({ target, lastReadAtMs }: Health): Finding {
  const subject = computeSubject(target.name);
  return {
    subject,
    severity: 'warning',
    summary: `Compute ${target.name} writes the text of every statement into its log (log_statement = all): passwords of CREATE ROLE and data in constants are in there, and a busy server fills its disk.`,
    evidence: [{ what: 'log_statement', value: 'all', source: 'pg_settings', atMs: lastReadAtMs }],
    remedy: [
      {
        text: 'Log changes of the schema only.',
        command: `psql "$compute_dsn" -c "ALTER SYSTEM SET log_statement = 'ddl'" -c 'SELECT pg_reload_conf()'`,
      },
      {
        text: 'Slow statements are still logged by log_min_duration_statement, and pg_stat_statements counts them all without their constants.',
        command: psqlCommand(subject, 'SHOW log_min_duration_statement'),
      },
      {
        text: 'In a Neon compute ALTER SYSTEM is lost at the next start: change it in the spec of the compute, too. Then treat the logs written so far as secrets, and change passwords that were set meanwhile.',
      },
    ],
    avoid: [
      {
        what: 'log_min_duration_statement = 0 instead',
        why: 'it writes every statement as well',
      },
    ],
  };
}

/** A compute that logs the text of every statement. */
export const logStatementAll: Detector = {
  id: 'log_statement_all',
  alert: 'NeonLogStatementAll',
  layer: 'compute',
  severity: 'warning',
  summary: 'A compute writes the text of every statement into its log.',
  classes: [],
  needs: ['compute_health'],
  // Somebody who looks for a fault may have it on for a while.
  hold: { forMs: 900_000, keepFiringMs: 60_000 },
  explainedBy: [],
  detect: (input) => judgeRisk(input, 'log_statement', logsAll),
};
