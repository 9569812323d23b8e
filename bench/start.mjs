/**
 * How long short commands take from start to end, with what earlier runs compiled and without, and
 * Node alone. Run `node scripts/build.mjs` first. Programs run in turns, so that what else the
 * machine does falls on all alike; as root with real-time priority (chrt), so that most of it waits.
 *
 *   node bench/start.mjs [runs]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const RUNS = Number(process.argv[2] ?? 15);
const WARM_UPS = 5;
const FIRST = process.geteuid?.() === 0 ? ['chrt', '-f', '10'] : [];

const { NODE_EXTRA_CA_CERTS: _certificates, ...bare } = process.env;
const COMMANDS = {
  'node -e 0': ['-e', '0'],
  'portreeve --version': [path('dist/cli.js'), '--version'],
  'portreeve sockets': [path('dist/cli.js'), 'sockets'],
  'portreeve assess': [path('dist/cli.js'), 'assess', path('examples/evening-office.pcapng')],
};
const ENVIRONMENTS = {
  '': bare,
  compiling: { ...bare, NODE_DISABLE_COMPILE_CACHE: '1' },
};

const contenders = [];
for (const [command, words] of Object.entries(COMMANDS)) {
  for (const [how, env] of Object.entries(ENVIRONMENTS)) {
    contenders.push({ name: how === '' ? command : `${command}, ${how}`, words, env, times: [] });
  }
}
for (let turn = -WARM_UPS; turn < RUNS; turn++) {
  for (const { words, env, times } of contenders) {
    const [program, ...rest] = [...FIRST, process.execPath, ...words];
    const start = process.hrtime.bigint();
    const { status, error } = spawnSync(program, rest, {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ms = Number(process.hrtime.bigint() - start) / 1e6;
    if (status !== 0) throw error ?? new Error(`${words.join(' ')}: ${status}`);
    if (turn >= 0) times.push(ms);
  }
}
for (const { name, times } of contenders) {
  times.sort((left, right) => left - right);
  const median = times[times.length >> 1];
  console.log(
    `${name.padEnd(32)} median ${median.toFixed(0)} ms, fastest ${times[0].toFixed(0)} ms`,
  );
}
