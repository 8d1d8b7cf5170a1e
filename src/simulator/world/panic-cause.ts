/**
 * What makes the controller's process exit: neon-live.md "Controller faults never to cause", neon-contract.md 0 #9.
 * Whoever watches the world finds each as `controller_panicked` in the event log.
 */
export type PanicCause = 'attached_2' | 'duplicate_tenant' | 'concurrent_operations' | 'unknown';

const causes: readonly string[] = [
  'attached_2',
  'duplicate_tenant',
  'concurrent_operations',
  'unknown',
] satisfies readonly PanicCause[];

export function isPanicCause(word: string): word is PanicCause {
  return causes.includes(word);
}
