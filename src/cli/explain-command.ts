import { explain } from '../explain/explain.ts';
import type { CommandResult } from './config-command.ts';
import { type Setting, wrapped } from './doctor/lines.ts';

const usage =
  "explain: expected one text: neonwatch explain '<log line, connection string or shard id>' (in quotes)";

/** `neonwatch explain TEXT`: says what it means, without looking at anything. Exit code 2 without exactly one text. */
export function runExplainCommand(words: readonly string[], setting: Setting): CommandResult {
  const [text, ...others] = words;
  if (text === undefined || text.trim() === '' || others.length > 0) {
    return { exitCode: 2, stdout: '', stderr: `${usage}\n` };
  }
  const { what, meaning, facts, next, avoid } = explain(text);
  const lines = [
    ...wrapped(`This is ${what}.`, 0, setting),
    ...wrapped(meaning, 0, setting),
    ...facts.flatMap((fact) => wrapped(fact, 2, setting, 2)),
    ...next.flatMap(({ text: step, command }, at) => [
      ...wrapped(`${at === 0 ? 'next: ' : 'then: '}${step}`, 0, setting, 2),
      ...(command === undefined ? [] : [`    ${command}`]),
    ]),
    ...avoid.flatMap((one) => wrapped(`do not: ${one}`, 0, setting, 2)),
  ];
  return { exitCode: 0, stdout: `${lines.join('\n')}\n`, stderr: '' };
}
