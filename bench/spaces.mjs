/** Network namespaces for one trial, and what takes them away again, whatever happens. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/** Runs a program to its end and gives its output; throws what it complained of. */
export function run(program, ...words) {
  const done = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`${program} ${words.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

/** So many names, up to 26, that nobody else has. */
export function spaceNames(count) {
  const tag = randomBytes(3).toString('hex');
  return [...'abcdefghijklmnopqrstuvwxyz'].slice(0, count).map((letter) => `pb${tag}-${letter}`);
}

/** Makes the namespaces, each with its loopback. */
export function makeSpaces(spaces) {
  for (const space of spaces) {
    run('ip', 'netns', 'add', space);
    run('ip', '-n', space, 'link', 'set', 'lo', 'up');
  }
}

/** Ends what runs in the namespaces, and removes them. */
export function removeSpaces(spaces) {
  for (const space of spaces) {
    const pids = spawnSync('ip', ['netns', 'pids', space], { encoding: 'utf8' }).stdout;
    for (const pid of pids.split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    spawnSync('ip', ['netns', 'delete', space]);
  }
}

/** Also when the trial is interrupted. */
export function endOnSignals(end) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      end();
      process.exit(130);
    });
  }
}
