/** Runs the built command line as a person or a script would. `npm test` builds it first. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
export const built = existsSync(CLI);

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  /** Another copy of the program. */
  readonly cli?: string;
  /** Options of Node itself. */
  readonly node?: readonly string[];
  readonly uid?: number;
  /** Beside the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** `/` unless stated. */
  readonly cwd?: string;
  /** Closes the reading end of standard output at once. */
  readonly deaf?: boolean;
  readonly wrapper?: readonly string[];
}

export function runCli(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const program = [process.execPath, ...(options.node ?? []), options.cli ?? CLI, ...args];
  return runProgram([...(options.wrapper ?? []), ...program], options);
}

/** Runs any program, in a plain UTF-8 terminal's environment but for `options.env`. */
export async function runProgram(
  [program = '', ...rest]: readonly string[],
  options: RunOptions & { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Outcome> {
  const { LANG: _language, LC_ALL: _all, NO_COLOR: _no, FORCE_COLOR: _force, ...env } = process.env;
  const child = spawn(program, rest, {
    env: { ...env, LC_ALL: 'C.UTF-8', ...options.env },
    cwd: options.cwd ?? '/',
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  if (options.deaf) child.stdout.destroy();
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  return { code, out, err };
}

/**
 * Until a program that is being started waits for more: it takes an interrupt by a function of its
 * own, and none of its threads has run for a while. Elsewhere than on Linux a long time must do.
 */
export async function resting(pid: number): Promise<void> {
  if (process.platform !== 'linux') return sleep(2000);
  const folder = `/proc/${pid}`;
  const ready = () => {
    const [, caught = '0'] =
      /^SigCgt:\t(.*)$/m.exec(readFileSync(`${folder}/status`, 'utf8')) ?? [];
    const tasks = readdirSync(`${folder}/task`);
    const states = tasks.map((task) => readFileSync(`${folder}/task/${task}/stat`, 'utf8'));
    return (BigInt(`0x${caught}`) & 2n) !== 0n && states.every((text) => /\) S /.test(text));
  };
  for (let times = 0; times < 10; times = ready() ? times + 1 : 0) await sleep(20);
}
