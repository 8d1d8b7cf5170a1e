import { z } from 'zod';
import { expectationOf, typeWord } from './expectation.ts';
import { defaultOf, metaOf, unwrap } from './meta.ts';
import { holdsSecret } from './redact.ts';

/** How the text of an environment variable or flag becomes a value: as it stands, or read as YAML. */
type TextKind = 'boolean' | 'integer' | 'text' | 'yaml';

/** A further environment variable. With `itemKey` it gives a list of one: a map with that key. */
interface EnvAlias {
  readonly name: string;
  readonly itemKey?: string;
}

/** One setting, as its schema declares it: the source of flags, environment, documents and redaction. */
export interface Setting {
  /** Where it is in the file: `storageController.caFile`. */
  readonly path: string;
  readonly keys: readonly string[];
  /** Without dashes: `storage-controller.ca-file`. */
  readonly flag: string;
  readonly flagAlias: string | undefined;
  readonly env: string;
  readonly envAliases: readonly EnvAlias[];
  readonly textKind: TextKind;
  /** One or two words: `duration`, `list of URLs`. */
  readonly typeText: string;
  /** As it follows the word "expected". */
  readonly expects: string;
  /** Value before decoding, as it would be written in the file; undefined when there is none. */
  readonly default: unknown;
  /** The setting used in its place when absent. */
  readonly fallback: string | undefined;
  readonly description: string;
  readonly example: string | undefined;
  /** True when the value or a part of it is a secret. */
  readonly secret: boolean;
  readonly unit: 'ms' | 'bytes' | undefined;
  readonly schema: z.core.$ZodType;
}

/** The settings below one key of the root: `storageController`. */
interface Section {
  readonly path: string;
  readonly description: string;
}

/** Every setting of an object schema, in its order. Nested objects are sections; lists and maps are one setting each. */
export function settingsOf(schema: z.core.$ZodType, keys: readonly string[] = []): Setting[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([key, part]) => settingsOf(part, [...keys, key]));
  }
  return [describe(schema, keys)];
}

/** The sections of an object schema, in its order. */
export function sectionsOf(schema: z.core.$ZodType): Section[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape).map(([path, part]) => ({
    path,
    description: metaOf(part).description ?? '',
  }));
}

function describe(schema: z.core.$ZodType, keys: readonly string[]): Setting {
  const meta = metaOf(schema);
  return {
    path: keys.join('.'),
    keys,
    flag: keys.map((key) => words(key).join('-')).join('.'),
    flagAlias: meta.flag,
    env: `NEONWATCH_${keys.flatMap(words).join('_').toUpperCase()}`,
    envAliases: [...(meta.env ?? []).map((name) => ({ name })), ...itemAliases(schema)],
    textKind: textKindOf(schema),
    typeText: typeWord(schema),
    expects: expectationOf(schema),
    default: defaultOf(schema),
    fallback: meta.fallback,
    description: meta.description ?? '',
    example: meta.example,
    secret: holdsSecret(schema),
    unit: meta.unit,
    schema,
  };
}

/** `caFile` and `controller_health` as lower-case words. */
function words(key: string): string[] {
  return key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split('_');
}

function itemAliases(schema: z.core.$ZodType): EnvAlias[] {
  const list = unwrap(schema);
  if (!(list instanceof z.ZodArray)) return [];
  const item = unwrap(list.element);
  if (!(item instanceof z.ZodObject)) return [];
  return Object.entries(item.shape).flatMap(([itemKey, part]) =>
    (metaOf(part).env ?? []).map((name) => ({ name, itemKey })),
  );
}

function textKindOf(schema: z.core.$ZodType): TextKind {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodBoolean) return 'boolean';
  if (inner instanceof z.ZodNumber) return 'integer';
  if (inner instanceof z.ZodArray || inner instanceof z.ZodRecord) return 'yaml';
  return 'text';
}
