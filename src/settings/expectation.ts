import { z } from 'zod';
import { metaOf, unwrap } from './meta.ts';

/** What a right value of this schema is, as it follows the word "expected": `a whole number from 1 to 5000`. */
export function expectationOf(schema: z.core.$ZodType): string {
  const { expects, example } = metaOf(schema);
  if (expects !== undefined) return expects;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return `one of ${inner.options.join(', ')}`;
  if (inner instanceof z.ZodBoolean) return 'true or false';
  if (inner instanceof z.ZodNumber) return `a whole number${rangeOf(inner)}`;
  if (inner instanceof z.ZodArray) return example === undefined ? 'a list' : `a list such as ${example}`;
  if (inner instanceof z.ZodObject) return `a map with the keys ${Object.keys(inner.shape).join(', ')}`;
  return 'text';
}

function rangeOf(schema: z.ZodNumber): string {
  const { minValue, maxValue } = schema;
  if (minValue === null) return '';
  if (maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER) return ` of at least ${minValue}`;
  return ` from ${minValue} to ${maxValue}`;
}

/** One or two words for tables: `duration`, `list of URLs`, `true or false`. */
export function typeWord(schema: z.core.$ZodType): string {
  const { word } = metaOf(schema);
  if (word !== undefined) return word;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return inner.options.join(', ');
  if (inner instanceof z.ZodBoolean) return 'true or false';
  if (inner instanceof z.ZodNumber) return `whole number${rangeOf(inner)}`;
  if (inner instanceof z.ZodArray) return `list of ${typeWord(inner.element)}s`;
  return inner instanceof z.ZodObject ? 'map' : 'text';
}
