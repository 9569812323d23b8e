/**
 * `portreeve` alone: this machine's sockets, asked from its own addresses (and from beside it when
 * permitted), compared, explained and ranked. All that stays is a file in the user's state folder, by
 * which the next run says what changed.
 */
import type { Command } from 'commander';
import { type Comparison, compareHost } from '../pipeline/compare-host.ts';
import { type Earlier, earlierRun, readBaseline, statePath } from '../pipeline/surface-state.ts';
import { unitTies } from '../pipeline/units.ts';
import { printable } from '../report/escape.ts';
import { wholeNumber } from './capture-options.ts';
import { FINDINGS, INCOMPLETE, INPUT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { viewThisMachine } from './sockets.ts';
import { StepLine } from './step-line.ts';
import { surfaceReport } from './surface-report.ts';

const EXAMPLES = `Examples:
  portreeve                  what this machine offers, to whom, what to close
  sudo portreeve             with all owners, firewall rules, and from outside
  portreeve --json           the same for programs
  portreeve --baseline monday.json
                             what changed since portreeve --json > monday.json
  portreeve surface --fail   exit code 1 where something deserves attention
`;

const NOTES = `
It connects to its own ports and sends an empty datagram to UDP ports. With root
it makes a network namespace for a moment, to come in through the firewall.
What it found is kept for the next run in $XDG_STATE_HOME/portreeve or
~/.local/state/portreeve, which then says what changed.

Exit codes: 0 done, 1 with --fail and something to look at, 2 wrong usage, 5 no
view at all, or with --complete not a whole one.
`;

interface SurfaceOptions {
  readonly beside?: boolean;
  readonly timeout?: number;
  readonly fail?: boolean;
  readonly complete?: boolean;
  readonly baseline?: string;
  readonly remember?: boolean;
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
    .option('--baseline <file>', 'say what changed since this saved run, not since the last one')
    .option('--no-remember', 'keep nothing of this run for later ones')
    .option('--complete', 'fail with exit code 5 when something could not be seen');
  addOutputOptions(command);
  command.action(run);
}

async function run(options: OutputOptions & SurfaceOptions): Promise<void> {
  const earlier = earlierOf(options);
  const comparison = await compareThisMachine(options);
  const { report, grave, record } = surfaceReport(
    comparison,
    {
      privileged: process.geteuid?.() === 0,
      seenMs: Date.now(),
      ...(earlier.record === undefined ? {} : { earlier: earlier.record }),
      ...(earlier.because === undefined ? {} : { because: earlier.because }),
    },
    unitTies,
  );
  await writeReport(report, options);
  if (options.remember !== false && options.baseline === undefined) {
    const because = earlier.keep(record);
    if (because !== undefined && because !== earlier.because)
      process.stderr.write(`this run is not kept for the next one: ${printable(because)}\n`);
  }
  if (options.fail && grave > 0) process.exitCode = FINDINGS;
  else if (options.complete && comparison.notes.some(({ missing }) => missing)) {
    process.exitCode = INCOMPLETE;
  }
}

async function compareThisMachine(options: SurfaceOptions): Promise<Comparison> {
  const line = new StepLine();
  try {
    line.say('looking at the sockets of this machine');
    return await compareHost({
      view: await viewThisMachine({}),
      local: true,
      traffic: [],
      scans: [],
      bindTest: false,
      beside: options.beside ?? true,
      timeoutMs: options.timeout ?? DEFAULT_TIMEOUT_MS,
      onStep: (step) => line.say(step),
    });
  } finally {
    line.clear();
  }
}

/** What to compare with. Throws a `Failure` where a file was named that is no run. */
function earlierOf({ baseline }: SurfaceOptions): Earlier {
  if (baseline === undefined) return earlierRun(statePath(process.env));
  try {
    return { record: readBaseline(baseline), keep: () => undefined };
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== 'UnreadableFile' && name !== 'SurfaceRecordError') throw error;
    throw new Failure(INPUT, {
      what: `cannot compare with ${baseline}`,
      why: name === 'UnreadableFile' ? message : `it ${message}`,
      ways: ['save a run to compare with: portreeve --json > monday.json'],
    });
  }
}
