import { z } from 'zod';
import { memberOf, metaOf, unwrap } from './meta.ts';

/** What stands in the place of a secret wherever settings are shown. */
const redacted = '<redacted>';

/** Whether the value of a schema, or any part of it, is a secret. */
export function holdsSecret(schema: z.core.$ZodType): boolean {
  if (metaOf(schema).secret) return true;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return Object.values(inner.shape).some(holdsSecret);
  if (inner instanceof z.ZodArray) return holdsSecret(inner.element);
  if (inner instanceof z.ZodRecord) return holdsSecret(inner.valueType);
  return false;
}

/** A copy of `value` in which every part that is not itself a map or list went through `change`, with its schema. */
export function mapParts(
  schema: z.core.$ZodType,
  value: unknown,
  change: (schema: z.core.$ZodType, part: unknown) => unknown,
): unknown {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item) => mapParts(inner.element, item, change));
  }
  if (inner instanceof z.ZodObject && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const parts = Object.entries(value).map(([key, part]) => {
      const partSchema = memberOf(inner, key);
      return [key, partSchema === undefined ? part : mapParts(partSchema, part, change)];
    });
    return Object.fromEntries(parts);
  }
  return change(schema, value);
}

/** `value` with every secret in it replaced by `<redacted>`; absent ones stay absent. */
export function redact(schema: z.core.$ZodType, value: unknown): unknown {
  return mapParts(schema, value, (part, partValue) =>
    partValue !== undefined && metaOf(part).secret ? redacted : partValue,
  );
}
