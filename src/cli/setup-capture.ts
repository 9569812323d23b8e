/**
 * `portreeve setup-capture`: lets the members of one group capture without sudo, by a private copy
 * of the runtime that has one capability. The system's own runtime is not touched.
 */
import { spawnSync } from 'node:child_process';
import type { Command } from 'commander';
import { callerOfSudo, planRuntime, type RuntimePlan } from '../pipeline/privilege.ts';
import { printable, shellWord } from '../report/escape.ts';
import { DONE, INPUT, PRIVILEGE, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

const EXAMPLES = `Examples:
  portreeve setup-capture              show what it would do, and do nothing
  sudo portreeve setup-capture         do it, for the group of who calls sudo
  sudo portreeve setup-capture --undo  take it away again
`;

const NOTES = `
Whoever may run the copy can receive all packets of this machine's networks with
any script: choose the group with care. After an update of the runtime, run it
again. Exit codes: 0 done, 2 wrong usage, 3 a step failed, 4 not permitted.
`;

interface SetupOptions {
  readonly group?: string;
  readonly undo?: boolean;
}

export function configure(command: Command): void {
  command
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .option('--group <name>', 'whose members may capture (default: that of who calls sudo)')
    .option('--undo', 'remove the copy');
  command.action(run);
}

function run({ group, undo }: SetupOptions): void {
  if (process.platform !== 'linux') {
    throw new Failure(USAGE, {
      what: 'there is nothing to set up here',
      why: 'capabilities on files are a matter of Linux',
      ways: ['on other systems libpcap decides who may capture'],
    });
  }
  const root = process.getuid!() === 0;
  const chosen = group ?? groupOfCaller(root);
  if (chosen === undefined && undo !== true) {
    throw new Failure(USAGE, {
      what: 'whose members may capture?',
      why: 'root ran this itself, without sudo',
      ways: ['--group NAME'],
    });
  }
  const plan = planRuntime(chosen ?? '0');
  if (undo === true && !plan.exists) {
    process.stdout.write(`nothing to undo: there is no ${plan.path}\n`);
    process.exitCode = DONE;
    return;
  }
  const steps = undo === true ? plan.undo : plan.make;
  if (!root) {
    const shown = steps.map((words) => `  ${lineOf(words)}\n`).join('');
    process.stdout.write(`As root this would run:\n${shown}`);
    throw new Failure(PRIVILEGE, {
      what: 'nothing was done',
      why: 'only root may give a file capabilities',
      ways: [`sudo portreeve setup-capture${undo === true ? ' --undo' : ''}`],
    });
  }
  perform(steps, plan, undo === true);
  process.exitCode = DONE;
}

function groupOfCaller(root: boolean): string | undefined {
  if (!root) return String(process.getgid!());
  const caller = callerOfSudo();
  return caller === undefined ? undefined : String(caller.gid);
}

function perform(steps: RuntimePlan['make'], plan: RuntimePlan, undo: boolean): void {
  for (const words of steps) {
    process.stdout.write(`${lineOf(words)}\n`);
    const [program = '', ...rest] = words;
    const done = spawnSync(program, rest, { encoding: 'utf8' });
    if (done.status === 0) continue;
    // A copy without the capability would be of no use, and one half made is none.
    if (!undo) for (const [name = '', ...more] of plan.undo) spawnSync(name, more);
    const missing = (done.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
    throw new Failure(INPUT, {
      what: `this step failed: ${lineOf(words)}`,
      why: missing ? `there is no program ${program}` : done.stderr.trim(),
      ways: [
        ...(missing && program === 'setcap'
          ? ['install it: Debian libcap2-bin, Fedora libcap']
          : []),
        ...(undo ? [] : ['what was done before was taken back']),
      ],
    });
  }
  const end = undo
    ? 'Removed. Capturing needs sudo again.\n'
    : `Done. Members of the group may now capture without sudo.\nTo take it away: sudo portreeve setup-capture --undo\n`;
  process.stdout.write(end);
}

function lineOf(words: readonly string[]): string {
  return printable(words.map(shellWord).join(' '));
}
