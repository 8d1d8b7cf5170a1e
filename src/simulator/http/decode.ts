import { JsonTextError, type Located, locateJson, placeOf } from './json-text.ts';

/** Takes a value as one type; `path` is where it stands in the body: `migration_config.prewarm`. */
export type Decoder<Value> = (located: Located, path: string) => Value;

type Decoded<Members extends Readonly<Record<string, Decoder<unknown>>>> = {
  readonly [Name in keyof Members]: Members[Name] extends Decoder<infer Value> ? Value : never;
};

/** What a body was found to be: the value, or the message Neon would answer with. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string };

/** Parses a request body; the message is worded as by serde_json with the path before it. */
export function parseBody<Value>(text: string, decoder: Decoder<Value>): Parsed<Value> {
  try {
    return { ok: true, value: decoder(locateJson(text), '') };
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    return {
      ok: false,
      message: `Failed to parse json request: ${error.message} at ${placeOf(text, error.at)}`,
    };
  }
}

function mistake(message: string, located: Located, path: string): JsonTextError {
  return new JsonTextError(path === '' ? message : `${path}: ${message}`, located.end);
}

/** `string "x"`, as serde names what it did not expect. */
function unexpected(located: Located): string {
  switch (located.kind) {
    case 'string':
      return `string ${JSON.stringify(located.value)}`;
    case 'number':
      return /^-?\d+$/.test(located.text)
        ? `integer \`${located.text}\``
        : `floating point \`${located.value}\``;
    case 'boolean':
      return `boolean \`${located.value}\``;
    default:
      return located.kind;
  }
}

function wrongType(located: Located, path: string, expected: string): JsonTextError {
  return mistake(`invalid type: ${unexpected(located)}, expected ${expected}`, located, path);
}

/** A whole number from 0 to `max`; `name` is Rust's type in messages. */
export function unsigned(name: string, max: number): Decoder<number> {
  return (located, path) => {
    if (located.kind !== 'number' || !/^-?\d+$/.test(located.text)) throw wrongType(located, path, name);
    if (located.value < 0 || located.value > max) {
      throw mistake(`invalid value: integer \`${located.text}\`, expected ${name}`, located, path);
    }
    return located.value;
  };
}

export const text: Decoder<string> = (located, path) => {
  if (located.kind !== 'string') throw wrongType(located, path, 'a string');
  return located.value;
};

export const flag: Decoder<boolean> = (located, path) => {
  if (located.kind !== 'boolean') throw wrongType(located, path, 'a boolean');
  return located.value;
};

/** A value nobody looks at. */
export const anything: Decoder<null> = () => null;

/** Absent and null are the same. */
export function nullable<Value>(decoder: Decoder<Value>): Decoder<Value | null> {
  return (located, path) => (located.kind === 'null' ? null : decoder(located, path));
}

/** One of a Rust enum's unit variants. */
export function variant<Name extends string>(...names: readonly Name[]): Decoder<Name> {
  const expected = names.map((name) => `\`${name}\``).join(', ');
  return (located, path) => {
    if (located.kind !== 'string') throw wrongType(located, path, 'variant identifier');
    const found = names.find((name) => name === located.value);
    if (found === undefined) {
      throw mistake(`unknown variant \`${located.value}\`, expected one of ${expected}`, located, path);
    }
    return found;
  };
}

export function sequence<Value>(decoder: Decoder<Value>): Decoder<readonly Value[]> {
  return (located, path) => {
    if (located.kind !== 'sequence') throw wrongType(located, path, 'a sequence');
    return located.items.map((item, at) => decoder(item, `${path}[${at}]`));
  };
}

/** Any keys, one kind of value. */
export function mapOf<Value>(decoder: Decoder<Value>): Decoder<Readonly<Record<string, Value>>> {
  return (located, path) => {
    if (located.kind !== 'map') throw wrongType(located, path, 'a map');
    return Object.fromEntries(located.entries.map(([key, value]) => [key, decoder(value, under(path, key))]));
  };
}

function under(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

interface StructOptions {
  readonly name: string;
  /** Keys that are refused unless they are members or here; without it unknown keys are passed over. */
  readonly onlyAlso?: ReadonlySet<string>;
}

/** A Rust struct: required members, and others that may be absent or null, and are then not in the value. */
export function struct<
  Required extends Readonly<Record<string, Decoder<unknown>>>,
  Optional extends Readonly<Record<string, Decoder<unknown>>>,
>(
  { name, onlyAlso }: StructOptions,
  required: Required,
  optional: Optional,
): Decoder<Decoded<Required> & Partial<Decoded<Optional>>> {
  return (located, path) => {
    if (located.kind !== 'map') throw wrongType(located, path, `struct ${name}`);
    const members: Record<string, unknown> = {};
    for (const [key, value] of located.entries) {
      const decoder = required[key] ?? optional[key];
      if (decoder === undefined) {
        if (onlyAlso === undefined || onlyAlso.has(key)) continue;
        throw mistake(`unknown field \`${key}\``, located, path);
      }
      if (value.kind === 'null' && required[key] === undefined) continue;
      members[key] = decoder(value, under(path, key));
    }
    const missing = Object.keys(required).find((key) => !Object.hasOwn(members, key));
    if (missing !== undefined) throw mistake(`missing field \`${missing}\``, located, path);
    return members as Decoded<Required> & Partial<Decoded<Optional>>;
  };
}
