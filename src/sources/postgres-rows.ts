import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ZodType } from 'zod';
import type { Clock } from '../clock.ts';
import { ShapeProblems } from './answer-shape.ts';

/** One row as Postgres printed it, by column name. */
export type PgRow = Readonly<Record<string, string | null>>;

/** Longest stretch of work between two turns of the event loop. */
const maxStretchMs = 8;
/** Reading the clock for every row would cost as much as the row. */
const rowsPerLook = 100;

/**
 * Passes every row through `shape`.
 *
 * @throws {SourceError} `malformed`, naming the first few wrong rows (from 0) and columns.
 */
export function checkRows<Row>(rows: readonly PgRow[], shape: ZodType<Row>): Row[] {
  const steps = rowSteps(rows, shape);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** As `checkRows` for an answer of any length: lets the event loop turn after every 8 ms of work. */
export async function checkManyRows<Row>(
  rows: readonly PgRow[],
  shape: ZodType<Row>,
  clock: Pick<Clock, 'monotonicMs'>,
): Promise<Row[]> {
  const steps = rowSteps(rows, shape);
  let stretchStartMs = clock.monotonicMs();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (clock.monotonicMs() - stretchStartMs < maxStretchMs) continue;
    await nextTurn();
    stretchStartMs = clock.monotonicMs();
  }
}

/** Yields after every hundred rows and returns all of them. */
function* rowSteps<Row>(rows: readonly PgRow[], shape: ZodType<Row>): Generator<void, Row[], void> {
  const problems = new ShapeProblems();
  const checked: Row[] = [];
  for (const [index, row] of rows.entries()) {
    const result = problems.check(row, shape, ['row', index]);
    if (result !== undefined) checked.push(result.output);
    if (index % rowsPerLook === rowsPerLook - 1) yield;
  }
  const failure = problems.failure();
  if (failure !== undefined) throw failure;
  return checked;
}
