/**
 * How many packets of a flood a capture loses: portreeve beside tcpdump and iptraf-ng, in network
 * namespaces of this machine, with rings of the same size, in turns. Needs root and Linux's tc.
 *
 *   node bench/capture.mjs flood [packets] [rounds] [ring KiB]    as fast as the sender can
 *   node bench/capture.mjs spread [packets] [rounds] [ring KiB]   the same, to 900 ports
 *   node bench/capture.mjs rate [packets] [rounds] [ring KiB]     the highest rate without a drop
 *   node bench/capture.mjs view [packets] [keys] [ring KiB]       from a key to the screen (tmux)
 *
 * A further word, a pattern, chooses the programs that have it in their name (`-w|watch`).
 * PORTREEVE_CLI names another build, to compare with.
 *
 * A sender alone is slower than any capture. So the receiving namespace multiplies what comes:
 * each frame is handed to the interface captured from `COPIES` times (tc, mirred), which costs the
 * kernel little more than the capture's own copy. The sender has the first core, the capture the
 * second, and only the kernel's counters and the programs' own last lines are believed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endOnSignals, makeSpaces, removeSpaces, run, spaceNames } from './spaces.mjs';

const [mode = 'flood', packetsText = '8000000', roundsText = '3', ring = '16384', only = ''] =
  process.argv.slice(2);
const COPIES = 16;
/** Destination ports of the flood; all below 1024, which iptraf-ng counts unasked. */
const PORTS = mode === 'spread' ? 900 : 1;
const packets = Number(packetsText);
const CLI = process.env.PORTREEVE_CLI ?? fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const FLOOD = fileURLToPath(new URL('flood.mjs', import.meta.url));
const spaces = spaceNames(2);
const [sender, receiver] = spaces;
const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-'));
const iptrafLog = join(folder, 'iptraf.log');
const portreeve = [process.execPath, CLI];
const live = ['-i', 'cap0', '-B', ring];

/** Programs with what they say once they capture, and where they say what they got and lost. */
const CONTENDERS = [
  {
    name: 'tcpdump -w /dev/null',
    // Without a user of its own, which it would give the file to.
    command: ['tcpdump', ...live, '-nn', '-Z', 'root', '-w', '/dev/null'],
    ready: 'listening on',
    counts: tcpdumpCounts,
  },
  {
    name: 'portreeve capture -w /dev/null',
    command: [...portreeve, 'capture', ...live, '-w', '/dev/null'],
    ready: 'capturing on',
    counts: portreeveCounts,
  },
  {
    name: 'portreeve watch --ndjson',
    command: [...portreeve, 'watch', ...live, '--ndjson', '--interval', '1s'],
    ready: 'capturing on',
    counts: (text) => {
      const lines = text.split('\n').filter((line) => line.startsWith('{'));
      const last = JSON.parse(lines.at(-1));
      const dropped = last.interfaces.reduce((sum, each) => sum + each.dropped, 0);
      return { captured: last.packets, dropped };
    },
  },
  {
    name: 'tcpdump -nq > /dev/null',
    command: ['sh', '-c', `exec tcpdump ${live.join(' ')} -nq > /dev/null`],
    ready: 'listening on',
    counts: tcpdumpCounts,
  },
  {
    name: 'portreeve capture -nq > /dev/null',
    command: ['sh', '-c', `exec ${portreeve.join(' ')} capture ${live.join(' ')} -nq > /dev/null`],
    ready: 'capturing on',
    counts: portreeveCounts,
  },
  {
    name: 'iptraf-ng -s',
    command: ['iptraf-ng', '-s', 'cap0', '-t', '1', '-B', '-L', iptrafLog],
    ready: '',
    counts: (_, sent) => {
      let captured = 0;
      for (const [, more] of readFileSync(iptrafLog, 'utf8').matchAll(/UDP\/\d+: (\d+) packets/g)) {
        captured += Number(more);
      }
      return { captured, dropped: sent - captured };
    },
  },
  {
    // Its traffic monitor writes no figures; what it got and lost stands on its screen.
    name: 'iptraf-ng -i',
    command: ['iptraf-ng', '-i', 'cap0'],
    screen: true,
    counts: (text) => ({
      captured: number(text, /Packets captured: +(\d+)/),
      dropped: number(text, /Drops: +(\d+)/),
    }),
  },
];

function tcpdumpCounts(text) {
  return {
    captured: number(text, /(\d+) packets? captured/),
    dropped: number(text, /(\d+) packets? dropped by kernel/),
  };
}

function portreeveCounts(text) {
  return {
    captured: number(text, /([\d,]+) packets? (?:captured|printed)/),
    dropped: number(text, /([\d,]+) dropped by/),
  };
}

function number(text, pattern) {
  return Number((pattern.exec(text)?.[1] ?? '0').replaceAll(',', ''));
}

const inside = (space, ...words) => run('ip', 'netns', 'exec', space, ...words);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends `count` packets, `rate` a second; 0 is as fast as can be. */
async function flood(count, rate) {
  const amounts = [Math.ceil(count / COPIES), rate / COPIES, 1000, PORTS].map(String);
  const pinned = ['taskset', '-c', '0', process.execPath, FLOOD, 'eth0', ...amounts];
  const child = spawn('ip', ['netns', 'exec', sender, ...pinned], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (piece) => {
    said += piece;
  });
  await new Promise((resolve) => child.once('close', resolve));
  const { sent, seconds } = JSON.parse(said);
  return { sent: sent * COPIES, rate: (sent * COPIES) / seconds };
}

/** Programs with a screen run on a server of this run's own. */
const tmux = (...words) => spawnSync('tmux', ['-L', sender, ...words], { encoding: 'utf8' }).stdout;

async function measuredOnScreen({ command, counts }, count, rate) {
  const words = `ip netns exec ${receiver} taskset -c 1 ${command.join(' ')}; sleep 60`;
  tmux('new-session', '-d', '-x', '100', '-y', '30', words);
  try {
    await pause(1500);
    const pid = inside(receiver, 'sh', '-c', 'ip netns pids "$(ip netns identify $$)"');
    const before = cpuOf(pid);
    const flooded = await flood(count, rate);
    await pause(2500);
    const cpu = cpuOf(pid) - before;
    return { ...flooded, ...counts(tmux('capture-pane', '-p')), cpu };
  } finally {
    tmux('kill-server');
  }
}

async function measured(contender, count, rate) {
  if (contender.screen) return measuredOnScreen(contender, count, rate);
  const { command, ready, counts } = contender;
  const child = spawn('ip', ['netns', 'exec', receiver, 'taskset', '-c', '1', ...command]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece) => {
      text += piece;
    });
  }
  const over = new Promise((resolve) => child.once('close', resolve));
  const endMs = Date.now() + 10_000;
  while (ready !== '' && !text.includes(ready) && Date.now() < endMs) await pause(50);
  rmSync(iptrafLog, { force: true });
  await pause(ready === '' ? 1500 : 300);
  const pid = inside(receiver, 'sh', '-c', 'ip netns pids "$(ip netns identify $$)"');
  const before = cpuOf(pid);
  const flooded = await flood(count, rate);
  await settled(pid);
  const cpu = cpuOf(pid) - before;
  child.kill('SIGINT');
  for (const each of command[0] === 'iptraf-ng' ? pid.split('\n').filter(Boolean) : []) {
    spawnSync('kill', ['-USR2', each]);
    // It writes its figures before it goes.
    await pause(1500);
  }
  await over;
  return { ...flooded, ...counts(text, flooded.sent), cpu };
}

/** Until processes have done what there is to do. */
async function settled(pids) {
  let calm = 0;
  for (let turn = 0; turn < 40 && calm < 5; turn++) {
    const before = cpuOf(pids);
    await pause(100);
    calm = cpuOf(pids) - before < 0.02 ? calm + 1 : 0;
  }
}

/** Processor seconds of processes, user and system. */
function cpuOf(pids) {
  let ticks = 0;
  for (const pid of pids.split('\n').filter(Boolean)) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It ended.
    }
  }
  return ticks / 100;
}

const whole = (value) => Math.round(value).toLocaleString('en-US');

async function rounds(count, rate) {
  console.log('| program | round | sent/s | captured | dropped | of sent | lost untold | CPU s |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (let turn = 1; turn <= Number(roundsText); turn++) {
    for (const contender of CONTENDERS) {
      if (!new RegExp(only).test(contender.name)) continue;
      const { sent, rate: pps, captured, dropped, cpu } = await measured(contender, count, rate);
      const share = `${((dropped / sent) * 100).toFixed(2)} %`;
      const untold = sent - captured - dropped;
      const cells = [contender.name, turn, whole(pps), whole(captured), whole(dropped), share];
      console.log(`| ${[...cells, whole(untold), cpu.toFixed(1)].join(' | ')} |`);
    }
  }
}

/** The highest rate at which tcpdump dropped nothing, of shares of the sender's own; packets/s. */
async function lossless() {
  const { rate: most } = await flood(2_000_000, 0);
  for (const share of [1, 0.8, 0.65, 0.5, 0.4, 0.3, 0.2, 0.1]) {
    const wanted = share === 1 ? 0 : most * share;
    const { rate, dropped } = await measured(CONTENDERS[0], most * share * 3, wanted);
    console.log(`tcpdump at ${whole(rate)} packets/s: ${whole(dropped)} dropped`);
    if (dropped === 0) return wanted;
  }
  throw new Error('tcpdump drops packets at any rate that was tried');
}

/** Keys pressed in the live view while packets pour in: ms until the screen shows what they do. */
async function view(keys) {
  const watch = `taskset -c 1 ${portreeve.join(' ')} watch ${live.join(' ')}`;
  const words = `ip netns exec ${receiver} ${watch}; sleep 60`;
  tmux('new-session', '-d', '-x', '80', '-y', '24', words);
  const shows = async (pattern) => {
    const fromMs = performance.now();
    while (!pattern.test(tmux('capture-pane', '-p')) && performance.now() < fromMs + 20_000) {
      await pause(1);
    }
    return performance.now() - fromMs;
  };
  try {
    await shows(/live/);
    const flooding = flood(packets, 0);
    await pause(3000);
    const times = [];
    for (let index = 0; index < keys; index++) {
      tmux('send-keys', index % 2 === 0 ? '2' : '1');
      times.push(await shows(index % 2 === 0 ? /HOST +ZONE/ : /PORT +SERVICE/));
      await pause(330);
    }
    const header = tmux('capture-pane', '-p').split('\n').slice(0, 2).join(' | ');
    const { rate } = await flooding;
    times.sort((left, right) => left - right);
    const median = times[times.length >> 1];
    console.log(`${whole(rate)} packets/s; ${keys} keys: ${whole(times[0])} to`);
    console.log(`${whole(times.at(-1))} ms, median ${whole(median)} ms; the view: ${header}`);
  } finally {
    tmux('kill-server');
  }
}

function end() {
  removeSpaces(spaces);
  rmSync(folder, { recursive: true, force: true });
}

endOnSignals(end);
try {
  makeSpaces(spaces);
  for (const space of spaces) {
    inside(space, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1');
  }
  const pair = ['type', 'veth', 'peer', 'name'];
  run('ip', 'link', 'add', 'eth0', 'netns', sender, ...pair, 'in0', 'netns', receiver);
  run('ip', '-n', receiver, 'link', 'add', 'cap0', ...pair, 'cap1');
  run('ip', '-n', sender, 'link', 'set', 'eth0', 'up');
  for (const device of ['in0', 'cap0', 'cap1']) {
    run('ip', '-n', receiver, 'link', 'set', device, 'up');
  }
  // Frames are for this interface (iptraf-ng counts no others), and end behind the captures.
  run('ip', '-n', receiver, 'link', 'set', 'cap0', 'address', '02:00:00:00:00:09');
  const end = 'type filter hook ingress device cap0 priority 0; policy drop;';
  inside(receiver, 'nft', `table netdev end {\nchain in {\n${end}\n}\n}\n`);
  inside(receiver, 'tc', 'qdisc', 'add', 'dev', 'in0', 'clsact');
  const copies = Array.from({ length: COPIES }, (_, index) => {
    const last = index === COPIES - 1;
    return ['action', 'mirred', 'ingress', last ? 'redirect' : 'mirror', 'dev', 'cap0'].concat(
      last ? [] : ['pipe'],
    );
  });
  const all = ['protocol', 'all', 'u32', 'match', 'u32', '0', '0'];
  inside(receiver, 'tc', 'filter', 'add', 'dev', 'in0', 'ingress', ...all, ...copies.flat());
  console.log(`${whole(packets)} packets of 60 octets, ring of ${ring} KiB\n`);
  if (mode === 'view') await view(Number(roundsText));
  else await rounds(packets, mode === 'rate' ? await lossless() : 0);
} finally {
  end();
}
