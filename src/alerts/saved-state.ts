import { z } from 'zod';
import type { Json } from './detector.ts';
import { severities, subjectKinds } from './finding.ts';
import type { Alert, AlertState } from './lifecycle.ts';

/** Raised when the meaning of what is saved changes: another version is not read. */
const formatVersion = 1;

const instant = z.number().min(0).max(8.64e15);
const span = z.number().min(0).max(8.64e15);
const text = z.string().max(4000);

const Finding = z.object({
  subject: z.object({ kind: z.enum(subjectKinds), name: text }),
  severity: z.enum(severities),
  className: text.optional(),
  facts: z.record(text, text).optional(),
  summary: text,
  evidence: z.array(
    z.object({
      what: text,
      value: z.union([text, z.number()]),
      unit: text.optional(),
      source: text,
      atMs: instant.optional(),
    }),
  ),
  remedy: z.array(z.object({ text, command: z.string().max(20_000).optional() })),
  avoid: z.array(z.object({ what: text, why: text })),
  related: z.array(z.object({ kind: z.enum(subjectKinds), name: text })).optional(),
});

const SavedAlert = z.object({
  detectorId: text,
  finding: Finding,
  phase: z.enum(['pending', 'firing']),
  sinceMs: instant,
  firedAtMs: instant.optional(),
  knownMs: span,
  samples: z.int().nonnegative(),
  goneMs: span,
});

const Saved = z.object({
  version: z.literal(formatVersion),
  evaluatedAtMs: instant.optional(),
  alerts: z.array(z.tuple([text, SavedAlert])).max(1_000_000),
  flaps: z.array(z.tuple([text, z.array(instant)])).max(1_000_000),
  memories: z.record(text, z.json()),
});

/** What a process leaves for the next one. */
export interface SavedState {
  readonly state: AlertState;
  /** By detector id. */
  readonly memories: ReadonlyMap<string, Json>;
}

/**
 * One line of JSON in pieces, one an alert and one a memory: there may be thousands, and others are let run in between.
 * Joined they are the whole.
 */
export function* encodePieces({ state, memories }: SavedState): Generator<string> {
  const { evaluatedAtMs } = state;
  yield `{"version":${formatVersion},${evaluatedAtMs === undefined ? '' : `"evaluatedAtMs":${evaluatedAtMs},`}"alerts":[`;
  let comma = '';
  for (const [key, { lastSample: _, isFrozen: __, ...alert }] of state.alerts) {
    yield `${comma}${JSON.stringify([key, alert])}`;
    comma = ',';
  }
  yield `],"flaps":${JSON.stringify([...state.flaps])},"memories":{`;
  comma = '';
  for (const [id, memory] of memories) {
    yield `${comma}${JSON.stringify(id)}:${JSON.stringify(memory)}`;
    comma = ',';
  }
  yield '}}\n';
}

/** One line of JSON. */
export function encodeState(saved: SavedState): string {
  return [...encodePieces(saved)].join('');
}

/**
 * Reads what `encodeState` wrote. Every alert comes back frozen: the time in which nobody looked proves nothing.
 *
 * @returns the state, or in one phrase why it cannot be used
 */
export function decodeState(saved: string): SavedState | string {
  let json: unknown;
  try {
    json = JSON.parse(saved);
  } catch {
    return 'it is not JSON';
  }
  const result = Saved.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    return `it is not what this version writes (at ${issue?.path.join('.') || 'its root'})`;
  }
  const { alerts, flaps, memories, evaluatedAtMs } = result.data;
  const restored = alerts.map(([key, alert]) => {
    // zod's optional fields may be there as undefined, which says the same.
    const back = { ...alert, firedAtMs: alert.firedAtMs, lastSample: '', isFrozen: true } as Alert;
    return [key, back] as const;
  });
  return {
    state: { alerts: new Map(restored), flaps: new Map(flaps), evaluatedAtMs },
    memories: new Map(Object.entries(memories)),
  };
}
