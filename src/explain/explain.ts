import { explainConnstring } from './connection-string.ts';
import { controllerMessages } from './controller-messages.ts';
import { dataPathMessages } from './data-path-messages.ts';
import type { Explanation, KnownMessage } from './explanation.ts';
import { explainId } from './ids.ts';

/** THE list of lines that are known; the first that fits explains. */
export const knownMessages: readonly KnownMessage[] = [...controllerMessages, ...dataPathMessages];

/** More is not looked at: nobody pastes a longer line to have one thing explained. */
const maxLength = 20_000;

const embeddedShard = /[0-9a-f]{32}-[0-9a-f]{4}/i;

function unknown(): Explanation {
  return {
    what: 'nothing that is known here',
    meaning:
      'It is no shard id, tenant id, pageserver connection string or line that is known. That says nothing about the cluster.',
    facts: [],
    next: [
      { text: 'Look at the cluster instead.', command: 'neonwatch doctor' },
      { text: 'A shard id alone, or one whole log line in quotes, is what can be explained.' },
    ],
    avoid: [],
  };
}

/** A shard id within a line says of which shard it speaks, and whether the id can be. */
function withShard(explanation: Explanation, text: string): Explanation {
  const [id] = embeddedShard.exec(text) ?? [];
  const shard = id === undefined ? undefined : explainId(id);
  if (shard === undefined) return explanation;
  const facts = [...explanation.facts, `${id}: ${shard.what}`, ...shard.facts];
  return { ...explanation, facts };
}

/**
 * Says what a shard id, a connection string or a log line means. Pure: nothing is looked at and nothing of the text
 * but ids and addresses is repeated, since a line may hold a secret.
 */
export function explain(text: string): Explanation {
  const line = text.slice(0, maxLength).trim();
  const whole = explainId(line) ?? explainConnstring(line);
  if (whole !== undefined) return whole;
  for (const { pattern, explain: say } of knownMessages) {
    const match = pattern.exec(line);
    if (match !== null) return withShard(say(match), line);
  }
  const [id] = embeddedShard.exec(line) ?? [];
  return (id === undefined ? undefined : explainId(id)) ?? unknown();
}
