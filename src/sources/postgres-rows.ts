import type { ZodType } from 'zod';
import { breatheBy } from '../breathe.ts';
import type { Clock } from '../clock.ts';
import { ShapeProblems } from './answer-shape.ts';

/** One row as Postgres printed it, by column name. */
export type PgRow = Readonly<Record<string, string | null>>;

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

/** As `checkRows` for an answer of any length: breathes. */
export async function checkManyRows<Row>(
  rows: readonly PgRow[],
  shape: ZodType<Row>,
  clock: Pick<Clock, 'monotonicMs'>,
): Promise<Row[]> {
  const steps = rowSteps(rows, shape);
  const breathe = breatheBy(clock);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await breathe();
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
