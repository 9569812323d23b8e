/** `portreeve sockets`: what is open on a machine, and who holds it. */
import type { Command } from 'commander';
import {
  canViewSockets,
  readSocketFiles,
  type SocketChoices,
  type SocketView,
  viewSockets,
} from '../pipeline/sockets.ts';
import { wholeNumber } from './capture-options.ts';
import { INCOMPLETE, INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { addFarOptions, type FarOptions, refuseWithoutMachine, viewBySsh } from './far-options.ts';
import { addOutputOptions, chosenFormat, type OutputOptions, writeReport } from './output.ts';
import { socketReport } from './socket-report.ts';
import { type WatchOptions, watchSockets } from './socket-watch.ts';

const EXAMPLES = `Examples:
  portreeve sockets                    what waits for others, most exposed first
  sudo portreeve sockets --all         all owners, and connections too
  portreeve sockets --watch            what opens and closes, and who did it
  portreeve sockets --ssh anna@web1    of another machine, by ssh
  portreeve sockets netstat.txt        of another machine, as a tool printed it
  ssh web1 ss -tulpn | portreeve sockets -
`;

const NOTES = `
Recognised by content: netstat of Windows (any language), Linux, macOS and
FreeBSD; ss; lsof; sockstat; PowerShell; tasklist; osquery; /proc/net.

Exit codes: 0 done, 2 wrong usage, 3 input not read, 5 no view at all, or with
--complete not a whole one.
`;

interface SocketOptions extends FarOptions, WatchOptions {
  readonly all?: boolean;
  readonly packages?: boolean;
  readonly complete?: boolean;
}

export function configure(command: Command): void {
  command
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .argument('[output...]', "files with other tools' output; - is standard input")
    .option('-a, --all', 'connections too, as netstat -an shows them')
    .option('--packages', 'name the package that each program belongs to')
    .option(
      '--watch [seconds]',
      'show what opens and closes, looking this often (default: 1)',
      wholeNumber(1, 3600),
    )
    .option('--for <seconds>', 'end --watch after so long', wholeNumber(1, 1e6))
    .option('--complete', 'fail with exit code 5 when something could not be seen');
  addFarOptions(command);
  addOutputOptions(command);
  command.action(run);
}

async function run(
  names: readonly string[],
  options: OutputOptions & SocketOptions,
): Promise<void> {
  refuseMixture(names, options);
  const choices = {
    connections: options.all ?? false,
    packages: options.packages ?? false,
    brief: (chosenFormat(options) ?? 'table') === 'table' && options.wide !== true,
  };
  const firewall = options.watch === undefined;
  const look = (): Promise<SocketView> => {
    const [machine] = options.ssh ?? [];
    if (machine !== undefined) return viewBySsh(machine, options, choices.connections);
    return names.length > 0 ? readFiles(names) : viewThisMachine({ ...choices, firewall });
  };
  if (options.watch !== undefined) {
    await watchSockets(look, options);
    return;
  }
  const view = await look();
  await writeReport(socketReport(view, choices), options);
  if (options.complete && view.blindSpots.some(({ missing }) => missing)) {
    process.exitCode = INCOMPLETE;
  }
}

function refuseMixture(names: readonly string[], options: SocketOptions): void {
  const { ssh, watch } = options;
  refuseWithoutMachine(options);
  if (ssh !== undefined && ssh.length > 1) {
    throw new Failure(USAGE, {
      what: `sockets are listed of one machine at a time, and ${ssh.length} are named`,
      ways: ['run it for each', 'portreeve compare takes several'],
    });
  }
  if (names.length > 0 && (ssh !== undefined || watch !== undefined)) {
    throw new Failure(USAGE, {
      what: `files do not go together with ${ssh === undefined ? '--watch' : '--ssh'}`,
      ways: ['name either files or a machine'],
    });
  }
}

/** Rejects with a `Failure` that says which file and why. */
export function readFiles(names: readonly string[]): Promise<SocketView> {
  return readSocketFiles(names).catch((error: Error & { input?: string; sample?: string }) => {
    if (error.name !== 'ForeignInputError') throw error;
    const sample = error.sample ? `; it begins: ${error.sample.slice(0, 60)}` : '';
    throw new Failure(INPUT, {
      what: `cannot read sockets from ${error.input}`,
      why: `${error.message}${sample}`,
      ways: [
        'on Windows: netstat -ano > sockets.txt',
        'on Linux: sudo ss -tulpn; on macOS: sudo lsof -nP -i',
      ],
    });
  });
}

/** Rejects with a `Failure` where this machine cannot be looked at. */
export async function viewThisMachine(choices: SocketChoices): Promise<SocketView> {
  if (!canViewSockets()) {
    throw new Failure(INCOMPLETE, {
      what: `cannot look at the sockets of this machine (${process.platform}) yet`,
      why: 'only Linux is supported for that so far',
      ways: [
        'save the output of netstat -ano or lsof -nP -i, and name the file',
        'run portreeve on a Linux machine; commands that read files work everywhere',
      ],
    });
  }
  return viewSockets(choices).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'no-socket-tables') throw error;
    throw new Failure(INCOMPLETE, {
      what: 'cannot look at the sockets of this machine',
      why: error.message,
      ways: ['check that /proc is mounted and that this sandbox lets programs read it'],
    });
  });
}
