import { z } from 'zod';
import { expectationOf } from '../settings/expectation.ts';
import { schemaAt, unwrap } from '../settings/meta.ts';
import { nearest } from '../settings/nearest.ts';
import { holdsSecret } from '../settings/redact.ts';

/** What is wrong with a value, or with the part of it at `inner`. */
interface Flaw {
  readonly inner: readonly PropertyKey[];
  readonly message: string;
}

/** Longest text that a message repeats. */
const maxShownLength = 60;

/** Validates one setting's value alone. Every flaw says what was expected and what was found, never a secret. */
export function flawsOf(schema: z.core.$ZodType, value: unknown): Flaw[] {
  const result = z.safeParse(schema, value);
  if (result.success) return [];
  const secret = holdsSecret(schema);
  const flaws = result.error.issues.flatMap((issue) => flawsOfIssue(schema, value, issue, secret));
  // A text that breaks two rules of its type would be told the same twice.
  return [...new Map(flaws.map((flaw) => [JSON.stringify(flaw), flaw])).values()];
}

function flawsOfIssue(
  schema: z.core.$ZodType,
  value: unknown,
  issue: z.core.$ZodIssue,
  secret: boolean,
): Flaw[] {
  const part = schemaAt(schema, issue.path) ?? schema;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKeyFlaw(part, issue.path, key, secret));
  }
  if (issue.code === 'custom') return [{ inner: issue.path, message: issue.message }];
  if (issue.code === 'invalid_key') {
    const record = unwrap(schema);
    const expected = record instanceof z.ZodRecord ? expectationOf(record.keyType) : 'another';
    return [{ inner: issue.path, message: `expected ${expected} as the key` }];
  }
  const culprit = valueAt(value, issue.path);
  const isBareSecret = secret && (typeof culprit === 'number' || typeof culprit === 'boolean');
  const remedy = isBareSecret ? ' (quote it to make it a text)' : '';
  const message = `expected ${expectationOf(part)}, got ${found(culprit, secret)}${remedy}`;
  return [{ inner: issue.path, message }];
}

function unknownKeyFlaw(
  part: z.core.$ZodType,
  path: readonly PropertyKey[],
  key: string,
  secret: boolean,
): Flaw {
  const map = unwrap(part);
  const known = map instanceof z.ZodObject ? Object.keys(map.shape) : [];
  const near = nearest(key, known);
  const remedy = near === undefined ? `known here: ${known.join(', ')}` : `did you mean "${near}"?`;
  // A DSN without its key reads as a map whose key is the DSN.
  if (secret && near === undefined) {
    return { inner: path, message: `unknown key of ${key.length} characters; ${remedy}` };
  }
  return { inner: [...path, key], message: `unknown key; ${remedy}` };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((part, key) => {
    if (typeof part !== 'object' || part === null) return undefined;
    return Object.entries(part).find(([name]) => name === String(key))?.[1];
  }, value);
}

/** What was found, in words; the value itself only where it can be no secret and no address with a password in it. */
export function found(value: unknown, secret: boolean): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value !== 'string') return secret ? `a ${typeof value}` : String(value);
  if (secret || value.length > maxShownLength || /[@=\p{Cc}]/u.test(value)) {
    return `a text of ${value.length} character${value.length === 1 ? '' : 's'}`;
  }
  return JSON.stringify(value);
}
