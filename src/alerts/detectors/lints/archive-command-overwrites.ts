import type { Detector } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import { computeSubject, psqlCommand } from '../compute/compute-facts.ts';
import { type Health, judgeRisk } from './risky-settings.ts';

function overwrites({ target, lastReadAtMs }: Health): Finding {
  const subject = computeSubject(target.name);
  return {
    subject,
    severity: 'warning',
    summary: `The archive_command of compute ${target.name} writes over a WAL file of the same name: a second server that archives to the same place destroys the backup without an error.`,
    evidence: [
      {
        what: 'archive_command',
        value: 'copies without a test whether the file is there',
        source: 'pg_settings, judged by the server itself',
        atMs: lastReadAtMs,
      },
    ],
    remedy: [
      {
        text: 'Test for the file first; this is the form with a folder, put in your own in place of /backup/wal.',
        command: `psql "$compute_dsn" -c "ALTER SYSTEM SET archive_command = 'test ! -f /backup/wal/%f && cp %p /backup/wal/%f'" -c 'SELECT pg_reload_conf()'`,
      },
      {
        text: 'Better, use a tool that was made for it: it syncs the file to disk before it says yes, and compares one that is there.',
      },
      {
        text: 'See that archiving goes on.',
        command: psqlCommand(
          subject,
          'SELECT last_archived_wal, last_archived_time, last_failed_wal, last_failed_time FROM pg_stat_archiver',
        ),
      },
    ],
    avoid: [
      {
        what: 'pointing two servers at one folder',
        why: 'their WAL files have the same names; a clone of this server begins with the same ones',
      },
    ],
  };
}

/** An archive command that writes over what is there. */
export const archiveCommandOverwrites: Detector = {
  id: 'archive_command_overwrites',
  alert: 'NeonArchiveCommandOverwrites',
  layer: 'compute',
  severity: 'warning',
  summary: 'The archive_command of a compute copies WAL without a test whether a file of that name is there.',
  classes: [],
  needs: ['compute_health'],
  hold: { forMs: 0, keepFiringMs: 60_000 },
  explainedBy: [],
  detect: (input) => judgeRisk(input, 'archive_command', overwrites),
};
