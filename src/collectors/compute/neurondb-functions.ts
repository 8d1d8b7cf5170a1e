import { type ZodType, z } from 'zod';
import { count, int4, int8, text } from '../../sources/pg-values.ts';
import { type PartContext, readBatch } from './neurondb-batch.ts';
import { labelText } from './neurondb-labels.ts';
import type { FunctionName, Probe } from './neurondb-probe.ts';
import type { DatabaseFacts, NeurondbPart, ServerFacts } from './neurondb-reading.ts';

const bytesPerMb = 1_048_576n;

/** JSON in a text column. */
const json = text.transform((body, context) => {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    context.addIssue({ code: 'custom', message: 'expected JSON' });
    return z.NEVER;
  }
});

/** int8 travels as text inside the JSON, for a JSON number is a float. */
const Gpus = json.pipe(z.array(z.tuple([z.int(), z.string().nullable(), int8.nullable(), int8.nullable()])));
const Onnx = json.pipe(z.object({ available: z.boolean() }));
const EntrypointCacheStats = json.pipe(
  z.tuple([z.int().nonnegative(), z.int().nonnegative(), z.int().nonnegative()]),
);
const LlmCacheStats = json.pipe(
  z.object({
    valid_entries: z.int().nonnegative(),
    stale_entries: z.int().nonnegative(),
    ttl_seconds: z.number().nonnegative(),
  }),
);

/** jsonb with `version` in 1.0 and 3.0; should another give plain text, then that is it. */
const LibraryVersion = text.transform((answer) => {
  try {
    const parsed = z.object({ version: z.string() }).safeParse(JSON.parse(answer));
    return labelText(parsed.success ? parsed.data.version : answer);
  } catch {
    return labelText(answer);
  }
});

/** bool, or the 0 and 1 of an integer. */
const Truth = z
  .enum(['t', 'true', 'on', '1', 'f', 'false', 'off', '0'])
  .transform((answer) => ['t', 'true', 'on', '1'].includes(answer));

/** A part that is the answer of one function: an expression over its call that gives text, and its shape. */
function answerOf<Answer>(of: FunctionName, expression: (call: string) => string, shape: ZodType<Answer>) {
  return { of, expression, shape };
}

const whole = (call: string) => `(${call})::text`;

const serverParts = {
  gpu: answerOf(
    'neurondb_gpu_info',
    (call) =>
      `(SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(g.device_id, g.device_name, ` +
      `g.total_memory_mb::text, g.free_memory_mb::text)), '[]')::text FROM ${call} g WHERE g.is_available)`,
    Gpus,
  ),
  gpu_enabled: answerOf('gpu_enabled', whole, Truth),
  gpu_device_count: answerOf('gpu_device_count', whole, int4),
  llm_gpu: answerOf(
    'neurondb_llm_gpu_info',
    (call) => `(SELECT pg_catalog.count(*)::text FROM ${call} g WHERE g.is_available)`,
    count,
  ),
  onnx: answerOf('neurondb_onnx_info', whole, Onnx),
  entrypoint_cache: answerOf(
    'neurondb_entrypoint_cache_stats',
    (call) =>
      `(SELECT pg_catalog.json_build_array(c.max_entries, c.current_entries, c.valid_entries)::text FROM ${call} c)`,
    EntrypointCacheStats,
  ),
} as const;

const databaseParts = {
  library_version: answerOf('version', whole, LibraryVersion),
  llm_cache: answerOf('ndb_llm_cache_stats', whole, LlmCacheStats),
} as const;

const parts = { ...serverParts, ...databaseParts };
type FunctionPart = keyof typeof parts;
type AnswerOf<Part extends FunctionPart> = z.infer<(typeof parts)[Part]['shape']>;

export type FunctionServerFacts = Pick<
  ServerFacts,
  'gpus' | 'isGpuEnabled' | 'reportedGpus' | 'llmGpus' | 'hasOnnx' | 'entrypointCache'
>;
type FunctionDatabaseFacts = Pick<DatabaseFacts, 'libraryVersion' | 'llmCache'>;

const AnswerRow = z.object({ part: text, answer: text.nullable() });

/** The statement of every part whose function is there and allowed; the others are skipped. */
function statementsFor(
  wanted: readonly FunctionPart[],
  probe: Probe,
  skip: PartContext['skip'],
): ReadonlyMap<NeurondbPart, string> {
  const statements = new Map<NeurondbPart, string>();
  for (const part of wanted) {
    const { of, expression } = parts[part];
    const probed = probe.functions.get(of);
    if (probed === undefined) skip(part, 'no_object');
    else if (!probed.isAllowed) skip(part, 'no_privilege');
    else statements.set(part, `SELECT '${part}' AS part, ${expression(probed.call)} AS answer`);
  }
  return statements;
}

/**
 * Calls NeuronDB's functions that tell something true. What is one for the whole server is asked only while `known`
 * does not have it: another database would say the same.
 */
export async function readFunctions(
  context: PartContext,
  probe: Probe,
  known: FunctionServerFacts,
): Promise<{ readonly server: FunctionServerFacts; readonly database: FunctionDatabaseFacts }> {
  const stillWanted: Record<keyof typeof serverParts, boolean> = {
    gpu: known.gpus === undefined,
    gpu_enabled: known.isGpuEnabled === undefined,
    gpu_device_count: known.reportedGpus === undefined,
    llm_gpu: known.llmGpus === undefined,
    onnx: known.hasOnnx === undefined,
    entrypoint_cache: known.entrypointCache === undefined,
  };
  const wanted = (Object.keys(parts) as FunctionPart[]).filter(
    (part) => !(part in stillWanted) || stillWanted[part as keyof typeof serverParts],
  );
  const statements = statementsFor(wanted, probe, context.skip);
  const rows = await readBatch(context, statements, AnswerRow);

  const answer = <Part extends FunctionPart>(part: Part): AnswerOf<Part> | undefined => {
    const [row] = rows.get(part) ?? [];
    if (row === undefined) return undefined;
    const parsed = parts[part].shape.safeParse(row.answer);
    if (!parsed.success) context.skip(part, 'malformed');
    return parsed.success ? (parsed.data as AnswerOf<Part>) : undefined;
  };

  const cache = answer('entrypoint_cache');
  const llmCache = answer('llm_cache');
  return {
    server: {
      gpus:
        known.gpus ??
        answer('gpu')?.map(([deviceId, name, memoryMb, freeMb]) => ({
          deviceId,
          name: labelText(name ?? ''),
          memoryBytes: memoryMb === null ? undefined : memoryMb * bytesPerMb,
          freeMemoryBytes: freeMb === null ? undefined : freeMb * bytesPerMb,
        })),
      isGpuEnabled: known.isGpuEnabled ?? answer('gpu_enabled'),
      reportedGpus: known.reportedGpus ?? answer('gpu_device_count'),
      llmGpus: known.llmGpus ?? answer('llm_gpu'),
      hasOnnx: known.hasOnnx ?? answer('onnx')?.available,
      entrypointCache:
        known.entrypointCache ??
        (cache && { maxEntries: cache[0], entries: cache[1], validEntries: cache[2] }),
    },
    database: {
      libraryVersion: answer('library_version'),
      llmCache: llmCache && {
        validEntries: llmCache.valid_entries,
        staleEntries: llmCache.stale_entries,
        ttlSeconds: llmCache.ttl_seconds,
      },
    },
  };
}
