/**
 * Whether a scan says truly how long it will still take, and how soon it shows what it finds: scans
 * of several shapes in network namespaces, with and without loss and delay, watched through a
 * terminal as people see them. Prints what was announced when a tenth, a quarter, a half and three
 * quarters of the time had passed, against what really came. Needs root, nft, script and cc.
 *
 *   node bench/scan-outlook.mjs [pattern of shapes] [pattern of links]
 *   node bench/scan-outlook.mjs --first [runs]      only how soon the first port is told
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endOnSignals, makeSpaces, removeSpaces, run, spaceNames } from './spaces.mjs';

const [, , shapePattern = '.', linkPattern = '.'] = process.argv;
const FIRST = shapePattern === '--first' ? Number(process.argv[3] ?? 5) : 0;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const CLI = here('../dist/cli.js');
const LISTENERS = here('../test/lab/scan-listeners.mjs');
const OPEN = '22,80,443,1234,3306,5432,8080,9999,12345,23456,30001,33333,40000,44444,50505,55555';
const UDP = '53,123,161';
const spaces = spaceNames(3);
const [asker, middle, target] = spaces;
const folder = mkdtempSync(join(tmpdir(), 'portreeve-outlook-'));

const inside = (space, ...words) => run('ip', 'netns', 'exec', space, ...words);

/** The same target over two links: 10.79.0.0/24 straight, 10.80.0.0/24 through the relay. */
function connect() {
  makeSpaces(spaces);
  const pair = (name, left, other, right) => {
    const words = ['netns', left, 'type', 'veth', 'peer', 'name', other, 'netns', right];
    run('ip', 'link', 'add', name, ...words);
  };
  pair('eth0', asker, 'eth0', target);
  pair('eth1', asker, 'near', middle);
  pair('eth1', target, 'far', middle);
  for (const [link, net] of [
    ['eth0', '10.79.0'],
    ['eth1', '10.80.0'],
  ]) {
    run('ip', '-n', asker, 'address', 'add', `${net}.1/24`, 'dev', link);
    for (let last = 2; last < 32; last++) {
      run('ip', '-n', target, 'address', 'add', `${net}.${last}/24`, 'dev', link);
    }
    for (const space of [asker, target]) run('ip', '-n', space, 'link', 'set', link, 'up');
  }
  for (const link of ['near', 'far']) run('ip', '-n', middle, 'link', 'set', link, 'up');
  for (const space of [asker, target]) inside(space, 'ethtool', '-K', 'eth1', 'tx', 'off');
}

/** Addresses of each network by what stands before them: .3 filters most, .4 nearly all. */
const WALL = `table inet wall { chain in { type filter hook input priority 0
  ip daddr { 10.79.0.3, 10.80.0.3 } tcp dport 3000-65535 drop
  ip daddr { 10.79.0.4, 10.80.0.4 } tcp dport != { 22, 80, 443 } drop
  ip daddr { 10.79.0.6, 10.80.0.6 } tcp dport 30000-65535 drop
}
}`;
const lossy = (hook) =>
  `chain ${hook} { type filter hook ${hook} priority -500
    meta l4proto { tcp, udp, icmp } numgen random mod 100 < 5 drop
  }
`;

const LINKS = {
  straight: ['10.79.0', ''],
  loss: ['10.79.0', `table inet loss { ${lossy('input')}${lossy('output')}}`],
  'loss, 30 ms': ['10.80.0', `table inet loss { ${lossy('input')}${lossy('output')}}`],
};

const SHAPES = {
  'one host, closed, 8,000 a second': (net) => [`${net}.2`, '-p', 'all', '--max-rate', '8000'],
  'one host, closed, connect': (net) => [`${net}.2`, '-p', 'all', '--engine', 'connect'],
  'mostly filtered, syn': (net) => [`${net}.3`, '-p', '1-50000', '--engine', 'syn'],
  'mostly filtered, connect': (net) => [`${net}.3`, '-p', '1-20000', '--engine', 'connect'],
  'all but three filtered': (net) => [`${net}.4`, '-p', '1-20000'],
  'half filtered': (net) => [`${net}.6`, '-p', 'all', '--max-rate', '20000'],
  'a /24 with 225 dead, 1,000 ports': (net) => [
    `${net}.0/24`,
    '-p',
    '1-1000',
    '--max-rate',
    '5000',
  ],
  'five hosts of all kinds': (net) => [`${net}.2-6`, '-p', '1-8000'],
  'UDP, one ICMP error a second': (net) => [`${net}.2`, '-t', 'udp'],
  'UDP, twenty ports': (net) => [`${net}.2`, '-t', 'udp', '-p', '1-20,53,123,161'],
  'services on 30 ports': (net) => [`${net}.2`, '-p', '20000-20029', '--services'],
};

/** Scans of which only the first port counts. */
const SOON = {
  'syn, one host': (net) => [`${net}.2`, '--engine', 'syn'],
  'syn, 65,535 ports': (net) => [`${net}.2`, '-p', 'all', '--engine', 'syn'],
  'connect, one host': (net) => [`${net}.2`, '--engine', 'connect'],
  'node, one host': (net) => [`${net}.2`, '--engine', 'node'],
  'udp, one host': (net) => [`${net}.2`, '-t', 'udp'],
  'syn, a host that filters all but three': (net) => [`${net}.4`],
  'connect, the same': (net) => [`${net}.4`, '--engine', 'connect'],
  'syn, a /24 with 225 dead': (net) => [`${net}.0/24`],
  'connect, a /24 with 225 dead': (net) => [`${net}.0/24`, '--engine', 'connect'],
  'syn, the same without discovery': (net) => [`${net}.0/24`, '--no-discovery'],
  'udp, a /24 with 225 dead': (net) => [`${net}.0/24`, '-t', 'udp'],
  'a /20 with 30 hosts, the rest far away': (net) => [`${net}.2/20`, '-p', '22,80,443'],
};

const MARKS = [0.1, 0.25, 0.5, 0.75];

/** What the terminal showed when, ms since the start. */
async function watch(words) {
  const line = [process.execPath, CLI, 'scan', ...words, '--json'].join(' ');
  const all = ['netns', 'exec', asker, 'script', '-qfec', `${line} > /dev/null`, '/dev/null'];
  const startMs = performance.now();
  const child = spawn('ip', all, { stdio: ['ignore', 'pipe', 'inherit'] });
  const shown = [];
  let firstMs;
  child.stdout.on('data', (octets) => {
    const ms = performance.now() - startMs;
    const text = octets.toString();
    if (firstMs === undefined && text.includes('open  ')) firstMs = ms;
    for (const [, bound = '', figure, unit] of text.matchAll(LEFT)) {
      shown.push({ ms, bound: bound.trim(), leftMs: Number(figure) * UNIT[unit] });
    }
  });
  await once(child, 'close');
  return { wholeMs: performance.now() - startMs, firstMs, shown };
}
const LEFT = /(at most |at least )?([\d.]+) (ms|s|min|h) left/g;
const UNIT = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** Until the first line of NDJSON with a port, ms. */
async function firstLine(words) {
  const all = ['netns', 'exec', asker, process.execPath, CLI, 'scan', ...words, '--ndjson'];
  const startMs = performance.now();
  const child = spawn('ip', all, { stdio: ['ignore', 'pipe', 'inherit'] });
  let firstMs;
  child.stdout.on('data', (octets) => {
    if (octets.includes('"kind":"port"')) firstMs ??= performance.now() - startMs;
    if (firstMs !== undefined) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return firstMs;
}

/** What was announced at a part of the time, against what came. */
function at(mark, { wholeMs, shown }) {
  const nowMs = mark * wholeMs;
  const last = shown.filter(({ ms }) => ms <= nowMs).at(-1);
  if (last === undefined) return '–';
  const realMs = wholeMs - nowMs;
  // It counts down from when it was shown.
  const error = (last.leftMs - (nowMs - last.ms)) / realMs - 1;
  const sign = { 'at most': '≤ ', 'at least': '≥ ' }[last.bound] ?? '';
  const small = Math.abs(error * realMs) < 400 ? ' (< 0.4 s)' : '';
  return `${sign}${error > 0 ? '+' : ''}${Math.round(100 * error)} %${small}`;
}

async function started(space, ...words) {
  const child = spawn('ip', ['netns', 'exec', space, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
}

async function outlooks() {
  console.log(
    '| shape | link | whole s | 10 % | 25 % | 50 % | 75 % | first shown s | first line s |',
  );
  console.log('| --- | --- | --: | --: | --: | --: | --: | --: | --: |');
  for (const [shape, words] of Object.entries(SHAPES)) {
    if (!new RegExp(shapePattern).test(shape)) continue;
    for (const [link, [net, rules]] of Object.entries(LINKS)) {
      if (!new RegExp(linkPattern).test(link)) continue;
      inside(target, 'nft', `flush ruleset\n${WALL}\n${rules}`);
      const seen = await watch(words(net));
      const line = await firstLine(words(net));
      const seconds = (ms) => (ms === undefined ? '–' : (ms / 1000).toFixed(2));
      const marks = MARKS.map((mark) => at(mark, seen));
      const cells = [
        shape,
        link,
        seconds(seen.wholeMs),
        ...marks,
        seconds(seen.firstMs),
        seconds(line),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}

async function firsts() {
  console.log('| scan | link | first line s, median | most |');
  console.log('| --- | --- | --: | --: |');
  for (const [name, words] of Object.entries(SOON)) {
    for (const [link, [net, rules]] of Object.entries(LINKS)) {
      if (link === 'loss') continue;
      inside(target, 'nft', `flush ruleset\n${WALL}\n${rules}`);
      const times = [];
      for (let turn = 0; turn < FIRST; turn++) times.push(await firstLine(words(net)));
      times.sort((left, right) => left - right);
      const seconds = [times[times.length >> 1], times.at(-1)].map((ms) => (ms / 1000).toFixed(2));
      console.log(`| ${[name, link, ...seconds].join(' | ')} |`);
    }
  }
}

function end() {
  removeSpaces(spaces);
  rmSync(folder, { recursive: true, force: true });
}

endOnSignals(end);
run('cc', '-O2', '-o', join(folder, 'relay'), here('./relay.c'));
try {
  connect();
  await started(middle, join(folder, 'relay'), 'near', 'far', '15000');
  await started(target, process.execPath, LISTENERS, OPEN, UDP);
  await started(target, process.execPath, here('./scan-servers.mjs'), '20000');
  await (FIRST > 0 ? firsts() : outlooks());
} finally {
  end();
}
