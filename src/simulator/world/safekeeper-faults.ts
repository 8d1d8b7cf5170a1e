import { aSafekeeper, type Fault, toWorld } from './fault-kinds.ts';

export const safekeeperFaults: readonly Fault[] = [
  toWorld(
    'safekeeper_down',
    'the safekeeper is killed; the controller goes on calling it Active',
    (state, args) => {
      const keeper = state.safekeepers.get(Number(args['safekeeper']));
      if (keeper !== undefined) keeper.process = 'down';
      return undefined;
    },
    (state, args) => {
      const keeper = state.safekeepers.get(Number(args['safekeeper']));
      if (keeper !== undefined) keeper.process = 'up';
    },
    aSafekeeper,
  ),
  toWorld(
    'safekeeper_lag',
    'the safekeeper has `bytes` less WAL than the others; default 64 MiB',
    (state, args) => {
      const keeper = state.safekeepers.get(Number(args['safekeeper']));
      if (keeper !== undefined) keeper.lagBytes = Math.max(0, Number(args['bytes'] ?? 67_108_864));
      return undefined;
    },
    (state, args) => {
      const keeper = state.safekeepers.get(Number(args['safekeeper']));
      if (keeper !== undefined) keeper.lagBytes = 0;
    },
    [...aSafekeeper, { name: 'bytes', kind: 'number', required: false }],
  ),
  toWorld(
    'safekeepers_in_one_az',
    'all safekeepers are in the zone of the first',
    (state) => {
      const [first] = state.safekeepers.values();
      for (const keeper of state.safekeepers.values()) {
        state.broken.safekeeperAzs.set(keeper.id, keeper.az);
        keeper.az = first?.az ?? 0;
      }
      return undefined;
    },
    (state) => {
      for (const [id, az] of state.broken.safekeeperAzs) {
        const keeper = state.safekeepers.get(id);
        if (keeper !== undefined) keeper.az = az;
      }
      state.broken.safekeeperAzs.clear();
    },
  ),
  toWorld(
    'broker_down',
    'the broker is killed',
    (state) => {
      state.broker = 'down';
      return undefined;
    },
    (state) => {
      state.broker = 'up';
    },
  ),
];
