import { defineConfig } from 'vitest/config';

/** Findings held against the simulator and the recordings: too long for who waits for the unit tests. */
const proof = ['test/findings/simulated/**/*.test.ts', 'test/findings/recorded/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/system/**', 'test/contract/**', 'test/database/**', ...proof],
          // Some walk a thousand shards through everything, on machines that are busy with other things.
          testTimeout: 30_000,
        },
      },
      { test: { name: 'proof', include: proof, testTimeout: 60_000 } },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'database',
          include: ['test/database/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
