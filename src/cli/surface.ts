/**
 * `portreeve` alone: this machine's sockets, asked from its own addresses (and from beside it when
 * permitted), compared, explained and ranked. Changes nothing that stays.
 */
import type { Command } from 'commander';
import { compareHost } from '../pipeline/compare-host.ts';
import { wholeNumber } from './capture-options.ts';
import { FINDINGS, INCOMPLETE } from './exit-codes.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { viewThisMachine } from './sockets.ts';
import { surfaceReport } from './surface-report.ts';

const EXAMPLES = `Examples:
  portreeve                  what this machine offers, to whom, what to close
  sudo portreeve             with all owners, firewall rules, and from outside
  portreeve --json           the same for programs
  portreeve surface --fail   exit code 1 where something deserves attention
`;

const NOTES = `
It connects to its own ports and sends an empty datagram to UDP ports. With root
it makes a network namespace for a moment, to come in through the firewall.

Exit codes: 0 done, 1 with --fail and something to look at, 2 wrong usage, 5 no
view at all, or with --complete not a whole one.
`;

interface SurfaceOptions {
  readonly beside?: boolean;
  readonly timeout?: number;
  readonly fail?: boolean;
  readonly complete?: boolean;
}

/** Short: silence means a firewall, and the whole should take seconds. */
const DEFAULT_TIMEOUT_MS = 250;

export function configure(command: Command): void {
  command
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .option('--no-beside', 'make no network namespace beside this machine')
    .option(
      '--timeout <ms>',
      'how long a port may take to answer (default: 250)',
      wholeNumber(10, 60_000),
    )
    .option('--fail', 'exit code 1 where something deserves attention')
    .option('--complete', 'fail with exit code 5 when something could not be seen');
  addOutputOptions(command);
  command.action(run);
}

async function run(options: OutputOptions & SurfaceOptions): Promise<void> {
  const view = await viewThisMachine({});
  const comparison = await compareHost({
    view,
    local: true,
    traffic: [],
    scans: [],
    bindTest: false,
    beside: options.beside ?? true,
    timeoutMs: options.timeout ?? DEFAULT_TIMEOUT_MS,
  });
  const { report, grave } = surfaceReport(comparison);
  await writeReport(report, options);
  if (options.fail && grave > 0) process.exitCode = FINDINGS;
  else if (options.complete && comparison.notes.some(({ missing }) => missing)) {
    process.exitCode = INCOMPLETE;
  }
}
