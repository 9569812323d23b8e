import { defineConfig } from 'vitest/config';

/** Runs of the program under test leave nothing in the home folder of who tests. */
const env = { XDG_STATE_HOME: '/dev/null' };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/conformance/**', 'test/lab/**'],
          // Generous, since a loaded machine is slow and no test judges time.
          testTimeout: 60_000,
          env,
        },
      },
      { test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'] } },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          // Labs share the machine's processors with the servers they start.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
          env,
        },
      },
    ],
  },
});
