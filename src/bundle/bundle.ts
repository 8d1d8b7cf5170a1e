import { z } from 'zod';
import type { Look } from '../alerts/detector.ts';
import type { HostFacts } from '../collection/host-families.ts';
import type { Observation, Readings } from '../collection/store.ts';
import type { CollectorName, ReadingOf } from '../collectors/registry.ts';
import { failureReasons, SourceError } from '../errors.ts';
import type { NodeLocations } from '../neon/location.ts';
import { decodeTagged, encodeTagged } from './tagged-json.ts';

/** Raised when what is written changes its meaning: another version is not read. */
export const bundleVersion = 1;

/** One look at everything, as detectors saw it. */
export interface RecordedLook {
  readonly nowMs: number;
  readonly observations: readonly (Observation<unknown> & { readonly collector: string })[];
  readonly looks: readonly Look[];
}

/** What goes with the looks: what they are judged by. */
export interface Manifest {
  readonly bundle: typeof bundleVersion;
  readonly neonwatch: string;
  /** ISO 8601. */
  readonly recordedAt: string;
  /** Section `findings` of the configuration, as it was in force; it holds no secret. */
  readonly findings: unknown;
  readonly addresses: Readonly<Record<string, string>>;
  readonly hosts: readonly HostFacts[];
  /** Files of the looks, in order. */
  readonly looks: readonly string[];
}

const Manifest = z.object({
  bundle: z.literal(bundleVersion),
  neonwatch: z.string(),
  recordedAt: z.string(),
  findings: z.unknown(),
  addresses: z.record(z.string(), z.string()),
  hosts: z.array(z.unknown()),
  looks: z
    .array(z.string().regex(/^look-\d{1,3}\.json$/))
    .min(1)
    .max(100),
});

/** The manifest as it is written: with line breaks, for people. */
export function encodeManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** @returns the manifest, or why the text is none */
export function decodeManifest(text: string): Manifest | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  const result = Manifest.safeParse(json);
  if (!result.success) return 'it is not what `neonwatch record` of this version writes';
  return { ...result.data, hosts: result.data.hosts as readonly HostFacts[] };
}

/** What findings tell failures apart by: full and refused, silent and away. */
function told({ reason, message, status, sqlState, isConnected }: SourceError) {
  return { reason, message, status, sqlState, isConnected };
}

/** Everything that is fresh, and how every look went. Only facts: what readers have parsed, never an answer as it came. */
export function encodeLook(readings: Readings, looks: readonly Look[], nowMs: number): string {
  const names = [...new Set(looks.map(({ collector }) => collector))] as CollectorName[];
  const observations = names.flatMap((collector) =>
    readings.all(collector).map((observation) => ({ collector, ...observation })),
  );
  const plain = looks.map((look) => ({
    collector: look.collector,
    target: look.target,
    up: look.up,
    lastSuccessAtMs: look.lastSuccessAtMs,
    durationMs: look.durationMs,
    skippedParts: look.skippedParts,
    skipped: look.skipped,
    lastError: look.lastError && told(look.lastError),
  }));
  return `${encodeTagged({ nowMs, observations, looks: plain })}\n`;
}

const Target = z.object({ kind: z.string(), name: z.string(), url: z.string() }).loose();
const Told = z.object({
  reason: z.enum(failureReasons),
  message: z.string(),
  status: z.int().optional(),
  sqlState: z.string().optional(),
  isConnected: z.boolean().optional(),
});
const LookFile = z.object({
  nowMs: z.number(),
  observations: z.array(
    z.object({
      collector: z.string(),
      target: Target,
      reading: z.unknown(),
      firstReadAtMs: z.number(),
      lastReadAtMs: z.number(),
      version: z.int(),
    }),
  ),
  looks: z.array(
    z.object({
      collector: z.string(),
      target: Target,
      up: z.boolean().optional(),
      lastSuccessAtMs: z.number().optional(),
      durationMs: z.number().optional(),
      skippedParts: z.array(z.object({ part: z.string(), reason: z.string() })),
      skipped: z.instanceof(Map),
      lastError: Told.optional(),
    }),
  ),
});

function errorOf({ reason, message, status, sqlState, isConnected }: z.infer<typeof Told>): SourceError {
  const details = {
    ...(status === undefined ? {} : { status }),
    ...(sqlState === undefined ? {} : { sqlState }),
    isConnected,
  };
  return new SourceError(reason, message, details);
}

/**
 * Reads one look back. Its readings are taken as they are: a file that was changed by hand makes findings unknown, at
 * worst.
 *
 * @returns the look, or why the text is none
 */
export function decodeLook(text: string): RecordedLook | string {
  let value: unknown;
  try {
    value = decodeTagged(text);
  } catch (error) {
    return `it cannot be read (${error instanceof SyntaxError ? 'not the JSON of a look' : 'unknown'})`;
  }
  const result = LookFile.safeParse(value);
  if (!result.success) return 'it is not a look that `neonwatch record` wrote';
  const { nowMs, observations, looks } = result.data;
  return {
    nowMs,
    // Which kinds of targets there are is checked by nobody again: detectors compare them, no more.
    observations: observations as unknown as RecordedLook['observations'],
    looks: looks.map(({ lastError, ...look }) => ({
      ...look,
      lastError: lastError && errorOf(lastError),
    })) as unknown as readonly Look[],
  };
}

/** Readings as the store would give them. */
export function recordedReadings({ observations }: RecordedLook): Readings {
  const all = <Name extends CollectorName>(name: Name) =>
    observations.filter(({ collector }) => collector === name) as unknown as Observation<ReadingOf<Name>>[];
  return {
    one: (name) => all(name)[0],
    all,
    locations() {
      const byNode = new Map<number, NodeLocations>();
      for (const { reading } of all('pageserver_locations')) {
        if (!byNode.has(reading.nodeId)) byNode.set(reading.nodeId, reading);
      }
      return [...byNode.values()];
    },
  };
}
