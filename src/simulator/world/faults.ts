import type { FaultArguments, FaultDescription, Faults } from './api.ts';
import { faultTable } from './fault-table.ts';
import { type State, write } from './state.ts';

type Argument = FaultDescription['arguments'][number];

function wrongArgument(state: State, { name, kind, required }: Argument, args: FaultArguments) {
  const value = args[name];
  if (value === undefined) return required ? `it needs the argument ${name}` : undefined;
  const id = Number(value);
  if (kind === 'node' && !state.nodes.has(id)) return `there is no pageserver ${value}`;
  if (kind === 'safekeeper' && !state.safekeepers.has(id)) return `there is no safekeeper ${value}`;
  if (kind === 'tenant' && !state.tenantIds.has(String(value))) return `there is no tenant ${value}`;
  return kind === 'number' && !Number.isFinite(id) ? `${name} is no number: ${value}` : undefined;
}

/** Dashes and underscores are the same in a name. */
function find(name: string) {
  const wanted = name.replaceAll('-', '_');
  return faultTable.find((fault) => fault.name === wanted);
}

function keyOf(name: string, args: FaultArguments): string {
  const sorted = Object.entries(args).sort(([one], [other]) => (one < other ? -1 : 1));
  return [name, ...sorted.map(([key, value]) => `${key}=${value}`)].join(' ');
}

/** Do the arguments that are given agree? */
function covers(wanted: FaultArguments, has: FaultArguments): boolean {
  return Object.entries(wanted).every(([key, value]) => String(has[key]) === String(value));
}

export function createFaults(state: State): Faults {
  return {
    list: () =>
      faultTable.map(({ name, description, arguments: named, lasting }) => ({
        name,
        description,
        arguments: named,
        lasting,
      })),
    active: () => [...state.activeFaults.values()],
    on(name, args = {}) {
      const fault = find(name);
      if (fault === undefined) return `there is no fault ${name}`;
      const strange = Object.keys(args).find((key) => !fault.arguments.some((each) => each.name === key));
      if (strange !== undefined) return `it has no argument ${strange}`;
      for (const argument of fault.arguments) {
        const wrong = wrongArgument(state, argument, args);
        if (wrong !== undefined) return wrong;
      }
      const problem = fault.on(state, args);
      if (problem !== undefined) return problem;
      write(state, 'fault', keyOf(fault.name, args));
      if (fault.lasting)
        state.activeFaults.set(keyOf(fault.name, args), { name: fault.name, arguments: args });
      return undefined;
    },
    off(name, args = {}) {
      const fault = find(name);
      if (fault === undefined) return `there is no fault ${name}`;
      for (const [key, active] of state.activeFaults) {
        if (active.name !== fault.name || !covers(args, active.arguments)) continue;
        state.activeFaults.delete(key);
        fault.off?.(state, active.arguments);
        write(state, 'fault over', key);
      }
      return undefined;
    },
  };
}
