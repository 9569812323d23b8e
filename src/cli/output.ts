/** How a command's answer leaves: the options that all commands share, and the writing itself. */
import { once } from 'node:events';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Format, renderReport } from '../report/render.ts';
import type { Report } from '../report/report.ts';
import { type ColourChoice, type TerminalAbility, terminalAbility } from '../report/terminal.ts';
import { USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** `table` is for people: fitted to a terminal, complete in a pipe. `plain` is for cut and awk. */
const FORMATS = ['table', 'plain', 'json', 'ndjson', 'csv', 'markdown'] as const;
type FormatOption = (typeof FORMATS)[number];
const SHORTHANDS = ['json', 'ndjson', 'csv', 'markdown'] as const;

export type OutputOptions = {
  readonly format?: FormatOption;
  readonly wide?: boolean;
  readonly width?: number;
  /** False: `--no-color`. */
  readonly color?: ColourChoice | boolean;
} & { readonly [Shorthand in (typeof SHORTHANDS)[number]]?: boolean };

const MIN_WIDTH = 20;
const MAX_WIDTH = 10_000;
/** Pieces are gathered up to this many characters before they are written; longer ones are not copied. */
const WRITE_LENGTH = 32_768;

/** @param more formats that only this command has */
export function addOutputOptions(command: Command, more: readonly string[] = []): void {
  const format = new Option('-f, --format <format>', 'how to answer (default: table)');
  command.addOption(format.choices([...FORMATS, ...more]));
  for (const format of SHORTHANDS) {
    command.addOption(new Option(`--${format}`, `short for --format ${format}`));
  }
  command
    .option('-w, --wide', 'all columns, however wide they are')
    .option('--width <columns>', 'fit the table to this many columns', parseWidth)
    .addOption(
      new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).hideHelp(),
    )
    .option('--no-color', 'no colours (so does the environment variable NO_COLOR)');
}

function parseWidth(text: string): number {
  const width = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (width < MIN_WIDTH || width > MAX_WIDTH) {
    throw new InvalidArgumentError(`It is a whole number from ${MIN_WIDTH} to ${MAX_WIDTH}.`);
  }
  return width;
}

/** Writes the report to standard output as the options say; waits while the reader is slow. */
export async function writeReport(report: Report, options: OutputOptions): Promise<void> {
  const ability = abilityOf(options);
  const chosen = chosenFormat(options) ?? 'table';
  const format = (chosen === 'table' ? 'text' : chosen) as Format;
  const output = new OutputBuffer();
  for (const piece of renderReport(report, format, { ability, showAll: '--wide' })) {
    output.add(piece);
    if (output.full) await output.drain();
  }
  await output.flush();
}

/** Gathers small pieces for standard output. */
export class OutputBuffer {
  private text = '';
  private waiting = false;

  /** Adds a piece; writes when enough came together. Never waits: see `full`. */
  add(piece: string): void {
    this.text += piece;
    if (this.text.length < WRITE_LENGTH) return;
    if (!process.stdout.write(this.text)) this.waiting = true;
    this.text = '';
  }

  /** The reader is slow: `drain` should be awaited before more is added. */
  get full(): boolean {
    return this.waiting;
  }

  async drain(): Promise<void> {
    if (this.waiting && process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
    this.waiting = false;
  }

  async flush(): Promise<void> {
    if (this.text !== '' && !process.stdout.write(this.text)) this.waiting = true;
    this.text = '';
    await this.drain();
  }
}

/** The format asked for, if any. Throws when more than one is. */
export function chosenFormat(options: OutputOptions): string | undefined {
  const asked = new Set<string>(SHORTHANDS.filter((each) => options[each] === true));
  if (options.format !== undefined) asked.add(options.format);
  const [format, another] = asked;
  if (another !== undefined) {
    throw new Failure(USAGE, {
      what: `one answer cannot be both ${format} and ${another}`,
      ways: ['name one format'],
    });
  }
  return format;
}

/** Nothing is left out or shortened in a pipe: nobody could ask for a wider one. */
function abilityOf(options: OutputOptions): TerminalAbility {
  const { color, wide, width } = options;
  const choice = color === false ? 'never' : typeof color === 'string' ? color : 'auto';
  const ability = terminalAbility(process.stdout, process.env, choice, process.platform);
  if (width !== undefined) return { ...ability, width };
  const unlimited = wide === true || !process.stdout.isTTY;
  return unlimited ? { ...ability, width: Number.POSITIVE_INFINITY } : ability;
}
