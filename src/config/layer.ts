import { parseDocument } from 'yaml';
import type { Setting } from '../settings/describe.ts';

/** Where settings come from, weakest first. */
export type LayerName = 'default' | 'file' | 'environment' | 'flag';

/** One value that one place gives to one setting, not yet validated. */
export interface Assignment {
  readonly setting: Setting;
  readonly value: unknown;
  readonly layer: Exclude<LayerName, 'default'>;
  /** For people: `neonwatch.yaml:3:5`, `environment storcon_api`, `flag --listen`. */
  readonly place: string;
  /** How a problem line begins that is about the value, or the part of it at `inner`. */
  readonly prefix: (inner: readonly PropertyKey[]) => string;
}

/** What one layer says, and what in it could not be understood. */
export interface Layer {
  readonly assignments: readonly Assignment[];
  readonly problems: readonly string[];
}

/** Longest key that a message repeats. */
const maxKeyLength = 60;

/** `computes` and `[0, 'dsn']` as `computes[0].dsn`; a key that is no plain word as `addresses["a:1"]`. */
export function pathText(base: string, inner: readonly PropertyKey[]): string {
  return inner.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const name = String(key);
    if (!/^[\w-]{1,60}$/.test(name)) return `${text}[${JSON.stringify(name.slice(0, maxKeyLength))}]`;
    return text === '' || text.endsWith(' ') ? `${text}${name}` : `${text}.${name}`;
  }, base);
}

/** An assignment from a place that has a name but no lines: an environment variable or a flag. */
export function namedAssignment(
  setting: Setting,
  value: unknown,
  layer: 'environment' | 'flag',
  name: string,
): Assignment {
  const place = `${layer} ${name}`;
  return {
    setting,
    value,
    layer,
    place,
    prefix: (inner) => pathText(inner.length ? `${place} ` : place, inner),
  };
}

/** Thrown by `valueOfText` when a list or map is no YAML. Its message never repeats the text. */
export class UnreadableText extends Error {
  override readonly name = 'UnreadableText';
}

/**
 * The value that the text of an environment variable or flag stands for. A text that is no boolean or whole number
 * stays a text: validation says what was expected.
 *
 * @throws {UnreadableText} when a list or map is no YAML.
 */
export function valueOfText(setting: Setting, text: string): unknown {
  switch (setting.textKind) {
    case 'text':
      return text;
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : text);
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case 'yaml':
      return yamlValue(setting, text);
  }
}

function yamlValue(setting: Setting, text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
  if (document.errors.length + document.warnings.length > 0) {
    throw new UnreadableText(`expected ${setting.expects} (YAML on one line), got a text that is none`);
  }
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new UnreadableText(`expected ${setting.expects} without YAML aliases`);
  }
}
