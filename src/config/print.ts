import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { redact } from '../settings/redact.ts';
import type { LoadedConfig } from './load.ts';
import { ConfigSchema, settings } from './schema.ts';

/**
 * The effective configuration as YAML that loads again, one setting a line with where it comes from in a comment.
 * Secrets are `<redacted>`; settings without a value are left out.
 */
export function printConfig({ config, places }: LoadedConfig): string {
  const encoded: unknown = redact(ConfigSchema, z.encode(ConfigSchema, config));
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const { keys, path } of settings) {
    const value = valueAt(encoded, keys);
    if (value === undefined) continue;
    const sections = keys.slice(0, -1);
    const shared = sections.findIndex((key, depth) => open[depth] !== key);
    if (shared >= 0) {
      lines.push(...sections.slice(shared).map((key, depth) => `${'  '.repeat(shared + depth)}${key}:`));
    }
    open = sections;
    // A comment ends with its line, whatever the file is called.
    const origin = (places.get(path) ?? 'default').replaceAll(/\s+/g, ' ');
    lines.push(`${'  '.repeat(sections.length)}${keys.at(-1)}: ${oneLine(value)} # ${origin}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A value on one line: plain where YAML reads it back as it was, else as JSON, which is YAML too. */
export function oneLine(value: unknown): string {
  const json = JSON.stringify(value);
  if (typeof value !== 'string') return json;
  const plain = stringify(value, { lineWidth: 0, blockQuote: false }).trimEnd();
  return parse(plain) === value && !plain.includes('\n') ? plain : json;
}

function valueAt(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (part, key) => (typeof part === 'object' && part !== null ? Reflect.get(part, key) : undefined),
    value,
  );
}
