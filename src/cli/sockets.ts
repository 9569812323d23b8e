/** `portreeve sockets`: what is open on this machine, and who holds it. The default command. */
import type { Command } from 'commander';
import { canViewSockets, viewSockets } from '../pipeline.ts';
import { INCOMPLETE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { socketReport } from './socket-report.ts';

const EXAMPLES = `Examples:
  portreeve sockets           listening TCP and bound UDP, most exposed first
  portreeve sockets --wide    with addresses and full command lines
  portreeve sockets --json    the same for programs
  sudo portreeve sockets      with the owners of other users' sockets
`;

const NOTES = `
Exit codes: 0 done, 2 wrong usage, 5 no view at all, or with --complete not a
whole one.
`;

interface SocketOptions {
  readonly complete?: boolean;
}

export function configure(command: Command): void {
  command
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .option('--complete', 'fail with exit code 5 when something could not be seen');
  addOutputOptions(command);
  command.action(run);
}

async function run(options: OutputOptions & SocketOptions): Promise<void> {
  if (!canViewSockets()) {
    throw new Failure(INCOMPLETE, {
      what: `cannot look at the sockets of this machine (${process.platform}) yet`,
      why: 'only Linux is supported for that so far',
      ways: ['run portreeve on a Linux machine; commands that read files work everywhere'],
    });
  }
  const view = await viewSockets().catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'no-socket-tables') throw error;
    throw new Failure(INCOMPLETE, {
      what: 'cannot look at the sockets of this machine',
      why: error.message,
      ways: ['check that /proc is mounted and that this sandbox lets programs read it'],
    });
  });
  await writeReport(socketReport(view), options);
  if (options.complete && view.blindSpots.some(({ missing }) => missing)) {
    process.exitCode = INCOMPLETE;
  }
}
