/** `critical` pages, `warning` is for the next working day, `info` is worth knowing. */
export const severities = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

/**
 * The parts of the system in the order in which they depend on each other: what is wrong with an early one is the
 * likely cause of what is wrong with a later one. It is the order in which findings are shown.
 */
export const layers = [
  'database',
  'broker',
  'controller',
  'pageserver',
  'safekeeper',
  'hook',
  'compute',
  'neurondb',
] as const;
export type Layer = (typeof layers)[number];

/** What kind of thing a finding is about. A closed set: it is a metric label. */
export const subjectKinds = [
  'cluster',
  'controller',
  'controller_database',
  'broker',
  'node',
  'safekeeper',
  'tenant',
  'shard',
  'compute_hook',
  'compute',
  'database',
  'relation',
  'statement',
] as const;
export type SubjectKind = (typeof subjectKinds)[number];

/** What a finding is about, spelled as Neon and Postgres spell it. */
export interface Subject {
  readonly kind: SubjectKind;
  /**
   * Unique within its kind: node id `3`, shard id `2000…0002-0102`, compute name `main`; parts are joined by a slash:
   * `main/app` is a database, `main/app/public.items_idx` a relation. `cluster` has the name `cluster`.
   */
  readonly name: string;
}

/** One fact that the finding rests on. Never holds a secret, a query text or an error text of a server. */
export interface Evidence {
  /** `attached on node 3`, `connections in use`. */
  readonly what: string;
  readonly value: string | number;
  /** `shards`, `seconds`, `bytes`; absent for a word. */
  readonly unit?: string;
  /** The route, view or metric it was read from: `GET /control/v1/node`, `pg_settings`. */
  readonly source: string;
  /** When it was read, milliseconds since the epoch. */
  readonly atMs?: number;
}

/** One step of a remedy. A command is complete: real ids and addresses, nothing left to fill in but secrets. */
export interface Step {
  readonly text: string;
  readonly command?: string;
}

/** What somebody might do now and should not. */
export interface Avoid {
  readonly what: string;
  readonly why: string;
}

/** Something is wrong with a subject now: decided from one look at everything, before any waiting. */
export interface Finding {
  readonly subject: Subject;
  readonly severity: Severity;
  /** Which of the detector's closed set of classes; absent when it has only one. */
  readonly className?: string;
  /** More closed labels of the detector's own: `{serving: 'yes'}`. */
  readonly facts?: Readonly<Record<string, string>>;
  /** One sentence, with the subject in it, that says what is wrong and what that means. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  /** In the order in which to do them. */
  readonly remedy: readonly Step[];
  readonly avoid: readonly Avoid[];
  /** Subjects that this one depends on: a finding about one of them may explain this one. */
  readonly related?: readonly Subject[];
}

/** What could not be judged, and what is missing for it. */
export interface Unknown {
  /** Absent: nothing of the detector could be judged. */
  readonly subject?: Subject;
  /** Each says what is missing and why: `compute_settings of main: refused`. */
  readonly missing: readonly string[];
}

/** `node 3`, as sentences and keys have it. */
export function subjectText({ kind, name }: Subject): string {
  return kind === 'cluster' ? 'cluster' : `${kind} ${name}`;
}

export const cluster: Subject = { kind: 'cluster', name: 'cluster' };
