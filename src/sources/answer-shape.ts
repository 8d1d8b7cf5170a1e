import type { core, ZodType } from 'zod';
import { SourceError } from '../errors.ts';
import { cleanText } from './safe-text.ts';

const maxProblems = 5;
const maxValueChars = 60;

/** Collects what is wrong with an answer: the first problems in words, all of them by number. */
export class ShapeProblems {
  readonly #shown: string[] = [];
  #count = 0;

  /** Passes `value` through `shape`; undefined when it does not fit. `path` is where the value is in the answer. */
  check<Output>(
    value: unknown,
    shape: ZodType<Output>,
    path: readonly PropertyKey[] = [],
  ): { readonly output: Output } | undefined {
    const result = shape.safeParse(value, { error: describe });
    if (result.success) return { output: result.data };
    for (const issue of result.error.issues) {
      this.#count += 1;
      if (this.#shown.length < maxProblems) this.#shown.push(sentence(issue, path));
    }
    return undefined;
  }

  /** `malformed`, with at most five problems spelled out; undefined when nothing was wrong. */
  failure(): SourceError | undefined {
    if (this.#count === 0) return undefined;
    const rest = this.#count - this.#shown.length;
    const more = rest === 0 ? '' : `, and ${rest} more`;
    return new SourceError('malformed', `unexpected answer: ${this.#shown.join('; ')}${more}`);
  }
}

/** Zod's own words for a wrong type name no value and call an absent field `undefined`. */
function describe(issue: core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}, got ${kindOf(issue.input)}`;
    case 'invalid_value':
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}, got ${shown(issue.input)}`;
    case 'invalid_format':
      return `expected ${issue.format}, got ${shown(issue.input)}`;
    case 'unrecognized_keys':
      return `unknown ${issue.keys.slice(0, maxProblems).map(shown).join(', ')}`;
    case 'invalid_union':
      return `fits none of the known shapes, got ${kindOf(issue.input)}`;
    default:
      return undefined;
  }
}

function sentence(issue: core.$ZodIssue, path: readonly PropertyKey[]): string {
  const where = shownFieldPath([...path, ...issue.path]);
  return `${where === '' ? 'the answer' : where}: ${cleanText(issue.message, 200)}`;
}

/** `[17].shards[0].node_attached`: as one would write it after the answer. Keys may come from the answer itself. */
function shownFieldPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`;
      const name = cleanText(String(key), maxValueChars);
      if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return `[${JSON.stringify(name)}]`;
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function shown(value: unknown): string {
  if (typeof value === 'object' || value === undefined) return kindOf(value);
  return cleanText(typeof value === 'string' ? JSON.stringify(value) : String(value), maxValueChars);
}
