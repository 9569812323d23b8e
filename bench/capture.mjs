/**
 * How many packets of a flood a capture loses: portreeve beside tcpdump, in network namespaces of
 * this machine, with rings of the same size, in turns. Needs root. `node bench/capture.mjs
 * [packets] [rate] [rounds]`; a rate of 0 is as fast as the sender can.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const [packets = '2000000', rate = '0', rounds = '3'] = process.argv.slice(2);
const RING_KIB = '16384';
const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const FLOOD = fileURLToPath(new URL('flood.mjs', import.meta.url));
const tag = `pvb${randomBytes(2).toString('hex')}`;
const [sender, receiver] = [`${tag}a`, `${tag}b`];

/** Programs with the line in which they say what the kernel gave them and what it dropped. */
const CONTENDERS = [
  {
    name: 'tcpdump -w /dev/null',
    command: ['tcpdump', '-i', 'eth0', '-B', RING_KIB, '-nn', '-w', '/dev/null'],
    ready: 'listening on',
    counts: (text) => [
      number(text, /(\d+) packets? captured/),
      number(text, /(\d+) packets? dropped by kernel/),
    ],
  },
  {
    name: 'portreeve capture -w /dev/null',
    command: [process.execPath, CLI, 'capture', '-i', 'eth0', '-B', RING_KIB, '-w', '/dev/null'],
    ready: 'capturing on',
    counts: (text) => [
      number(text, /([\d,]+) packets captured/),
      number(text, /([\d,]+) dropped by/),
    ],
  },
  {
    name: 'portreeve watch --ndjson',
    command: [
      process.execPath,
      CLI,
      'watch',
      '-i',
      'eth0',
      '-B',
      RING_KIB,
      '--ndjson',
      '--interval',
      '1s',
    ],
    ready: '',
    counts: (text) => {
      const last = JSON.parse(
        text
          .trim()
          .split('\n')
          .filter((line) => line.startsWith('{'))
          .at(-1),
      );
      return [last.packets, last.interfaces[0].dropped];
    },
  },
];

function number(text, pattern) {
  return Number((pattern.exec(text)?.[1] ?? '0').replaceAll(',', ''));
}

function ip(...words) {
  const done = spawnSync('ip', words, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`ip ${words.join(' ')}: ${done.stderr}`);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function round({ name, command, ready, counts }) {
  const child = spawn('ip', ['netns', 'exec', receiver, ...command]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece) => {
      text += piece;
    });
  }
  const over = new Promise((resolve) => child.once('close', resolve));
  while (ready !== '' && !text.includes(ready)) await pause(50);
  await pause(ready === '' ? 1500 : 300);
  const words = ['netns', 'exec', sender, process.execPath, FLOOD, 'eth0', packets, rate];
  const flood = spawn('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  flood.stdout.on('data', (piece) => {
    said += piece;
  });
  await new Promise((resolve) => flood.once('close', resolve));
  await pause(2000);
  child.kill('SIGINT');
  await over;
  const { sent, seconds } = JSON.parse(said);
  const [captured, dropped] = counts(text);
  return { name, sent, pps: sent / seconds, captured, dropped, lost: sent - captured };
}

const whole = (value) => Math.round(value).toLocaleString('en-US');
ip('netns', 'add', sender);
ip('netns', 'add', receiver);
try {
  ip(
    'link',
    'add',
    'eth0',
    'netns',
    sender,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    receiver,
  );
  for (const space of [sender, receiver]) {
    spawnSync('ip', ['netns', 'exec', space, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1']);
    ip('-n', space, 'link', 'set', 'eth0', 'up');
  }
  console.log(`${whole(packets)} packets of 60 octets, ring of ${RING_KIB} KiB\n`);
  console.log('| program | round | sent/s | captured | dropped by kernel | lost |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (let turn = 1; turn <= Number(rounds); turn++) {
    for (const contender of CONTENDERS) {
      const { name, pps, captured, dropped, lost } = await round(contender);
      const cells = [name, turn, whole(pps), whole(captured), whole(dropped), whole(lost)];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
} finally {
  for (const space of [sender, receiver]) spawnSync('ip', ['netns', 'delete', space]);
}
