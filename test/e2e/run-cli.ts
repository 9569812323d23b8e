/** Runs the built command line as a person or a script would. `npm test` builds it first. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
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
