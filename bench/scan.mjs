/**
 * Scans one laboratory with Portreeve, Nmap and masscan in turn, and writes medians and ratios as
 * Markdown: two network namespaces on this machine, twenty listeners among 65,535 ports, a /24 with
 * 55 hosts, three UDP services behind Linux' limit of one ICMP error a second. Needs root, nmap and
 * masscan; takes about ten minutes.
 *
 *   node bench/scan.mjs [runs] [pattern of sections] [rate for masscan] > bench/SCAN.md
 *
 * Sections are syn, stateless, connect, dead, transmit, udp. Without a rate masscan's best is looked for.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpus, loadavg, release, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { makeSpaces, removeSpaces, run, spaceNames } from './spaces.mjs';

const RUNS = Number(process.argv[2] ?? 7);
const SECTIONS = new RegExp(process.argv[3] ?? '.');
const KNOWN_RATE = process.argv[4] === undefined ? undefined : Number(process.argv[4]);
/** UDP scans take long. */
const UDP_RUNS = Math.min(RUNS, 3);
const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const LISTENERS = fileURLToPath(new URL('../test/lab/scan-listeners.mjs', import.meta.url));
const PORTS =
  '22,80,443,1234,3306,5432,8080,9999,12345,20000,23456,30001,33333,40000,44444,50505,55555,60606,65000,65535';
const TARGET = '10.78.0.2';
const [here, there] = spaceNames(2);

async function build() {
  makeSpaces([here, there]);
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
  const timed = ['/usr/bin/time', '-f', '%e %U %S', program, ...words];
  // masscan sometimes waits for ever after its last probe.
  const limit = program === 'masscan' ? '10' : '120';
  const all = ['netns', 'exec', here, 'timeout', '-s', 'KILL', limit, ...timed];
  const done = spawnSync('ip', all, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status === 137) return { wall: Number.POSITIVE_INFINITY, cpu: 0, found: 'no end' };
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

const portText = () =>
  JSON.parse(run(process.execPath, CLI, 'scan', TARGET, '-t', 'udp', '--dry-run', '--json'))
    .ports[0].ports;
const mac = () => /link\/ether (\S+)/.exec(run('ip', '-n', there, '-o', 'link', 'show', 'eth0'))[1];
const masscanWords = () => [
  '--interface',
  'eth0',
  '--router-mac',
  mac(),
  // An address that the kernel does not know: it would reset what masscan has begun.
  '--source-ip',
  '10.78.0.200',
];

const masscan = (rate) => [
  'masscan',
  [...masscanWords(), '-oL', '-', '--rate', String(rate), '--wait', '0', '-p1-65535', TARGET],
  (out) => (out.match(/^open /gm) ?? []).length,
];

/** The highest rate at which masscan found all ports three times; undefined: none did. */
function losslessRate() {
  const all = PORTS.split(',').length;
  for (const rate of [400_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5000, 2000]) {
    if ([0, 1, 2].every(() => measure(...masscan(rate)).found === all)) return rate;
  }
}

const pause = (ms) => spawnSync('sleep', [String(ms / 1000)]);

/** Rounds in turn, so that what else the machine does falls on all alike. */
function contest(title, contenders, rounds, restMs = 0) {
  const results = new Map(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, words] of Object.entries(contenders)) {
      results.get(name).push(measure(...words));
      pause(restMs);
    }
  }
  console.log(`\n## ${title}\n\nMedians of ${rounds} interleaved runs.\n`);
  console.log('| program | wall s | least–most s | CPU s | found | portreeve takes |');
  console.log('| --- | --: | --: | --: | --: | --: |');
  const own = median(results.get('portreeve').map(({ wall }) => wall));
  for (const [name, runs] of results) {
    const walls = runs.map((each) => each.wall);
    const wall = median(walls);
    const cells = [
      name,
      wall.toFixed(2),
      `${Math.min(...walls).toFixed(2)}–${Math.max(...walls).toFixed(2)}`,
      median(runs.map((each) => each.cpu)).toFixed(2),
      [...new Set(runs.map((each) => each.found))].join(' / '),
      name.startsWith('portreeve') ? '' : `× ${(own / wall).toFixed(2)}`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

/** The most frames that left in a second, sampled ten times a second, in `seconds`. */
async function peakRate(program, words, seconds) {
  const child = spawn('ip', ['netns', 'exec', here, program, ...words], { stdio: 'ignore' });
  const sent = () =>
    Number(/TX:.*\n\s+\d+\s+(\d+)/.exec(run('ip', '-n', here, '-s', 'link', 'show', 'eth0'))[1]);
  const samples = [];
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    samples.push([performance.now(), sent()]);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill('SIGKILL');
  for (const pid of run('ip', 'netns', 'pids', here).split('\n').filter(Boolean)) {
    process.kill(Number(pid), 'SIGKILL');
  }
  return Math.max(
    ...samples.map(([ms, count]) => {
      const later = samples.find(([other]) => other >= ms + 1000);
      return later === undefined ? 0 : (1000 * (later[1] - count)) / (later[0] - ms);
    }),
  );
}

async function transmit() {
  // Nobody answers: the target drops what arrives at once.
  run('ip', 'netns', 'exec', there, 'nft', DROP_ALL);
  const many = ['10.78.0.10-62', '-p'];
  const rates = { portreeve: [], masscan: [] };
  for (let round = 0; round < 3; round++) {
    const own = [CLI, 'scan', ...many, 'all', '--engine', 'syn', '--rate', '10000000', '--json'];
    rates.portreeve.push(await peakRate(process.execPath, own, 6));
    const words = [...masscanWords(), '--rate', '10000000', '-p1-65535', '10.78.0.10-10.78.0.62'];
    rates.masscan.push(await peakRate('masscan', words, 6));
  }
  run('ip', 'netns', 'exec', there, 'nft', 'flush ruleset');
  const [own, theirs] = [median(rates.portreeve), median(rates.masscan)];
  console.log('\n## Raw transmit\n');
  console.log('Most frames in a second on the same interface, medians of 3 interleaved runs.\n');
  console.log('| program | SYNs a second |\n| --- | --: |');
  console.log(`| portreeve | ${Math.round(own).toLocaleString('en')} |`);
  console.log(`| masscan | ${Math.round(theirs).toLocaleString('en')} |`);
  console.log(`\nportreeve sends ${(own / theirs).toFixed(2)} × what masscan sends.`);
}

const DROP_ALL =
  'table netdev wall { chain in { type filter hook ingress device "eth0" priority 0; ip protocol tcp drop; }; }';

const openUdp = (out) => {
  const xml = [...out.matchAll(/portid="(\d+)"><state state="([^"]+)"/g)];
  const rest = /<extraports state="closed" count="(\d+)"/.exec(out)?.[1] ?? 0;
  const of = (state) => xml.filter((each) => each[2] === state).length;
  return `${of('open')} open, ${of('closed') + Number(rest)} closed`;
};
const ownUdp = (out) => {
  const { states } = JSON.parse(out).facts;
  return `${states['open udp-response'] ?? 0} open, ${states['closed port-unreach'] ?? 0} closed`;
};

const everyPort = () => ours(TARGET, '-p', 'all', '--engine', 'syn', '--timing', '4');

function syn() {
  const contenders = {
    portreeve: everyPort(),
    'nmap -sS -T4': nmap('-Pn', '-sS', '-T4', '-p-', TARGET),
  };
  contest('SYN, 65,535 ports of one host', contenders, RUNS);
}

function stateless() {
  const rate = KNOWN_RATE ?? losslessRate();
  if (rate === undefined) {
    console.log('\nmasscan found all twenty ports three times at no rate from 2,000 to 400,000.');
    return;
  }
  const name = `masscan --rate ${rate} --wait 0`;
  contest('The same, beside masscan', { portreeve: everyPort(), [name]: masscan(rate) }, RUNS);
}

function connect() {
  const contenders = {
    portreeve: ours(TARGET, '-p', 'all', '--engine', 'connect', '--timing', '4'),
    'nmap -sT -T4': nmap('-Pn', '-sT', '-T4', '-p-', TARGET),
  };
  contest('connect, 65,535 ports of one host', contenders, RUNS);
}

function dead() {
  const contenders = {
    portreeve: ours('10.78.0.0/24', '-p', '1-1000', '--timing', '4'),
    'nmap -sS -T4': nmap('-sS', '-T4', '-p', '1-1000', '10.78.0.0/24'),
  };
  contest('A /24 with 201 dead addresses, ports 1-1000', contenders, RUNS);
}

function udp() {
  const [program, words] = ours(TARGET, '-t', 'udp', '--timing', '4');
  const normal = ours(TARGET, '-t', 'udp')[1];
  const nmapUdp = ['-n', '-Pn', '-sU', '-T4', '-p', portText(), '-oX', '-', TARGET];
  const contenders = {
    portreeve: [program, words, ownUdp],
    'nmap -sU -T4': ['nmap', nmapUdp, openUdp],
    'portreeve at timing 3': [program, normal, ownUdp],
  };
  contest('UDP, the same 100 ports, one ICMP error a second', contenders, UDP_RUNS, 7000);
}

const version = (program, ...words) =>
  run(program, ...words)
    .trim()
    .split('\n')[0];
const listeners = await build();
try {
  const [cpu] = cpus();
  console.log('# Scans\n');
  console.log(
    `- ${new Date().toISOString().slice(0, 10)}, ${type()} ${release()}, Node.js ${process.version}`,
  );
  console.log(
    `- ${cpu.model.trim()}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)} at start`,
  );
  console.log(`- ${version('nmap', '--version')}`);
  console.log('- `node bench/scan.mjs`: two namespaces, a veth pair; each program started anew');
  for (const [name, section] of Object.entries({ syn, stateless, connect, dead, transmit, udp })) {
    if (SECTIONS.test(name)) await section();
  }
} finally {
  listeners.kill('SIGKILL');
  removeSpaces([here, there]);
}
