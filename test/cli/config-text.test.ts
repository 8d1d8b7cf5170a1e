import { expect, it } from 'vitest';
import { readConfigText } from '../../src/cli/config-text.ts';
import { loadConfig } from '../../src/config/load.ts';

const load = (path: string) =>
  loadConfig({
    flags: [{ name: 'config', written: '--config', value: path }],
    env: {},
    readFile: readConfigText,
    mustWatch: false,
  });

it.for([
  { case: 'a file without an end', path: '/dev/zero', problem: /more than 1 MiB/ },
  { case: 'a folder', path: import.meta.dirname, problem: /a folder, not a file \(EISDIR\)/ },
  { case: 'a file that is not there', path: '/nonexistent.yaml', problem: /no such file \(ENOENT\)/ },
])('$case is refused with a reason', async ({ path, problem }) => {
  await expect(load(path)).rejects.toThrow(problem);
});
