import type { Readings } from '../../collection/store.ts';
import type { NodeFact } from '../../neon/node.ts';
import type { DetectInput, Look, Verdict } from '../detector.ts';
import { whyMissing } from '../detector.ts';
import type { Finding, Unknown } from '../finding.ts';
import { type LastingMemory, lasting } from './lasting.ts';
import { nodeSubject } from './words.ts';

/** What one collector lacks of one pageserver, as `whyMissing` spells it. */
export function whyUnread(
  looks: readonly Look[],
  collector: 'pageserver_locations' | 'pageserver_secondaries',
  nodeId: number,
  node: NodeFact | undefined,
): string {
  const look = looks.find(
    ({ collector: name, target }) =>
      name === collector && (target.nodeId === nodeId || target.name === node?.httpAddress),
  );
  return whyMissing(looks, collector, look?.target.name ?? node?.httpAddress ?? `pageserver ${nodeId}`);
}

export interface PerNode {
  /** By node id: what is wrong there now, such as shard ids. */
  readonly present: ReadonlyMap<number, readonly string[]>;
  /** Pageservers that could not be read, and why. */
  readonly unread: ReadonlyMap<number, string>;
  /** Whether what is not seen at a pageserver that was read may still be there, and what is missing to tell. */
  readonly doubt?: (nodeId: number, key: string) => string | undefined;
  readonly forMs: number;
  readonly finding: (nodeId: number, keys: readonly string[]) => Finding;
}

/** One finding a pageserver about the shards that have something wrong there, while the same ones last. */
export function perNode(
  { memory, nowMs }: Pick<DetectInput<LastingMemory>, 'memory' | 'nowMs'>,
  { present, unread, doubt, forMs, finding }: PerNode,
): Verdict {
  const reasons = new Map<string, string>([...unread].map(([nodeId, why]) => [String(nodeId), why]));
  const isUnknown = (subject: string, key: string): boolean => {
    if (unread.has(Number(subject))) return true;
    const why = doubt?.(Number(subject), key);
    if (why !== undefined) reasons.set(subject, why);
    return why !== undefined;
  };
  const named = new Map([...present].map(([nodeId, keys]) => [String(nodeId), keys]));
  const look = lasting(memory, named, { nowMs, forMs, isUnknown });
  const findings = [...look.shown]
    .sort((left, right) => Number(left) - Number(right))
    .map((nodeId) => finding(Number(nodeId), named.get(nodeId) ?? []));
  const blind = new Set([...look.frozen, ...[...unread.keys()].map(String)]);
  const unknown = [...blind]
    .filter((nodeId) => !look.shown.has(nodeId))
    .map(
      (nodeId): Unknown => ({
        subject: nodeSubject(nodeId),
        missing: [reasons.get(nodeId) ?? 'a fresh reading'],
      }),
    );
  return { findings, unknown, memory: look.memory };
}

/** A complete command for a pageserver's own API: its URL as neonwatch dials it, the token as a variable. */
export function pageserverCommand(
  readings: Readings,
  node: Pick<NodeFact, 'nodeId' | 'httpAddress'> | undefined,
  method: 'GET' | 'POST',
  path: string,
): string {
  const nodeId = node?.nodeId;
  const target = readings
    .all('pageserver_locations')
    .find(({ reading }) => reading.nodeId === nodeId)?.target;
  const url = target?.url ?? `http://${node?.httpAddress ?? '$pageserver'}`;
  const verb = method === 'GET' ? '' : ` -X ${method}`;
  const needsToken = readings.all('controller_access')[0]?.reading.isOpen === false;
  const token = needsToken ? ' -H "Authorization: Bearer $PAGESERVER_TOKEN"' : '';
  return `curl -sS${verb}${token} "${url}${path}"`;
}
