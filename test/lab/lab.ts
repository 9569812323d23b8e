/**
 * Networks made for one test: Linux network namespaces joined by veth pairs, with the processes
 * started in them. `close` stops what was started, by process id, and removes the namespaces,
 * also when the test failed.
 *
 * Labs need root and programs from Debian packages. Where they are missing a suite is skipped and
 * says so in its name; with PORTREEVE_LAB=required it fails instead.
 */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe } from 'vitest';

const REQUIRED = process.env.PORTREEVE_LAB === 'required';

/** What is missing to run a lab with these programs; empty when nothing is. */
export function missing(programs: readonly string[]): string[] {
  const lacking: string[] = [];
  if (process.platform !== 'linux') lacking.push('Linux');
  else if (process.getuid?.() !== 0) lacking.push('root');
  for (const program of programs) {
    const found = spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore', env: PATHS });
    if (found.status !== 0) lacking.push(program);
  }
  return lacking;
}

const PATHS = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

/** A suite that needs root and these programs: skipped, saying why, where they are missing. */
export function describeLab(name: string, programs: readonly string[], body: () => void): void {
  const lacking = missing(programs);
  if (lacking.length === 0 || REQUIRED) describe(name, body);
  else describe.skip(`${name} (skipped: needs ${lacking.join(', ')}; see CONTRIBUTING.md)`, body);
}

/** Runs a program to its end and returns its output. Throws with its error output. */
export function run(program: string, ...words: string[]): string {
  const done = spawnSync(program, words, { encoding: 'utf8', env: PATHS, maxBuffer: 1 << 28 });
  if (done.status !== 0) {
    throw new Error(`${program} ${words.join(' ')}: ${done.stderr || done.error || done.stdout}`);
  }
  return done.stdout;
}

/** Waits until something listens on each port. */
export function listening(
  space: Space,
  ports: readonly number[],
  transport: 'tcp' | 'udp' = 'tcp',
): void {
  const missing = () => {
    const bound = space.run('ss', transport === 'tcp' ? '-Hltn' : '-Hlun');
    return ports.filter((port) => !bound.includes(`:${port} `));
  };
  const last = Date.now() + 90_000;
  for (let silent = missing(); silent.length > 0; silent = missing()) {
    if (Date.now() > last) throw new Error(`nothing listens on ${silent.join(', ')}`);
    spawnSync('sleep', ['0.05']);
  }
}

/** One network namespace of a lab. */
export interface Space {
  /** Its name for `ip netns`. */
  readonly name: string;
  /** Runs a program inside to its end; throws when it fails. */
  run(program: string, ...words: string[]): string;
  /** Starts a program inside; the lab stops it at its end. */
  start(program: string, words: readonly string[], options?: SpawnOptions): ChildProcess;
}

export class Lab {
  /** Distinguishes this lab's names from those of others that run at once. */
  private readonly tag = randomBytes(3).toString('hex');
  private readonly spaces: string[] = [];
  private readonly processes: ChildProcess[] = [];
  private links = 0;

  /** Makes a namespace with loopback up. `name` is at most 6 letters. */
  space(name: string): Space {
    const full = `pv${this.tag}-${name}`;
    run('ip', 'netns', 'add', full);
    this.spaces.push(full);
    const inside = ['netns', 'exec', full];
    run('ip', '-n', full, 'link', 'set', 'lo', 'up');
    return {
      name: full,
      run: (program, ...words) => run('ip', ...inside, program, ...words),
      start: (program, words, options = {}) => {
        const child = spawn('ip', [...inside, program, ...words], {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: PATHS,
          ...options,
        });
        this.processes.push(child);
        return child;
      },
    };
  }

  /**
   * Joins two namespaces by a veth pair and gives each end its addresses (with prefix length).
   * The ends are named as given, both `eth0` unless told.
   */
  join(
    left: Space,
    right: Space,
    leftAddresses: readonly string[],
    rightAddresses: readonly string[],
    names: readonly [string, string] = ['eth0', 'eth0'],
  ): void {
    const id = `${this.tag}${this.links++}`;
    run('ip', 'link', 'add', `va${id}`, 'type', 'veth', 'peer', 'name', `vb${id}`);
    this.settle(`va${id}`, left, names[0], leftAddresses);
    this.settle(`vb${id}`, right, names[1], rightAddresses);
  }

  private settle(link: string, space: Space, name: string, addresses: readonly string[]): void {
    run('ip', 'link', 'set', link, 'netns', space.name);
    run('ip', '-n', space.name, 'link', 'set', link, 'name', name);
    for (const address of addresses) {
      const words = address.includes(':') ? ['nodad'] : [];
      run('ip', '-n', space.name, 'address', 'add', address, 'dev', name, ...words);
    }
    run('ip', '-n', space.name, 'link', 'set', name, 'up');
  }

  /** Stops every process started here and removes every namespace. */
  async close(): Promise<void> {
    await Promise.all(this.processes.map(stop));
    for (const name of this.spaces) {
      // What a started program left running inside (daemons that fork) goes with its namespace.
      const left = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8', env: PATHS });
      for (const pid of (left.stdout ?? '').split('\n').filter(Boolean)) kill(Number(pid));
      spawnSync('ip', ['netns', 'delete', name], { env: PATHS });
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
