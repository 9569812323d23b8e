import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Runs of the program under test leave nothing in the home folder of who tests. */
const env = { XDG_STATE_HOME: '/dev/null' };

/** Files that measure the process they run in (its memory, its threads) get one of their own. */
const ALONE = [
  'src/flow/eviction.test.ts',
  'src/pipeline/watch.test.ts',
  'src/sources/flows/observe.test.ts',
  'src/sources/pcap/damage.test.ts',
  'test/fuzz/decoder.test.ts',
];

export default defineConfig({
  test: {
    // The runner's own choice leaves one processor idle.
    maxWorkers: availableParallelism(),
    // Generous, since a loaded machine is slow and no test judges time.
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/conformance/**', 'test/lab/**', ...ALONE],
          // Starting a process and loading the same rooms again for each of 300 files would take
          // as long as their tests. So no test may change what its process shares with others.
          isolate: false,
          env,
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE, env } },
      {
        extends: true,
        test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'], isolate: false },
      },
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
