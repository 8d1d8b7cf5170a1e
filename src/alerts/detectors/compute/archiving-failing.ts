import type { DetectInput, Detector, Json } from '../../detector.ts';
import type { Evidence, Finding, Subject } from '../../finding.ts';
import { psqlCommand } from './compute-facts.ts';
import { keptMemory } from './counter-window.ts';
import { figure, type PostgresObservation, partRows, perServer } from './postgres-server.ts';

/** A server that has WAL to archive tries again at least once a minute: after this long without a failure it has stopped. */
const forgetMs = 300_000;

/** What is remembered of the archiver of one server. */
interface Archiver {
  readonly archived: number;
  readonly failed: number;
  /** When its newest failure was seen, if nothing was archived since; 0 otherwise. */
  readonly failedAtMs: number;
}

type Memory = Readonly<Record<string, Json>>;

function remembered(memory: Json | undefined): Archiver | undefined {
  if (typeof memory !== 'object' || memory === null || Array.isArray(memory)) return undefined;
  const { archived, failed, failedAtMs } = memory as { readonly [key: string]: Json };
  if (typeof archived !== 'number' || typeof failed !== 'number' || typeof failedAtMs !== 'number')
    return undefined;
  return { archived, failed, failedAtMs };
}

/**
 * One reading further: a failure after the last success means that archiving fails. When both happened since the
 * reading before, their order is not known and the next reading decides. Counts that went down were reset.
 */
export function nextArchiver(
  before: Archiver | undefined,
  archived: number,
  failed: number,
  atMs: number,
): Archiver {
  if (before === undefined || archived < before.archived || failed < before.failed) {
    return { archived, failed, failedAtMs: 0 };
  }
  if (archived > before.archived) return { archived, failed, failedAtMs: 0 };
  if (failed > before.failed) return { archived, failed, failedAtMs: atMs };
  return atMs - before.failedAtMs > forgetMs ? { ...before, failedAtMs: 0 } : before;
}

function evidenceOf(row: Parameters<typeof figure>[0], server: PostgresObservation): Evidence[] {
  const age = figure(row, 'pg_stat_archiver_last_archive_age');
  const hasAge = age !== undefined && !Number.isNaN(age);
  const source = 'pg_stat_archiver';
  const atMs = server.lastReadAtMs;
  return [
    hasAge
      ? { what: 'last WAL file archived', value: Math.round(age), unit: 'seconds ago', source, atMs }
      : { what: 'last WAL file archived', value: 'never', source, atMs },
    {
      what: 'failed attempts',
      value: figure(row, 'pg_stat_archiver_failed_count') ?? 0,
      unit: 'attempts',
      source,
      atMs,
    },
  ];
}

function failing(subject: Subject, row: Parameters<typeof figure>[0], server: PostgresObservation): Finding {
  const name = subject.kind === 'compute' ? `compute ${subject.name}` : "the storage controller's database";
  return {
    subject,
    severity: 'critical',
    summary: `WAL archiving of ${name} fails: backups cannot be rolled forward past the last archived file, and WAL piles up until the disk is full.`,
    evidence: evidenceOf(row, server),
    remedy: [
      {
        text: 'See which file it cannot archive, and since when.',
        command: psqlCommand(
          subject,
          'SELECT last_archived_wal, last_archived_time, last_failed_wal, last_failed_time FROM pg_stat_archiver',
        ),
      },
      {
        text: 'Look in the server log for "archive command failed": it has the exit code, and what the command said. Usual causes are a full or absent target, rights that changed, and a file of that name that is there already.',
      },
      {
        text: 'Put the target right; the server tries again by itself within a minute. Then begin a new base backup if files are missing.',
      },
      {
        text: 'See how much WAL waits.',
        command: psqlCommand(
          subject,
          "SELECT count(*) AS files FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'",
        ),
      },
    ],
    avoid: [
      {
        what: 'setting archive_command to /bin/true to make it quiet',
        why: 'the server then throws the WAL away and believes it archived: every backup ends there',
      },
      {
        what: 'deleting files in pg_wal or its archive_status',
        why: 'the server needs them, and recovery does, too',
      },
      {
        what: 'overwriting the file that is in the way',
        why: 'if another server wrote it, that one loses its WAL; compare the two first',
      },
    ],
  };
}

/** A server whose archive command fails again and again. */
export const archivingFailing: Detector<Memory> = {
  id: 'archiving_failing',
  alert: 'NeonArchivingFailing',
  layer: 'compute',
  severity: 'critical',
  summary: 'The last attempts of a server to archive a WAL file have failed, and none succeeded since.',
  classes: [],
  needs: ['postgres'],
  hold: { forMs: 600_000, keepFiringMs: 60_000 },
  explainedBy: [],
  detect(input: DetectInput<Memory>) {
    const memory = keptMemory(input, 'postgres');
    const verdict = perServer(input, (server, subject) => {
      const rows = partRows(server, 'archiver');
      const missing = (what: string) => ({ unknown: [{ subject, missing: [what] }] });
      if (typeof rows === 'string') return missing(rows);
      const [row] = rows;
      const archived = row && figure(row, 'pg_stat_archiver_archived_count');
      const failed = row && figure(row, 'pg_stat_archiver_failed_count');
      if (row === undefined || archived === undefined || failed === undefined) {
        return missing(`postgres of ${server.target.name}: pg_stat_archiver`);
      }
      const before = remembered(input.memory?.[server.target.name]);
      const next = nextArchiver(before, archived, failed, server.lastReadAtMs);
      memory[server.target.name] = { ...next };
      return next.failedAtMs > 0 ? { findings: [failing(subject, row, server)] } : {};
    });
    return { ...verdict, memory };
  },
};
