/**
 * Counts what scans miss and what they invent on a link that loses 5 % each way: twenty listeners
 * among 65,535 ports, over a veth pair and through a relay with 30 ms each way. Needs root, nft and
 * python3.
 *
 *   node bench/loss.mjs [--runs 20] [--engines syn,connect,udp,sctp] [--links pair,relay] [--hogs N]
 *     [--icmp-limit]
 *
 * `--hogs` starts so many programs that each use a core in short bursts, at usual priority.
 * `--icmp-limit` leaves the host's limit of ICMP errors as Linux has it: one a second.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endOnSignals, makeSpaces, removeSpaces, run, spaceNames } from './spaces.mjs';

const { values: given } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    engines: { type: 'string', default: 'syn,connect,udp,sctp' },
    links: { type: 'string', default: 'pair,relay' },
    hogs: { type: 'string', default: '0' },
    delay: { type: 'string', default: '30' },
    'icmp-limit': { type: 'boolean', default: false },
  },
});
const RUNS = Number(given.runs);
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const CLI = path('../dist/cli.js');
const LISTENERS = path('../test/lab/scan-listeners.mjs');
const TCP = [
  22, 80, 443, 1234, 3306, 5432, 8080, 9999, 12345, 20000, 23456, 30001, 33333, 40000, 44444, 50505,
  55555, 60606, 65000, 65535,
];
const UDP = [
  53, 69, 88, 111, 123, 137, 161, 389, 443, 500, 1194, 1434, 1900, 3478, 5060, 5353, 5683, 11211,
  23456, 54321,
];
const OPEN = { syn: TCP, connect: TCP, udp: UDP, sctp: TCP };
const LINKS = { pair: ['eth0', '10.79.0'], relay: ['tun0', '10.79.1'] };
const [here, there] = spaceNames(2);
const children = [];

async function start(program, ...words) {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
}

const inside = ['ip', 'netns', 'exec', there];
const LOSS = ['input', 'output']
  .map(
    (hook) => `chain ${hook} { type filter hook ${hook} priority -500
      meta l4proto { tcp, udp, sctp, icmp } numgen random mod 100 < 5 drop
    }`,
  )
  .join('\n');

async function build() {
  makeSpaces([here, there]);
  const ends = `eth0 netns ${here} type veth peer name eth0 netns ${there}`;
  run('ip', 'link', 'add', ...ends.split(' '));
  await start('python3', path('../test/lab/tun-relay.py'), here, there, given.delay);
  for (const [device, net] of Object.values(LINKS)) {
    [here, there].forEach((space, index) => {
      run('ip', '-n', space, 'address', 'add', `${net}.${index + 1}/24`, 'dev', device);
      run('ip', '-n', space, 'link', 'set', device, 'up');
    });
  }
  // Unless told, no limit: neither to one host nor to all of them (`icmp_msgs_per_sec`).
  if (!given['icmp-limit']) run(...inside, 'sysctl', '-qw', 'net.ipv4.icmp_ratemask=0');
  run('ip', 'netns', 'exec', there, 'nft', `table inet loss {\n${LOSS}\n}`);
  await start(...inside, process.execPath, LISTENERS, TCP.join(','), UDP.join(','), 'endless');
  if (given.engines.includes('sctp')) {
    await start(...inside, 'python3', path('../test/lab/sctp-answerer.py'), TCP.join(','), '', '');
  }
  const burst =
    'for(;;){const t=Date.now()+20+60*Math.random();while(Date.now()<t);Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0,20*Math.random())}';
  for (let hog = 0; hog < Number(given.hogs); hog++) {
    children.push(spawn(process.execPath, ['-e', burst], { stdio: 'ignore' }));
  }
}

const words = (engine) =>
  engine === 'udp' || engine === 'sctp' ? ['-t', engine] : ['--engine', engine];

function trial(engine, link) {
  const target = `${LINKS[link][1]}.2`;
  const scan = [CLI, 'scan', target, '-p', 'all', '--json', ...words(engine)];
  const before = performance.now();
  const done = spawnSync('ip', ['netns', 'exec', here, process.execPath, ...scan], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - before) / 1000;
  if (done.status !== 0) return { seconds, failed: `${done.status} ${done.stderr}` };
  const { ports, facts } = JSON.parse(done.stdout);
  const found = ports.map(({ port }) => port);
  const missed = OPEN[engine].filter((port) => !found.includes(port));
  const invented = found.filter((port) => !OPEN[engine].includes(port));
  return { seconds, missed, invented, states: facts.states };
}

function end() {
  for (const child of children) child.kill('SIGKILL');
  removeSpaces([here, there]);
}

endOnSignals(end);
try {
  await build();
  for (const engine of given.engines.split(',')) {
    for (const link of given.links.split(',')) {
      const results = [];
      for (let round = 0; round < RUNS; round++) {
        const result = trial(engine, link);
        results.push(result);
        const { missed = [], invented = [], failed } = result;
        if (missed.length + invented.length > 0 || failed) console.log(JSON.stringify(result));
      }
      const sum = (key) => results.reduce((total, each) => total + (each[key]?.length ?? 0), 0);
      const seconds = results.map((each) => each.seconds).sort((a, b) => a - b);
      const failed = results.filter((each) => each.failed).length;
      console.log(
        `${engine} ${link}: ${RUNS} runs, ${sum('missed')} missed, ${sum('invented')} false, ${failed} failed,`,
        `${seconds[0].toFixed(1)} to ${seconds.at(-1).toFixed(1)} s, median ${seconds[RUNS >> 1].toFixed(1)} s,`,
        `load ${loadavg()[0].toFixed(0)}; last ${JSON.stringify(results.at(-1).states)}`,
      );
    }
  }
} finally {
  end();
}
