/** Bytes of the memory units that Postgres knows (`memory_unit_conversion_table`); case counts. */
const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
};

const maxInt = 2 ** 31 - 1;
const valuePattern =
  /^\s*([+-]?(?:0x[0-9a-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?))\s*([a-z]*)\s*$/i;

/**
 * Reads a setting that Postgres counts in blocks (`GUC_UNIT_BLOCKS`), as `SHOW` or a configuration file has it: `16MB`
 * is 2048 blocks of 8 kB, a bare number is blocks already. Rounds as Postgres does.
 *
 * @returns blocks, or undefined when Postgres would refuse the text
 */
export function parseBlocks(text: string, blockBytes = 8192): number | undefined {
  const match = valuePattern.exec(text);
  const number = match?.[1];
  if (number === undefined) return undefined;
  const bytes = match?.[2] === '' ? blockBytes : unitBytes[match?.[2] ?? ''];
  if (bytes === undefined) return undefined;
  const value = readNumber(number);
  const blocks = roundHalfToEven((value * bytes) / blockBytes);
  return Number.isFinite(blocks) && Math.abs(blocks) <= maxInt ? blocks : undefined;
}

/** As `strtol` with base 0: `0x10` is 16, and a leading zero means octal. */
function readNumber(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[+-]/, '');
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8);
  return sign * Number(digits);
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
