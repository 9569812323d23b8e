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

/**
 * Labs that send as fast as they can, and count. Who sends here also receives, so that a kernel
 * which is kept from its work by other labs would lose packets.
 */
const LOSSY = [
  'test/lab/live-capture.test.ts',
  'test/lab/policy-kernel.test.ts',
  'test/lab/scan.test.ts',
];

/** Labs wait for servers and for what they start, on a loaded machine for long. */
const lab = {
  env,
  testTimeout: 180_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 60_000 } },
};

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
      { extends: true, test: { name: 'unit-alone', include: ALONE, env } },
      {
        extends: true,
        test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'], isolate: false },
      },
      {
        test: {
          ...lab,
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          exclude: LOSSY,
          // Each has namespaces of its own, and mostly waits.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...lab,
          name: 'lab-alone',
          include: LOSSY,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
