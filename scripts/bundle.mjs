/** Bundles one TypeScript program with what it imports, for tests, benchmarks and examples. */
import { build } from 'rolldown';

/** What every bundle of this project needs. */
export const INPUT = {
  platform: 'node',
  // Holds a compiled library, which cannot be bundled; loaded on first use.
  external: ['koffi'],
  // Inlines numeric constants across modules: the hot loops read them per packet.
  optimization: { inlineConst: { mode: 'all', pass: 3 } },
};
export const TARGET = 'node20.19';

/** Writes the bundle of `entry` to `outfile`. */
export async function bundleFile(entry, outfile) {
  await build({
    ...INPUT,
    input: entry,
    logLevel: 'warn',
    transform: { target: TARGET },
    output: { file: outfile, format: 'esm', codeSplitting: false },
  });
}
