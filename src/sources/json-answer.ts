import type { ZodType } from 'zod';
import type { Clock } from '../clock.ts';
import { asSourceError, SourceError } from '../errors.ts';
import { ShapeProblems } from './answer-shape.ts';
import type { Answer } from './http-exchange.ts';
import { jsonListElements } from './json-list.ts';
import type { ListOptions } from './json-reader.ts';
import { cleanText } from './safe-text.ts';

/**
 * What is parsed in one go, and so the longest the event loop is held up: `JSON.parse` and the check of
 * a dense answer take 10 to 25 ms at this size (bench/json-list.ts). Longer answers are lists, read piece by piece.
 */
export const maxPieceBytes = 2 * 1024 * 1024;
/** Enough to tell a web page from JSON. */
const headBytes = 240;

/** What every answer of a target is held to. */
interface AnswerRules {
  readonly maxBodyBytes: number;
  /** The setting that named the address, for remedies. */
  readonly setting: string;
  readonly clock: Clock;
}

/** One JSON value that fits `shape`. Throws `SourceError` with a bare sentence for a message. */
export async function readJson<Output>(
  answer: Answer,
  shape: ZodType<Output>,
  { maxBodyBytes, setting }: AnswerRules,
): Promise<Output> {
  const text = await readText(answer, Math.min(maxBodyBytes, maxPieceBytes));
  const problems = new ShapeProblems();
  const fitting = problems.check(parsedJson(text, answer, setting), shape);
  if (fitting === undefined) throw problems.failure();
  return fitting.output;
}

/** The elements of one long array, each of which fits `shape`. Throws `SourceError` with a bare sentence for a message. */
export async function readJsonList<Output>(
  answer: Answer,
  shape: ZodType<Output>,
  { maxBodyBytes, setting, clock }: AnswerRules,
  { property }: ListOptions = {},
): Promise<Output[]> {
  const path = property === undefined ? [] : [property];
  const chunks = withHead(answer.chunks(maxBodyBytes), (head) => {
    if (isMarkup(head)) throw webPage(answer, setting);
  });
  const problems = new ShapeProblems();
  const outputs: Output[] = [];
  let index = 0;
  for await (const element of jsonListElements(chunks, { property, maxPieceBytes, clock })) {
    const fitting = problems.check(element, shape, [...path, index]);
    if (fitting !== undefined) outputs.push(fitting.output);
    index += 1;
  }
  const failure = problems.failure();
  if (failure !== undefined) throw failure;
  return outputs;
}

/** The whole body. Throws `SourceError` as `Answer.chunks` does, and `malformed` when it is not UTF-8. */
export async function readText(answer: Answer, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.chunks(maxBytes)) chunks.push(chunk);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new SourceError('malformed', 'the answer is not UTF-8', { status: answer.status });
  }
}

/** Reads a body nobody wants, so that its connection can be used again; one that is too long is left where it is. */
export async function skipBody(answer: Answer, maxBytes: number): Promise<void> {
  try {
    for await (const _ of answer.chunks(maxBytes));
  } catch (error) {
    if (asSourceError(error).reason !== 'too_large') throw error;
  }
}

function parsedJson(text: string, answer: Answer, setting: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const isHtml = answer.header('content-type')?.startsWith('text/html') === true;
    if (isHtml || isMarkup(text)) throw webPage(answer, setting);
    // No cause: the parser's own message quotes the answer.
    const message = error instanceof Error ? error.message : '';
    throw new SourceError('malformed', notJson(text, message), { status: answer.status });
  }
}

function notJson(text: string, parserMessage: string): string {
  if (text.trim() === '') return 'the answer is empty';
  if (/end of JSON|Unterminated/.test(parserMessage)) return 'the answer is JSON that ends in the middle';
  return `the answer is not JSON; it begins with ${JSON.stringify(cleanText(text.slice(0, headBytes), 60))}`;
}

function isMarkup(text: string): boolean {
  return text.trimStart().startsWith('<');
}

function webPage(answer: Answer, setting: string): SourceError {
  const what = `the answer looks like a web page, not JSON: is ${setting} right?`;
  return new SourceError('malformed', what, { status: answer.status });
}

/** The same chunks; `look` sees the beginning of the first one before anybody else does. */
async function* withHead(
  chunks: AsyncIterable<Uint8Array>,
  look: (head: string) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst) look(Buffer.from(chunk.subarray(0, headBytes)).toString('latin1'));
    isFirst = false;
    yield chunk;
  }
}
