/**
 * Scans one laboratory with Portreeve, Nmap and masscan in turn and prints the medians and ratios:
 * two network namespaces on this machine, twenty listeners among 65,535 ports, and 54 addresses of
 * a /24. Needs root, nmap and masscan; takes about a minute.
 *
 *   node bench/scan.mjs [runs]
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const RUNS = Number(process.argv[2] ?? 3);
const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const LISTENERS = fileURLToPath(new URL('../test/lab/scan-listeners.mjs', import.meta.url));
const PORTS =
  '22,80,443,1234,3306,5432,8080,9999,12345,20000,23456,30001,33333,40000,44444,50505,55555,60606,65000,65535';
const TARGET = '10.78.0.2';
const tag = randomBytes(3).toString('hex');
const [here, there] = [`pb${tag}-a`, `pb${tag}-b`];

function run(program, ...words) {
  const done = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`${program} ${words.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

async function build() {
  for (const space of [here, there]) {
    run('ip', 'netns', 'add', space);
    run('ip', '-n', space, 'link', 'set', 'lo', 'up');
  }
  run(
    'ip',
    'link',
    'add',
    'eth0',
    'netns',
    here,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    there,
  );
  run('ip', '-n', here, 'address', 'add', '10.78.0.1/24', 'dev', 'eth0');
  run('ip', '-n', there, 'address', 'add', `${TARGET}/24`, 'dev', 'eth0');
  for (let last = 10; last < 63; last++) {
    run('ip', '-n', there, 'address', 'add', `10.78.0.${last}/24`, 'dev', 'eth0');
  }
  for (const space of [here, there]) run('ip', '-n', space, 'link', 'set', 'eth0', 'up');
  const words = ['netns', 'exec', there, process.execPath, LISTENERS, PORTS, '53,123,161'];
  const listeners = spawn('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(listeners.stdout, 'data');
  return listeners;
}

/** Wall seconds, CPU seconds and open ports found of one run. */
function measure(program, words, count) {
  const times = ['-f', '%e %U %S'];
  const all = ['netns', 'exec', here, '/usr/bin/time', ...times, program, ...words];
  const done = spawnSync('ip', all, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const [wall, user, system] = done.stderr
    .trim()
    .split(/[\r\n]/)
    .at(-1)
    .split(' ')
    .map(Number);
  return { wall, cpu: user + system, found: count(done.stdout) };
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

const ours = (...words) => [
  process.execPath,
  [CLI, 'scan', '--json', ...words],
  (out) => JSON.parse(out).ports.length,
];
const nmap = (...words) => [
  'nmap',
  ['-n', '-oG', '-', ...words],
  (out) => (out.match(/\/open\//g) ?? []).length,
];

function contests() {
  const mac = /link\/ether (\S+)/.exec(run('ip', '-n', there, '-o', 'link', 'show', 'eth0'))[1];
  const how = ['--interface', 'eth0', '--router-mac', mac, '--source-ip', '10.78.0.1', '-oL', '-'];
  const masscan = (rate) => [
    'masscan',
    [...how, '--rate', String(rate), '--wait', '1', '-p1-65535', TARGET],
    (out) => (out.match(/^open /gm) ?? []).length,
  ];
  return {
    'SYN, 65,535 ports of one host': {
      portreeve: ours(TARGET, '-p', 'all', '--engine', 'syn', '--timing', '4'),
      'nmap -sS -T4': nmap('-Pn', '-sS', '-T4', '-p-', TARGET),
      'masscan at 100,000/s': masscan(100_000),
    },
    'connect, 65,535 ports of one host': {
      portreeve: ours(TARGET, '-p', 'all', '--engine', 'connect', '--timing', '4'),
      'nmap -sT -T4': nmap('-Pn', '-sT', '-T4', '-p-', TARGET),
    },
    '/24 with 54 hosts, ports 1-1000': {
      portreeve: ours('10.78.0.0/24', '-p', '1-1000', '--timing', '4'),
      'nmap -sS -T4': nmap('-sS', '-T4', '-p', '1-1000', '10.78.0.0/24'),
    },
  };
}

const listeners = await build();
try {
  for (const [contest, contenders] of Object.entries(contests())) {
    console.log(`\n${contest}, median of ${RUNS}`);
    const results = new Map(Object.keys(contenders).map((name) => [name, []]));
    // In turn, so that what else the machine does falls on all alike.
    for (let round = 0; round < RUNS; round++) {
      for (const [name, [program, words, count]] of Object.entries(contenders)) {
        results.get(name).push(measure(program, words, count));
      }
    }
    const own = median(results.get('portreeve').map(({ wall }) => wall));
    for (const [name, runs] of results) {
      const wall = median(runs.map((each) => each.wall));
      const cpu = median(runs.map((each) => each.cpu));
      const found = [...new Set(runs.map((each) => each.found))].join('/');
      const ratio =
        name === 'portreeve' ? '' : `  portreeve takes ${(own / wall).toFixed(2)} of it`;
      console.log(
        `  ${name.padEnd(22)} ${wall.toFixed(2)} s wall  ${cpu.toFixed(2)} s CPU  ${found} open${ratio}`,
      );
    }
  }
} finally {
  listeners.kill('SIGKILL');
  for (const space of [here, there]) {
    for (const pid of run('ip', 'netns', 'pids', space).split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    run('ip', 'netns', 'delete', space);
  }
}
