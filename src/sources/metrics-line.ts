/** One sample as it stands on a line of the text format 0.0.4. */
export interface MetricLine {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const space = /[ \t]*/y;
/** Up to the closing quote; a backslash takes the next character with it. */
const quoted = /"((?:[^"\\\n]|\\[\\"n])*)"/y;
/** A finite number, perhaps a timestamp in milliseconds, and nothing else. */
const valueAndTime = /[ \t]*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?:[ \t]+[+-]?\d+)?[ \t]*$/y;

const escapes: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

/** Reads one token after the other; `undefined` where the pattern does not match. */
class Scanner {
  readonly #text: string;
  #at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }

  /** Whether this character came next, after any space; it is taken then. */
  took(character: string): boolean {
    this.take(space);
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
}

/** What is between the braces, the closing one included; undefined when it is not well-formed. */
function labelsOf(scanner: Scanner): ReadonlyMap<string, string> | undefined {
  const labels = new Map<string, string>();
  while (!scanner.took('}')) {
    const name = scanner.take(labelName)?.[0];
    if (name === undefined || labels.has(name) || !scanner.took('=')) return undefined;
    scanner.take(space);
    const value = scanner.take(quoted)?.[1];
    if (value === undefined) return undefined;
    labels.set(name, value.includes('\\') ? value.replace(/\\./g, (pair) => escapes[pair] ?? pair) : value);
    if (scanner.took(',')) continue;
    return scanner.took('}') ? labels : undefined;
  }
  return labels;
}

/**
 * The sample on a line whose metric name ends at `nameEnd`. Undefined when the line is not well-formed or its value is
 * no finite number: `NaN` and `+Inf` are allowed on the wire, and nothing can be said from them.
 */
export function parseMetricLine(line: string, nameEnd: number): MetricLine | undefined {
  const scanner = new Scanner(line, nameEnd);
  const labels = scanner.took('{') ? labelsOf(scanner) : new Map<string, string>();
  const text = labels && scanner.take(valueAndTime)?.[1];
  const value = Number(text);
  return labels === undefined || text === undefined || !Number.isFinite(value)
    ? undefined
    : { labels, value };
}
