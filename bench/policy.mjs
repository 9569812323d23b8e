/**
 * Measures policies: `node bench/policy.mjs [part …]`, where parts are space, check, conversations, chance, roles,
 * minimum, platforms and days, and trips when asked for: `trips:500:netsh` for 500 policies and one
 * platform, otherwise 10,000 and all. Bundles the sources itself, so it measures what is in the tree; each
 * part runs in a process of its own, whose time and memory are told at its end. Figures: POLICY.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFile } from '../scripts/bundle.mjs';

const PARTS = [
  'space',
  'check',
  'conversations',
  'chance',
  'roles',
  'minimum',
  'platforms',
  'days',
];
const wanted = process.argv.length > 2 ? process.argv.slice(2) : PARTS;
const folder = mkdtempSync(join(tmpdir(), 'policy-timings-'));
try {
  const outfile = join(folder, 'policy.mjs');
  const entry = new URL('./policy-timings.ts', import.meta.url).pathname;
  await bundleFile(entry, outfile);
  const { model } = cpus()[0];
  console.log(
    `${new Date().toISOString().slice(0, 10)}, Linux ${release()}, Node.js ${process.version}`,
  );
  console.log(`${model}, ${cpus().length} cores`);
  for (const part of wanted) {
    console.log(`\n${part}`);
    const options = [outfile, ...part.split(':')];
    const { status } = spawnSync(process.execPath, options, { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
