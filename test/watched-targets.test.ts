import { describe, expect, it } from 'vitest';
import { createStore } from '../src/collection/store.ts';
import { watchedTargets } from '../src/watched-targets.ts';
import { loadWith } from './config/load-with.ts';
import { manualClock } from './support/manual-clock.ts';

async function watched(file: string, store = createStore(manualClock())): Promise<string[]> {
  const { config } = await loadWith({ file });
  return watchedTargets(config, store).targets.map(({ kind, name, url }) => `${kind} ${name} ${url}`);
}

describe('watchedTargets', () => {
  it.for([
    {
      case: 'the controller as a whole and as a process, and its peers as processes alone',
      file: 'storageController: {url: "http://a:1", peers: ["http://b:1", "http://b:1/two"]}\n',
      targets: [
        'storage_controller a:1 http://a:1',
        'controller_instance a:1 http://a:1',
        'controller_instance b:1 http://b:1',
        'controller_instance b:1/two http://b:1/two',
      ],
    },
    {
      case: 'broker and hook by their hosts',
      file: 'broker: {url: "http://broker:50051"}\ncomputeHook: {url: "http://hook:3000/notify"}\n',
      targets: [
        'broker broker:50051 http://broker:50051',
        'compute_hook hook:3000/notify http://hook:3000/notify',
      ],
    },
    {
      case: 'a compute_ctl under the name of its compute, by which its readings are joined',
      file: 'computes: [{dsn: "postgresql://u@c:5/d", computeCtlUrl: "http://c:3080"}]\n',
      targets: ['compute c:5 postgresql://c:5', 'compute_ctl c:5 http://c:3080'],
    },
    {
      case: 'only the compute_ctl of a compute that SQL may not wake',
      file: 'computes: [{name: idle, dsn: "postgresql://u@c:5/d", wake: never, computeCtlUrl: "http://c:3080"}]\n',
      targets: ['compute_ctl idle http://c:3080'],
    },
    { case: 'nothing of an empty configuration', file: '', targets: [] },
  ])('are $case', async ({ file, targets }) => {
    expect(await watched(file)).toEqual(targets);
  });

  it('keep the last lists of the controller in force, however old, each for itself', async () => {
    const clock = manualClock();
    const store = createStore(clock);
    const file = 'storageController: {url: "http://a:1"}\n';
    const target = { kind: 'storage_controller', name: 'a:1', url: 'http://a:1' } as const;
    const instants = { firstReadAtMs: 0, lastReadAtMs: 0 };
    const node = { nodeId: 1, httpAddress: 'ps1:9898' };
    const safekeeper = { safekeeperId: 1, httpAddress: 'sk1:7676' };
    store.put('nodes', { target, reading: { nodes: [node] } as object, ...instants }, 1000);
    const withNodes = [
      'storage_controller a:1 http://a:1',
      'controller_instance a:1 http://a:1',
      'pageserver ps1:9898 http://ps1:9898',
    ];
    expect(await watched(file, store)).toEqual(withNodes);
    // The node list is denied or late from now on, and the safekeepers come.
    await clock.advance(60_000);
    store.put('safekeepers', { target, reading: { safekeepers: [safekeeper] } as object, ...instants }, 1000);
    expect(store.one('nodes')).toBeUndefined();
    expect(await watched(file, store)).toEqual([...withNodes, 'safekeeper sk1:7676 http://sk1:7676']);
  });
});
