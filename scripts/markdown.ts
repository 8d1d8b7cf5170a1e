/** A fenced block: ` ```yaml neonwatch.yaml ` has language `yaml` and name `neonwatch.yaml`. */
export interface FencedBlock {
  readonly language: string;
  readonly name: string;
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

const fence = /^ {0,3}```(.*)$/;

/**
 * The fenced blocks of a page, in order.
 *
 * @throws when a block is not closed: everything after it would be taken for code, or for none.
 */
export function fencedBlocks(markdown: string): FencedBlock[] {
  const blocks: FencedBlock[] = [];
  let open: { language: string; name: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const info = fence.exec(line)?.[1];
    if (info === undefined) open?.lines.push(line);
    else if (open === undefined) {
      const [language = '', ...name] = info.trim().split(/\s+/);
      open = { language, name: name.join(' '), line: index + 1, lines: [] };
    } else {
      const { lines, ...block } = open;
      blocks.push({ ...block, text: lines.map((each) => `${each}\n`).join('') });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`the block that begins in line ${open.line} has no end`);
  return blocks;
}

/** The commands of a `sh` block, one a line; a line that ends in a backslash goes on in the next. */
export function commandsOf(text: string): string[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Targets of links to files of the repository, without their `#fragment`. */
export function relativeLinks(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:|^#/.test(target))
    .map((target) => target.replace(/#.*$/, ''));
}
