import { fencedBlocks } from './markdown.ts';

/** One command of an operations document, with the line of the document on which it begins. */
export interface RunbookCommand {
  readonly line: number;
  /** Heading that it stands under. */
  readonly section: string;
  /** As written, lines and all, without comments before it. */
  readonly command: string;
}

const sqlVerb = /^(ALTER|CREATE|SELECT|SET)\b/;
const settingLine = /^[a-z_]+ = /;

/** Commands are the same when they differ in white space and in line ends only. */
export function sameSpacing(command: string): string {
  return command.replaceAll('\\\n', ' ').replaceAll(/\s+/g, ' ').trim();
}

/**
 * Takes a fenced block apart into commands: a loop, a here-document and a quoted text of several lines stay whole; a
 * statement of SQL ends with its semicolon; a line of a configuration file is a command of its own.
 *
 * @throws when the block ends in the middle of one
 */
export function splitCommands(text: string): { readonly at: number; readonly command: string }[] {
  const commands: { at: number; command: string }[] = [];
  let open: { at: number; lines: string[] } | undefined;
  for (const [at, line] of text.split('\n').entries()) {
    if (open === undefined && /^\s*(#|--|$)/.test(line)) continue;
    open ??= { at, lines: [] };
    open.lines.push(line.trimEnd());
    const command = open.lines.join('\n');
    if (!isWhole(command)) continue;
    commands.push({ at: open.at, command });
    open = undefined;
  }
  if (open !== undefined) throw new Error(`a command that begins with ${open.lines[0]} has no end`);
  return commands;
}

function isWhole(command: string): boolean {
  if (settingLine.test(command)) return true;
  if (sqlVerb.test(command)) return /;\s*(--[^\n]*)?$/.test(command);
  const [, mark] = /<<(\w+)/.exec(command) ?? [];
  if (mark !== undefined) return command.endsWith(`\n${mark}`);
  return !command.endsWith('\\') && !isInsideQuotes(command) && loopDepth(command) === 0;
}

function isInsideQuotes(command: string): boolean {
  let quote = '';
  for (let at = 0; at < command.length; at += 1) {
    const char = command[at] ?? '';
    if (char === '\\' && quote !== "'") at += 1;
    else if (quote === '' && (char === "'" || char === '"')) quote = char;
    else if (char === quote) quote = '';
  }
  return quote !== '';
}

function loopDepth(command: string): number {
  const begins = command.match(/;\s*do$/gm)?.length ?? 0;
  const ends = command.match(/^\s*done$/gm)?.length ?? 0;
  return begins - ends;
}

/** Every command in the fenced blocks of a document, in order. */
export function commandsOfDocument(markdown: string): RunbookCommand[] {
  const headings = markdown.split('\n').map((line) => /^#{2,4} (.+)$/.exec(line)?.[1]);
  return fencedBlocks(markdown).flatMap(({ text, line }) => {
    const section = headings.slice(0, line).findLast((heading) => heading !== undefined) ?? '';
    return splitCommands(text).map(({ at, command }) => ({ line: line + at + 1, section, command }));
  });
}

/** What must not be in a public repository, by its shape, so that this file does not name it either. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w./])[a-z0-9-]+(\.[a-z0-9-]+)+(\/[\w-]+)+:/g, 'REGISTRY/neon:'],
  [/gs:\/\/[\w-]+/g, 'gs://BUCKET'],
  [/bucket_name="[^"]*"/g, 'bucket_name="BUCKET"'],
  [/neon-[a-z]+-net/g, 'neon-net'],
  [/\/data\/\w+\.json/g, '/data/key.json'],
  [/(export tenant=")[0-9a-f]{32}/g, '$120000000000000000000000000000002'],
  [/(export timeline=")[0-9a-f]{32}/g, '$1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2'],
];

/** The text with names of registries, buckets, networks, key files, tenants and timelines replaced. */
export function withoutPrivateNames(text: string): string {
  return replacements.reduce((cleaned, [shape, name]) => cleaned.replaceAll(shape, name), text);
}
