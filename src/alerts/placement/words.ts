import type { Subject } from '../finding.ts';

/** `1 shard`, `8 shards`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a, b and 3 more`: the first of a list that may be long. */
export function some(names: readonly string[], most = 5): string {
  const head = names.slice(0, most);
  const rest = names.length - head.length;
  return rest > 0 ? `${head.join(', ')} and ${rest} more` : head.join(', ');
}

export function nodeSubject(nodeId: number | string): Subject {
  return { kind: 'node', name: String(nodeId) };
}

/** Subjects of the first shards and their tenants: what hangs on them. */
export function shardSubjects(shardIds: readonly string[], most = 20): readonly Subject[] {
  const head = shardIds.slice(0, most);
  const tenants = new Set(head.map((shardId) => shardId.slice(0, 32)));
  return [
    ...head.map((name): Subject => ({ kind: 'shard', name })),
    ...[...tenants].map((name): Subject => ({ kind: 'tenant', name })),
  ];
}
