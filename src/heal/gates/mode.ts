import { type Gate, pass, refuse } from '../gate.ts';
import { isTargetAllowed, modeOf } from '../mode.ts';

/** G1: switched on for this kind of action and this target. */
export const modeGate: Gate = {
  id: 'G1',
  name: 'mode',
  judge({ action: { kind }, target }, { policy }) {
    const limit = 'plan, for this kind and target';
    const mode = modeOf(policy, kind);
    if (mode !== 'plan') {
      const setting = policy.mode === 'off' ? 'heal.mode' : `heal.actions.${kind}.mode`;
      return refuse('mode_off', `${setting} is off`, limit, `set ${setting} to plan`);
    }
    if (isTargetAllowed(policy, kind, target.name)) return pass('plan', limit);
    const path = `heal.actions.${kind}`;
    return refuse(
      'target_excluded',
      `${path} leaves ${target.name} out`,
      limit,
      `take it into ${path}.only, or out of ${path}.except`,
    );
  },
};
