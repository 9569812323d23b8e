/**
 * Log reading side by side: `portreeve audit` on two million iptables lines (about 500 MB), with one
 * thread, on all processors and on one, and with two, beside `fwlogwatch` and `grep -c`, and on ASA
 * and FortiGate lines. Writes
 * seconds, MB/s, resident memory and ratios to LOGS.md. Makes its logs once, in the folder given
 * (default: the system's temporary folder).
 *
 *   node bench/logs.mjs [--dir FOLDER] [--lines N] [--rounds N]
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
}

const folder = option('dir', join(tmpdir(), 'portreeve-bench-logs'));
const lines = Number(option('lines', 2_000_000));
const rounds = Number(option('rounds', 3));
mkdirSync(folder, { recursive: true });

/** A generator of whole numbers below `most` that gives the same ones each time. */
function dice(seed) {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % most;
  };
}

const START_MS = Date.UTC(2026, 8, 1);
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const PORTS = [22, 23, 25, 80, 443, 445, 1433, 3389, 5060, 8080];

function stamp(index) {
  const time = new Date(START_MS + index * 400);
  const day = String(time.getUTCDate()).padStart(2);
  return `${MONTHS[time.getUTCMonth()]} ${day} ${time.toISOString().slice(11, 19)}`;
}

/**
 * Traffic as at the edge of a network: 40 % from 20,000 strangers, few of whom come often, each after
 * two ports; the rest from 200 inside hosts, each to 60 favourite places. Documentation addresses
 * would be too few.
 */
function traffic(roll) {
  const stranger = roll(100) < 40;
  if (stranger) {
    const rank = Math.floor((roll(20_000) * roll(20_000)) / 20_000);
    const source = `${1 + (rank % 9)}.${(rank >> 8) & 255}.${rank & 255}.${(rank * 7) & 255}`;
    return {
      src: source,
      dst: `10.0.2.${1 + roll(40)}`,
      sport: 1024 + roll(60_000),
      dport: PORTS[(rank + roll(2)) % 10],
      inward: true,
    };
  }
  const host = roll(200);
  const place = (host * 37 + roll(60) * 11) % 3000;
  return {
    src: `10.0.1.${1 + host}`,
    dst: `100.${128 + (place >> 8)}.${place & 255}.${1 + (place % 250)}`,
    sport: 32_768 + roll(28_000),
    dport: PORTS[place % 6],
    inward: false,
  };
}

const MAKERS = {
  iptables(index, roll) {
    const { src, dst, sport, dport, inward } = traffic(roll);
    const prefix = inward ? 'FW-DROP ' : roll(20) === 0 ? 'FW-REJECT ' : 'FW-ACCEPT ';
    const [from, to] = inward ? ['eth0', 'eth1'] : ['eth1', 'eth0'];
    return `${stamp(index)} gw kernel: [${(12_345 + index * 0.4).toFixed(6)}] ${prefix}IN=${from} OUT=${to} MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:08:00 SRC=${src} DST=${dst} LEN=52 TOS=0x00 PREC=0x00 TTL=127 ID=${roll(65_536)} DF PROTO=TCP SPT=${sport} DPT=${dport} WINDOW=64240 RES=0x00 SYN URGP=0`;
  },
  asa(index, roll) {
    const { src, dst, sport, dport, inward } = traffic(roll);
    const head = `<166>${stamp(index)} fw1 : `;
    if (inward) {
      return `${head}%ASA-4-106023: Deny tcp src outside:${src}/${sport} dst inside:${dst}/${dport} by access-group "OUT_IN" [0x0, 0x0]`;
    }
    return index % 2 === 0
      ? `${head}%ASA-6-302013: Built outbound TCP connection ${index} for outside:${dst}/${dport} (${dst}/${dport}) to inside:${src}/${sport} (203.0.113.9/${sport})`
      : `${head}%ASA-6-302014: Teardown TCP connection ${index - 1} for outside:${dst}/${dport} to inside:${src}/${sport} duration 0:00:53 bytes ${roll(100_000)} TCP FINs`;
  },
  fortigate(index, roll) {
    const { src, dst, sport, dport, inward } = traffic(roll);
    const [from, to] = inward ? ['wan1', 'lan'] : ['lan', 'wan1'];
    return `<189>date=2026-09-01 time=10:00:01 devname="fw" devid="FG0" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" eventtime=${(START_MS + index * 400) * 1000}000 srcip=${src} srcport=${sport} srcintf="${from}" srcintfrole="${from === 'lan' ? 'lan' : 'wan'}" dstip=${dst} dstport=${dport} dstintf="${to}" dstintfrole="${to === 'lan' ? 'lan' : 'wan'}" sessionid=${index} proto=6 action="${inward ? 'deny' : 'close'}" policyid=${1 + roll(30)} policytype="policy" service="TCP" trandisp="noop" duration=5 sentbyte=${roll(9000)} rcvdbyte=${roll(90_000)} sentpkt=9 rcvdpkt=12`;
  },
};

function make(name, count) {
  const path = join(folder, `${name}-${count}.log`);
  if (existsSync(path)) return path;
  const roll = dice(7);
  const file = openSync(path, 'w');
  let text = [];
  for (let index = 0; index < count; index++) {
    text.push(MAKERS[name](index, roll));
    if (text.length === 10_000) {
      writeSync(file, `${text.join('\n')}\n`);
      text = [];
    }
  }
  if (text.length > 0) writeSync(file, `${text.join('\n')}\n`);
  closeSync(file);
  return path;
}

/** One run: seconds, processor seconds, MB resident; undefined when the program is missing. */
function run(words) {
  const done = spawnSync('/usr/bin/time', ['-f', '%e %U %S %M', ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    timeout: 180_000,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  if (done.error !== undefined || done.status > 1) return undefined;
  const figures = done.stderr.trim().split('\n').at(-1).split(' ').map(Number);
  const [wall, user, system, kilobytes] = figures;
  return { wall, cpu: user + system, megabytes: kilobytes / 1000 };
}

function median(values) {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const audit = (path, workers) => [
  ...[process.execPath, CLI, 'audit', path, '--json', '--top', '20', '--workers', workers],
];
/** Compiling, too, happens on that processor, where it happens on the other one otherwise. */
const alone = (words) => ['taskset', '-c', '0', ...words];
const iptables = make('iptables', lines);
// fwlogwatch takes minutes for all lines; its time grows faster than they do.
const share = 100;
const few = make('iptables', Math.round(lines / share));
const asa = make('asa', Math.round(lines / 2));
const fortigate = make('fortigate', Math.round(lines / 2));
const contenders = [
  ['grep -c', iptables, ['grep', '-c', 'PROTO=TCP', iptables]],
  ['portreeve audit, one thread', iptables, audit(iptables, '0')],
  ['portreeve audit, one thread, one processor', iptables, alone(audit(iptables, '0'))],
  ['portreeve audit, two threads', iptables, audit(iptables, '1')],
  [`fwlogwatch, 1/${share} of the lines`, few, ['fwlogwatch', '-s', '-d', '-p', '-y', few]],
  ['portreeve audit, ASA, one thread', asa, audit(asa, '0')],
  ['portreeve audit, ASA, two threads', asa, audit(asa, '1')],
  ['portreeve audit, FortiGate, one thread', fortigate, audit(fortigate, '0')],
  ['portreeve audit, FortiGate, two threads', fortigate, audit(fortigate, '1')],
].map(([name, path, words]) => ({ name, words, octets: statSync(path).size, runs: [] }));

const loads = [loadavg()[0]];
// In turn, so that what else the machine does meets all of them.
for (let round = 0; round < rounds; round++) {
  for (const contender of contenders) {
    const result = run(contender.words);
    if (result !== undefined) contender.runs.push(result);
  }
  loads.push(loadavg()[0]);
}

const of = ({ runs }, figure) => median(runs.map((each) => each[figure]));
const rows = contenders.map((each) => {
  const { name, octets, runs } = each;
  if (runs.length === 0) return `| ${name} | not run | | | |`;
  const speed = octets / 1e6 / of(each, 'cpu');
  const cells = [of(each, 'wall').toFixed(2), of(each, 'cpu').toFixed(2), speed.toFixed(0)];
  return `| ${name} | ${[...cells, of(each, 'megabytes').toFixed(0)].join(' | ')} |`;
});
const [grep, one, alone1, two, watch, asa1, asa2, fortigate1, fortigate2] = contenders;
const ratio = (top, bottom, figure, times = 1) =>
  top.runs.length * bottom.runs.length === 0
    ? 'not run'
    : ((times * of(top, figure)) / of(bottom, figure)).toFixed(2);
const [{ model }] = cpus();
const text = `# Reading logs

- ${new Date().toISOString().slice(0, 10)}, Linux ${release()}, Node.js ${process.version}, ${model}, ${cpus().length} cores
- load average before and after each round: ${loads.map((each) => each.toFixed(1)).join(', ')}
- \`node bench/logs.mjs --lines ${lines} --rounds ${rounds}\`: ${lines.toLocaleString('en')} iptables lines, ${(grep.octets / 1e6).toFixed(0)} MB, and half as many of ASA and FortiGate, all made by it; medians of runs in turn, starting the program included

| program | s | CPU s | MB per CPU s | MB resident |
| --- | ---: | ---: | ---: | ---: |
${rows.join('\n')}

| ratio of medians | by time | by CPU |
| --- | ---: | ---: |
| of the speed of grep -c, one thread | ${ratio(grep, one, 'wall')} | ${ratio(grep, one, 'cpu')} |
| of the speed of grep -c, two threads | ${ratio(grep, two, 'wall')} | ${ratio(grep, two, 'cpu')} |
| two threads, times one that has a second processor for compiling | ${ratio(one, two, 'wall')} | ${ratio(one, two, 'cpu')} |
| two threads, times one on one processor | ${ratio(alone1, two, 'wall')} | ${ratio(alone1, two, 'cpu')} |
| ASA: two threads, times one | ${ratio(asa1, asa2, 'wall')} | ${ratio(asa1, asa2, 'cpu')} |
| FortiGate: two threads, times one | ${ratio(fortigate1, fortigate2, 'wall')} | ${ratio(fortigate1, fortigate2, 'cpu')} |
| one thread, times fwlogwatch, if that grew in step with the lines | ${ratio(watch, one, 'wall', share)} | ${ratio(watch, one, 'cpu', share)} |

With other work on the machine, seconds say little about two threads: they share the processors with
it. Answers of both are the same (test/e2e/audit-follow.test.ts, src/pipeline/verdict-ring.test.ts).
`;
const results = fileURLToPath(new URL('LOGS.md', import.meta.url));
writeFileSync(results, text);
spawnSync('npx', ['biome', 'format', '--write', results]);
console.log(text);
