import { z } from 'zod';

declare module 'zod/v4/core' {
  /** What a setting says of itself beside its type. Everything shown to people about a setting is made from this. */
  interface GlobalMeta {
    /** What a right value looks like, as it follows the word "expected": `a duration such as 15s`. */
    expects?: string;
    /** One or two words for the type in tables: `duration`, `URL`. */
    word?: string;
    /** A right value in YAML, for the documents. */
    example?: string;
    /** Never printed: not in messages, not in `config print`, not in logs. */
    secret?: boolean;
    /** The path of a file: in a configuration file it is relative to that file. */
    filePath?: boolean;
    /** Of the value after validation. */
    unit?: 'ms' | 'bytes';
    /** Further environment variables that set it, weaker than its own. In an item of a list: they give a list of one. */
    env?: readonly string[];
    /** A short flag name beside the one made from its path. */
    flag?: string;
    /** The setting whose value is used when this one is absent. */
    fallback?: string;
  }
}

/** The schema below optional, default and prefault. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.unwrap());
  }
  return schema;
}

/** Metadata of a schema; what an outer wrapper says wins over what the primitive inside says. */
export function metaOf(schema: z.core.$ZodType): z.core.GlobalMeta {
  const own = z.globalRegistry.get(schema) ?? {};
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return { ...metaOf(schema.unwrap()), ...own };
  }
  return own;
}

/** The default as it would be written in the file (before decoding), undefined when there is none. */
export function defaultOf(schema: z.core.$ZodType): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.def.defaultValue;
  if (schema instanceof z.ZodOptional) return defaultOf(schema.unwrap());
  return undefined;
}

/** The schema of an object's key; undefined when the object has no such key of its own. */
export function memberOf(object: z.ZodObject, key: string): z.core.$ZodType | undefined {
  return Object.hasOwn(object.shape, key) ? object.shape[key] : undefined;
}

/** The schema of a part of a value, e.g. of `[0, 'dsn']` in a list of maps; undefined when there is no such part. */
export function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const inner = unwrap(schema);
  let next: z.core.$ZodType | undefined;
  if (inner instanceof z.ZodObject) next = memberOf(inner, String(key));
  if (inner instanceof z.ZodArray) next = inner.element;
  if (inner instanceof z.ZodRecord) next = inner.valueType;
  return next === undefined ? undefined : schemaAt(next, rest);
}
