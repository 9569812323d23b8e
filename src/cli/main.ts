/**
 * The command line: finds the command in the arguments, loads that command alone, runs it, and
 * turns whatever goes wrong into a message and an exit code.
 */
import { Command, CommanderError } from 'commander';
import { nearest } from '../net/nearest.ts';
import type { Problem } from '../report/text.ts';
import { COMMANDS, type CommandEntry, DEFAULT_COMMAND } from './command-table.ts';
import { DEFECT, INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { inputName } from './input-name.ts';
import { misuse } from './misuse.ts';

const EXAMPLES = `Examples:
  portreeve                    what this machine offers, to whom, what to close
  portreeve --json             the same for programs
  portreeve assess lan.pcap    which ports a capture uses, and by whom
  portreeve help assess        all about one command
`;

const ROOT_OPTIONS = new Set(['-h', '--help', '-V', '--version']);

interface Choice {
  /** The command to load; none: only the program itself is asked about. */
  readonly entry?: CommandEntry;
  /** The arguments, as if the command had been named. */
  readonly argv: readonly string[];
}

function choose(argv: readonly string[]): Choice {
  const [first, second] = argv;
  if (first === 'help') {
    const [, ...asked] = argv;
    return second === undefined
      ? { argv: ['-h'] }
      : { entry: find(second), argv: [...asked, '-h'] };
  }
  if (first !== undefined && ROOT_OPTIONS.has(first)) return { argv };
  if (first !== undefined && !first.startsWith('-')) return { entry: find(first), argv };
  return { entry: find(DEFAULT_COMMAND), argv: [DEFAULT_COMMAND, ...argv] };
}

function find(name: string): CommandEntry {
  const entry = COMMANDS.find((each) => each.name === name);
  if (entry !== undefined) return entry;
  const names = COMMANDS.map((each) => each.name);
  const guess = nearest(name, names);
  throw new Failure(USAGE, {
    what: `there is no command “${name}”`,
    ways: [
      ...(guess === undefined ? [] : [`portreeve ${guess}, if that is what you meant`]),
      'portreeve --help lists the commands',
    ],
  });
}

/** The option parser, with options for the chosen command only. */
async function buildParser(chosen: CommandEntry | undefined): Promise<Command> {
  const root = new Command('portreeve')
    .description('Find out which ports are in use, and by whom.')
    .usage('[command] [options]')
    .version(process.env.PORTREEVE_VERSION ?? 'development', '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .addHelpText('before', EXAMPLES);
  for (const entry of COMMANDS) {
    const command = root.command(entry.name).description(entry.summary);
    command.helpOption('-h, --help', 'show this help');
    if (entry === chosen) (await entry.load()).configure(command);
  }
  for (const each of [root, ...root.commands]) {
    each.exitOverride().configureOutput({ outputError: () => {} });
  }
  return root;
}

async function run(argv: readonly string[]): Promise<void> {
  const { entry, argv: complete } = choose(argv);
  const parser = await buildParser(entry);
  try {
    await parser.parseAsync([...complete], { from: 'user' });
  } catch (error) {
    // Help and version come this way too.
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new Failure(USAGE, misuse(error, parser, complete));
  }
}

async function report(error: unknown): Promise<void> {
  const { renderProblem } = await import('../report/text.ts');
  const { terminalAbility } = await import('../report/terminal.ts');
  let problem: Problem;
  if (error instanceof Failure) {
    problem = error.problem;
    process.exitCode = error.exitCode;
  } else if (error instanceof Error && error.name === 'UnreadableFile') {
    const { file } = error as Error & { file: string };
    const ways = ['name a file that exists and can be read, or - for standard input'];
    problem = { what: `cannot read ${inputName(file)}`, why: error.message, ways };
    process.exitCode = INPUT;
  } else {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    problem = { what: 'a defect in portreeve itself', why: detail };
    process.exitCode = DEFECT;
  }
  const ability = terminalAbility(process.stderr, process.env, 'auto', process.platform);
  process.stderr.write(renderProblem(problem, ability));
}

/** Why standard output takes nothing more; told once, although whoever waits for it hears it too. */
let unwritten: unknown;

// A reader that stops reading (`| head`) is no error: there is nobody left to tell.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    if (stream === process.stderr) process.exit(INPUT);
    unwritten = error;
    // A full disk: an answer that was cut off must not look like a whole one.
    const failure = new Failure(INPUT, {
      what: 'cannot write standard output',
      why: `the system says ${error.code ?? error.message}`,
      ways: ['make room, or send the answer elsewhere'],
    });
    void report(failure).finally(() => process.exit(INPUT));
  });
}
const argv = process.argv.slice(2);
let settled = false;
process.once('beforeExit', () => {
  // Nothing is left to wait for, and the command is not done: its answer is not whole.
  if (!settled) process.exitCode = DEFECT;
});
void run(argv)
  .catch((error: unknown) => (error === unwritten ? undefined : report(error)))
  .finally(() => {
    settled = true;
    setImmediate(endSoon);
  });

/** Nothing is left to do. Where the runtime finds that out by itself, it collects garbage first. */
function endSoon(): void {
  const streams = [process.stdout, process.stderr];
  // What could not be written is still to be told.
  if (streams.every((stream) => stream.writableLength === 0 && !stream.errored)) process.exit();
}
