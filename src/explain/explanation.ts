/** What a piece of text is and means, without having looked at anything. */
export interface Explanation {
  /** What kind of text it is: `a shard id`, `an answer of the storage controller`. */
  readonly what: string;
  /** What it says, in one or two sentences. */
  readonly meaning: string;
  /** What was read out of it, one line each. */
  readonly facts: readonly string[];
  /** What to do or to look at next, in order; commands are complete but for `$storcon_api`. */
  readonly next: readonly { readonly text: string; readonly command?: string }[];
  readonly avoid: readonly string[];
}

/** One kind of line that is known, and what it means. */
export interface KnownMessage {
  /** A short name for lists and tests. */
  readonly name: string;
  readonly pattern: RegExp;
  readonly explain: (match: RegExpExecArray) => Explanation;
}

/** `TENANT` in a command is the id that the line names; without one there is no such command to give. */
function filled(next: Explanation['next'], line: string): Explanation['next'] {
  const tenantId = /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/i.exec(line)?.[0].toLowerCase();
  return next.map(({ text, command }) => {
    if (command?.includes('TENANT') !== true) return { text, ...(command === undefined ? {} : { command }) };
    if (tenantId !== undefined) return { text, command: command.replace('TENANT', tenantId) };
    return command.startsWith('curl') ? { text } : { text, command: command.replace(' --tenant TENANT', '') };
  });
}

/** For messages of which the pattern says all there is. `TENANT` in a command is filled in from the line. */
export function known(
  name: string,
  pattern: RegExp,
  what: string,
  meaning: string,
  next: Explanation['next'],
  avoid: readonly string[] = [],
): KnownMessage {
  const explain = ({ input }: RegExpExecArray) => ({
    what,
    meaning,
    facts: [],
    next: filled(next, input),
    avoid,
  });
  return { name, pattern, explain };
}
