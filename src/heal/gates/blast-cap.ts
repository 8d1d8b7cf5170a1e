import { type Gate, pass, refuse } from '../gate.ts';
import { mayBeSent } from '../mutations.ts';

/** G15: the plan is small, and made of nothing that is not in the table of what may be sent. */
export const blastCapGate: Gate = {
  id: 'G15',
  name: 'blast cap',
  judge({ draft }, { policy }) {
    const { movedShards } = policy.limits;
    const limit = `one request, at most ${movedShards} shards moved, nothing outside the table`;
    if (draft === undefined) return pass('there is nothing to send', limit);
    const { mutations, cancel } = draft;
    const all = cancel === undefined ? mutations : [...mutations, cancel];
    if (!all.every(mayBeSent)) {
      return refuse(
        'forbidden',
        'it would send what is never sent',
        limit,
        'nothing: this is a defect, report it',
      );
    }
    const value = `${mutations.length} request, ${draft.movedShards} shards moved`;
    if (mutations.length === 1 && draft.movedShards <= movedShards) return pass(value, limit);
    return refuse('too_large', value, limit, 'do it by hand, or raise heal.limits.movedShards');
  },
};
