/* Rows of counters in one order of columns: added and subtracted column by column, exactly. */

export function zeros(width: number): bigint[] {
  return new Array<bigint>(width).fill(0n);
}

export function add(sum: bigint[], counters: readonly bigint[]): void {
  counters.forEach((value, index) => {
    if (value !== 0n) sum[index] = (sum[index] ?? 0n) + value;
  });
}

export function plus(left: readonly bigint[], right: readonly bigint[]): readonly bigint[] {
  return left.map((value, index) => value + (right[index] ?? 0n));
}

export function minus(left: readonly bigint[], right: readonly bigint[]): readonly bigint[] {
  return left.map((value, index) => value - (right[index] ?? 0n));
}

export function sumOf(width: number, rows: Iterable<readonly bigint[]>): readonly bigint[] {
  const sum = zeros(width);
  for (const row of rows) add(sum, row);
  return sum;
}

export function sumOfNumbers(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
