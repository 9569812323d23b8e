/**
 * What scans find behind a filter that takes so many SYNs a second and drops the others (nftables'
 * `limit rate`), and how long that takes: twenty listeners among 5,000 ports over a veth pair.
 * Closed ports refuse, or (`mute`) all that is not open is silent. Needs root and nft.
 *
 *   node bench/limits.mjs [--rates 200,1000] [--bursts 5,1] [--rests refuse,mute]
 *     [--programs syn,connect,nmap] [--runs 3] [--hosts 1] [--ports 5000]
 *
 * With several hosts all share the one limit.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endOnSignals, makeSpaces, removeSpaces, run, spaceNames } from './spaces.mjs';

const { values: given } = parseArgs({
  options: {
    rates: { type: 'string', default: '200,1000' },
    bursts: { type: 'string', default: '5' },
    rests: { type: 'string', default: 'refuse,mute' },
    programs: { type: 'string', default: 'syn' },
    runs: { type: 'string', default: '3' },
    hosts: { type: 'string', default: '1' },
    ports: { type: 'string', default: '5000' },
  },
});
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const CLI = path('../dist/cli.js');
const OPEN = [
  22, 80, 111, 139, 443, 445, 631, 873, 993, 1234, 1883, 2049, 2222, 3000, 3306, 3389, 4000, 4242,
  4444, 4999,
];
const HOSTS = Number(given.hosts);
/** Listeners among the ports that are asked. */
const LISTENING = OPEN.filter((port) => port <= Number(given.ports)).length;
const [here, there] = spaceNames(2);
const inside = ['ip', 'netns', 'exec', there];
const targets = Array.from({ length: HOSTS }, (_, index) => `10.78.0.${index + 2}`);
const children = [];

async function build() {
  makeSpaces([here, there]);
  const ends = `eth0 netns ${here} type veth peer name eth0 netns ${there}`;
  run('ip', 'link', 'add', ...ends.split(' '));
  run('ip', '-n', here, 'address', 'add', '10.78.0.1/24', 'dev', 'eth0');
  for (const target of targets) {
    run('ip', '-n', there, 'address', 'add', `${target}/24`, 'dev', 'eth0');
  }
  for (const space of [here, there]) run('ip', '-n', space, 'link', 'set', 'eth0', 'up');
  const listeners = [...inside, process.execPath, path('../test/lab/scan-listeners.mjs')];
  const child = spawn(listeners[0], [...listeners.slice(1), OPEN.join(','), '', 'endless'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
}

function limit(rate, burst, rest) {
  const mute = rest === 'mute' ? `tcp dport != { ${OPEN.join(', ')} } drop` : 'accept';
  const rules = `flush ruleset
table inet limits {
  chain taken {
    ${mute}
  }
  chain input {
    type filter hook input priority 0
    tcp flags syn / syn,ack limit rate ${rate}/second burst ${burst} packets goto taken
    tcp flags syn / syn,ack drop
  }
}
`;
  const done = spawnSync(inside[0], [...inside.slice(1), 'nft', '-f', '-'], { input: rules });
  if (done.status !== 0) throw new Error(`${rules}${done.stderr}`);
}

function words(program) {
  const ports = ['-p', `1-${given.ports}`];
  if (program === 'nmap') {
    return ['nmap', '-sS', '-n', '-Pn', '-T4', '-oG', '-', ...ports, ...targets];
  }
  const scan = [CLI, 'scan', ...targets, ...ports, '--engine', program, '--format', 'greppable'];
  return [process.execPath, ...scan];
}

function trial(program) {
  const before = performance.now();
  const done = spawnSync('ip', ['netns', 'exec', here, ...words(program)], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - before) / 1000;
  if (done.status !== 0) throw new Error(`${program}: ${done.status} ${done.stderr}`);
  const found = [...done.stdout.matchAll(/(\d+)\/open\/tcp/g)].map(([, port]) => Number(port));
  return { seconds, found: found.length, invented: found.filter((port) => !OPEN.includes(port)) };
}

function end() {
  for (const child of children) child.kill('SIGKILL');
  removeSpaces([here, there]);
}

endOnSignals(end);
const each = (name) => given[name].split(',');
try {
  await build();
  for (const rest of each('rests')) {
    for (const burst of each('bursts')) {
      for (const rate of each('rates')) {
        limit(rate, burst, rest);
        for (const program of each('programs')) {
          const runs = Array.from({ length: Number(given.runs) }, () => trial(program));
          const told = runs.map(({ seconds, found }) => `${found} in ${seconds.toFixed(1)} s`);
          const invented = runs.flatMap((each) => each.invented);
          console.log(
            `${rate} a second, burst ${burst}, ${rest}, ${program}: ${told.join(', ')}`,
            `of ${LISTENING * HOSTS}${invented.length > 0 ? `, invented ${invented}` : ''}; load ${loadavg()[0].toFixed(1)}`,
          );
        }
      }
    }
  }
} finally {
  end();
}
