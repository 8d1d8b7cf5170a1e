import type { FaultArguments } from './api.ts';
import { usualPanicRestartMs } from './broken.ts';
import { type Fault, toWorld } from './fault-kinds.ts';
import type { HookFault } from './hook-api.ts';
import { hookBehaviours } from './hook-behaviours.ts';
import { killController, panic, startController, stepDown } from './lifecycle.ts';
import { isPanicCause } from './panic-cause.ts';
import type { State } from './state.ts';

function isBehaviour(name: string): name is HookFault {
  return Object.hasOwn(hookBehaviours, name);
}

function setHook(state: State, as: string): string | undefined {
  const status = Number(as);
  if (Number.isInteger(status) && status >= 100 && status < 600) state.hook.behaviour = status;
  else if (isBehaviour(as)) state.hook.behaviour = as;
  else return `a hook is a status or one of ${Object.keys(hookBehaviours).join(', ')}, not ${as}`;
  return undefined;
}

const hookFault = toWorld(
  'hook',
  'the hook behaves `as`: dead, slow, sticky, lying, order-losing, tenant-blind, or a status such as 503',
  (state, args) => setHook(state, String(args['as'])),
  (state) => {
    state.hook.behaviour = 'right';
  },
  [{ name: 'as', kind: 'word', required: true }],
);

function setPanicRestart(state: State, args: FaultArguments): string | undefined {
  const after = String(args['after']);
  if (after !== 'never' && !/^\d+$/.test(after)) return `after is a number of ms, or never, not ${after}`;
  state.broken.panicRestartMs = after === 'never' ? undefined : Number(after);
  return undefined;
}

/** A switch of one flag. */
function flagged(
  name: 'leaderMissing' | 'otherLeader' | 'open',
): [on: (state: State) => undefined, off: (state: State) => void] {
  const set = (state: State, to: boolean): undefined => {
    state.broken[name] = to;
  };
  return [(state) => set(state, true), (state) => set(state, false)];
}

function hung(state: State): undefined {
  state.controllerProcess = 'hung';
}

function setLeadership(state: State, args: FaultArguments): string | undefined {
  const leader = String(args['leader'] ?? 'dead');
  if (leader !== 'dead' && leader !== 'itself' && leader !== 'alive')
    return `the other leader is dead, itself or alive, not ${leader}`;
  state.deposedBy = leader;
  stepDown(state);
  return undefined;
}

export const controllerFaults: readonly Fault[] = [
  hookFault,
  toWorld(
    'controller_down',
    'the controller is killed; over: it starts again',
    (state) => {
      killController(state);
      return undefined;
    },
    (state) => startController(state),
  ),
  toWorld('controller_restarted', 'the controller is killed and starts again', (state) => {
    startController(state);
    return undefined;
  }),
  toWorld('controller_hung', 'it takes connections and answers nothing', hung, (state) => {
    state.controllerProcess = 'up';
  }),
  toWorld('cold_start', 'the controller starts before the pageservers: no shard has a secondary', (state) => {
    startController(state, true);
    return undefined;
  }),
  toWorld(
    'stepped_down',
    'it is deposed; `leader` says by whom: dead, itself or alive',
    setLeadership,
    (state) => startController(state),
    [{ name: 'leader', kind: 'word', required: false }],
  ),
  toWorld(
    'candidate',
    'it waits to become leader',
    (state) => {
      state.leadership = 'candidate';
      return undefined;
    },
    (state) => {
      state.leadership = 'leader';
    },
  ),
  toWorld(
    'database_down',
    "the controller's database is lost",
    (state) => {
      state.database = 'down';
      return undefined;
    },
    (state) => {
      state.database = 'up';
      state.databaseBack.fire();
    },
  ),
  toWorld(
    'controller_panicked',
    'the controller panics by itself, of `cause`',
    (state, args) => {
      const cause = String(args['cause'] ?? 'unknown');
      if (!isPanicCause(cause)) return `a panic has no cause ${cause}`;
      panic(state, cause);
      return undefined;
    },
    undefined,
    [{ name: 'cause', kind: 'word', required: false }],
  ),
  toWorld(
    'panic_restart',
    'what happens after a panic: it is started again `after` so many ms, or `never`; over: after 1000',
    setPanicRestart,
    (state) => {
      state.broken.panicRestartMs = usualPanicRestartMs;
    },
    [{ name: 'after', kind: 'word', required: true }],
  ),
  toWorld(
    'database_mended',
    'someone takes out of the database what makes the controller panic at each start: Attached(2) is Attached(1) again',
    (state) => {
      for (const tenant of state.order) {
        if (!tenant.panicsAtStart) continue;
        tenant.panicsAtStart = false;
        tenant.placement = 1;
      }
      return undefined;
    },
  ),
  toWorld(
    'operation_race',
    'the database takes `ms` between check and start of a fill, drain or delete: of two at once both are taken, then it panics',
    (state, args) => {
      state.broken.databaseMs = Math.max(1, Number(args['ms'] ?? 50));
      return undefined;
    },
    (state) => {
      state.broken.databaseMs = 0;
    },
    [{ name: 'ms', kind: 'number', required: false }],
  ),
  toWorld(
    'controller_not_ready',
    'it is started again and does not get to the end of that',
    (state) => {
      state.broken.startHeld = true;
      startController(state);
      return undefined;
    },
    (state) => {
      state.broken.startHeld = false;
      state.broken.startReleased.fire();
    },
  ),
  toWorld('leader_missing', 'the database has no row of a leader', ...flagged('leaderMissing')),
  toWorld(
    'two_leaders',
    'the database says that another controller leads, and this one goes on leading',
    ...flagged('otherLeader'),
  ),
  toWorld('open_without_auth', 'the controller asks nobody for a token', ...flagged('open')),
];
