/**
 * Lists 10,000 sockets of 1,000 processes, and `ss -tulpn` beside it, in a network namespace of its
 * own. Root; run `node scripts/build.mjs` first. Prints the median and the fastest of each. Leaves out
 * NODE_EXTRA_CA_CERTS, which costs Node more than its own start, and the first runs, which compile.
 */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../test/lab/population.pl', import.meta.url));
const PROCESSES = 1000;
const SOCKETS = 10;
const RUNS = 9;
const WARM_UPS = 5;
const SPACE = `pvbench${process.pid}`;
delete process.env.NODE_EXTRA_CA_CERTS;

function run(program, ...words) {
  const done = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status !== 0)
    throw new Error(`${program} ${words.join(' ')}: ${done.stderr || done.error}`);
  return done.stdout;
}

function describe() {
  const lines = [];
  for (let process = 0; process < PROCESSES; process++) {
    lines.push(`process p${process} 0`);
    for (let socket = 0; socket < SOCKETS; socket++) {
      const port = 1024 + process * SOCKETS + socket;
      lines.push(
        `socket ${socket % 2 ? 6 : 4} ${socket % 4 < 2 ? 'tcp' : 'udp'} ${socket % 2 ? '::1' : '127.0.0.1'} ${port} 0 1 - 5`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function time(...words) {
  const start = process.hrtime.bigint();
  const text = run('ip', 'netns', 'exec', SPACE, ...words);
  return { ms: Number(process.hrtime.bigint() - start) / 1e6, text };
}

function summary(times) {
  const sorted = [...times].sort((left, right) => left - right);
  return { median: sorted[sorted.length >> 1], fastest: sorted[0] };
}

run('ip', 'netns', 'add', SPACE);
const child = spawn('ip', ['netns', 'exec', SPACE, 'perl', PROGRAM], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
try {
  run('ip', '-n', SPACE, 'link', 'set', 'lo', 'up');
  child.stdin.end(describe());
  let ready = 0;
  await new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      ready += chunk.length;
      if (ready >= PROCESSES) resolve();
    });
  });
  const contenders = {
    'ss -tulpn': ['ss', '-H', '-tulpn', '-O'],
    'portreeve sockets': [process.execPath, CLI, 'sockets'],
    'portreeve sockets --json': [process.execPath, CLI, 'sockets', '--json'],
    'portreeve sockets --plain': [process.execPath, CLI, 'sockets', '--format', 'plain'],
  };
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  // In turns, so that what else the machine does falls on all alike.
  for (let turn = -WARM_UPS; turn < RUNS; turn++) {
    for (const [name, words] of Object.entries(contenders)) {
      const { ms, text } = time(...words);
      if (turn >= 0) times[name].push(ms);
      if (turn === 0) console.error(`${name}: ${text.split('\n').length} lines`);
    }
  }
  const base = summary(times['ss -tulpn']).median;
  for (const name of Object.keys(contenders)) {
    const { median, fastest } = summary(times[name]);
    console.log(
      `${name.padEnd(28)} median ${median.toFixed(0)} ms, fastest ${fastest.toFixed(0)} ms, ${(median / base).toFixed(2)}x ss`,
    );
  }
} finally {
  const left = spawnSync('ip', ['netns', 'pids', SPACE], { encoding: 'utf8' }).stdout;
  for (const pid of left.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
  run('ip', 'netns', 'delete', SPACE);
}
