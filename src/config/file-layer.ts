import { dirname, isAbsolute, join } from 'node:path';
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { Setting } from '../settings/describe.ts';
import { memberOf, metaOf, unwrap } from '../settings/meta.ts';
import { nearest } from '../settings/nearest.ts';
import { mapParts } from '../settings/redact.ts';
import { looksLikeSecret } from '../settings/secret.ts';
import { found } from './check-value.ts';
import { type Assignment, type Layer, pathText } from './layer.ts';
import { ConfigSchema, settings } from './schema.ts';
import { yamlFlaw } from './yaml-flaws.ts';

/** A configuration has some hundred lines; more than this is another file. */
const maxFileCharacters = 1_048_576;
/** References that anchors may be used for, so that a few lines cannot unfold into gigabytes. */
const maxAliasCount = 100;

const settingByPath = new Map(settings.map((setting) => [setting.path, setting]));

/** A file while it is walked: its plain value is checked, its nodes give the lines. */
interface Walk {
  readonly fileName: string;
  readonly place: (keys: readonly PropertyKey[]) => string;
  readonly assignments: Assignment[];
  readonly problems: string[];
}

/** Reads the text of a configuration file. `fileName` as people gave it: it begins every problem line. */
export function readFileLayer(fileName: string, text: string): Layer {
  if (text.length > maxFileCharacters) {
    return {
      assignments: [],
      problems: [`${fileName}: more than 1 MiB; is it a configuration of neonwatch?`],
    };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const flaws = [...document.errors, ...document.warnings];
  if (flaws.length > 0) {
    return {
      assignments: [],
      problems: flaws.map((flaw) => `${placeAt(fileName, lines, flaw.pos[0])}: ${yamlFlaw(flaw.code)}`),
    };
  }
  let root: unknown;
  try {
    root = document.toJS({ maxAliasCount }) ?? {};
  } catch {
    return {
      assignments: [],
      problems: [`${fileName}: its aliases (*name) unfold to too much, or into themselves`],
    };
  }
  const place = (keys: readonly PropertyKey[]) => placeAt(fileName, lines, offsetOf(document, keys));
  const walk: Walk = { fileName, place, assignments: [], problems: [] };
  walkSection(walk, ConfigSchema, [], root);
  return walk;
}

function placeAt(fileName: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${fileName}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
}

function walkSection(walk: Walk, schema: z.core.$ZodType, keys: readonly string[], value: unknown): void {
  const section = unwrap(schema);
  if (!(section instanceof z.ZodObject)) {
    const setting = settingByPath.get(keys.join('.'));
    if (setting !== undefined) walk.assignments.push(assign(walk, setting, value));
    return;
  }
  if (value === null) return; // `log:` with every line under it commented out
  const known = Object.keys(section.shape);
  if (typeof value !== 'object' || Array.isArray(value)) {
    const where = keys.length === 0 ? walk.place(keys) : `${walk.place(keys)} ${keys.join('.')}`;
    walk.problems.push(
      `${where}: expected a map with the keys ${known.join(', ')}, got ${found(value, true)}`,
    );
    return;
  }
  for (const [key, part] of Object.entries(value)) {
    const path = [...keys, key];
    const member = memberOf(section, key);
    if (member !== undefined) walkSection(walk, member, path, part);
    else
      walk.problems.push(
        `${walk.place(path)} ${pathText(keys.join('.'), [key])}: unknown key; ${remedy(key, known)}`,
      );
  }
}

/** The nearest key here, else a setting elsewhere whose name ends so, else what is known here. */
function remedy(key: string, known: readonly string[]): string {
  const here = nearest(key, known);
  if (here !== undefined) return `did you mean "${here}"?`;
  const elsewhere = settings.find((setting) => setting.keys.at(-1) === key);
  return elsewhere === undefined ? `known here: ${known.join(', ')}` : `did you mean "${elsewhere.path}"?`;
}

function assign(walk: Walk, setting: Setting, value: unknown): Assignment {
  return {
    setting,
    value: resolveFilePaths(setting, value, dirname(walk.fileName)),
    layer: 'file',
    place: walk.place(setting.keys),
    prefix: (inner) => `${walk.place([...setting.keys, ...inner])} ${pathText(setting.path, inner)}`,
  };
}

/** A relative path in the file is relative to the file's folder, so that it holds wherever neonwatch is started. */
function resolveFilePaths(setting: Setting, value: unknown, folder: string): unknown {
  return mapParts(setting.schema, value, (schema, part) =>
    typeof part === 'string' && isRelativePath(part) && metaOf(schema).filePath ? join(folder, part) : part,
  );
}

function isRelativePath(text: string): boolean {
  return text !== '' && !isAbsolute(text) && !looksLikeSecret(text);
}

/** Where in the text the key or list item at `keys` begins; the last one found when the rest is not in the file. */
function offsetOf(document: Document, keys: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const key of keys) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => (isScalar(item.key) ? String(item.key.value) : undefined) === String(key),
      );
      offset = startOf(pair?.key) ?? offset;
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
