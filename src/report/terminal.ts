/**
 * What a terminal can show, and the marks and colours that follow from it. Nothing here looks at
 * the process: stream, environment and the user's choice are given.
 */
import colours from 'picocolors';
import { printable, printableAscii, shellWord } from './escape.ts';
import type { Severity } from './table.ts';

export type ColourChoice = 'auto' | 'always' | 'never';

export interface TerminalAbility {
  /** Columns. Below 20 counts as 20; Infinity: nothing is dropped, shortened or wrapped. */
  readonly width: number;
  readonly colour: boolean;
  /** Whether characters beyond ASCII arrive as such. */
  readonly unicode: boolean;
  /** What to type for `portreeve`, where that name alone is not found: `./portreeve`. */
  readonly program?: string;
}

/** A stream as far as it matters here; `process.stdout` is one. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_WIDTH = 80;
const MIN_WIDTH = 20;

/**
 * The ability of a stream. Colour: the user's choice, else off by NO_COLOR, else as FORCE_COLOR
 * says, else on for a terminal that is not dumb. Width: the stream's, else COLUMNS, else 80 for a
 * terminal and no limit for a pipe.
 * Beyond ASCII: by the locale (LC_ALL, LC_CTYPE, LANG); on Windows always, since the console
 * takes UTF-16. What to type for the program is what the launcher of a clone says.
 */
export function terminalAbility(
  stream: OutputStream,
  environment: Environment,
  choice: ColourChoice = 'auto',
  platform = 'linux',
): TerminalAbility {
  const program = environment.PORTREEVE_PROGRAM;
  const columns = stream.columns || Number.parseInt(environment.COLUMNS ?? '', 10);
  return {
    width: columns > 0 ? columns : stream.isTTY ? DEFAULT_WIDTH : Number.POSITIVE_INFINITY,
    colour: wantsColour(stream, environment, choice),
    unicode: platform === 'win32' || isUtf8(environment),
    ...(program ? { program: shellWord(program) } : {}),
  };
}

function wantsColour(
  stream: OutputStream,
  environment: Environment,
  choice: ColourChoice,
): boolean {
  if (choice !== 'auto') return choice === 'always';
  if (environment.NO_COLOR) return false;
  const force = environment.FORCE_COLOR;
  if (force !== undefined) return force !== '0' && force !== 'false';
  return stream.isTTY === true && environment.TERM !== 'dumb';
}

function isUtf8(environment: Environment): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || '';
  return /utf-?8/i.test(locale);
}

/** Marks and colours for one ability. */
export interface Palette {
  readonly width: number;
  readonly ellipsis: string;
  readonly separator: string;
  /** `✖ ! ✔ ·`, or in ASCII `x ! + -`. */
  mark(severity: Severity): string;
  /** Makes text safe for this terminal; to be done before measuring. */
  safe(text: string): string;
  /** The same of a command line to copy, which names the program as it can be typed here. */
  command(line: string): string;
  /** Colours finished text; measures must be taken before. */
  tint(text: string, severity: Severity): string;
  strong(text: string): string;
  faint(text: string): string;
}

const MARKS: Readonly<Record<Severity, string>> = { error: '✖', warning: '!', ok: '✔', info: '·' };
const ASCII_MARKS: Readonly<Record<Severity, string>> = {
  error: 'x',
  warning: '!',
  ok: '+',
  info: '-',
};
/** Our own typography, which has plain counterparts. */
const TYPOGRAPHY: Readonly<Record<string, string>> = {
  '…': '...',
  '·': '-',
  '→': '->',
  '←': '<-',
  '–': '-',
  '×': 'x',
  '“': '"',
  '”': '"',
  '’': "'",
};

/** Where a command line names the program: first, behind sudo and what goes with it, behind a pipe. */
const NAMED = /^(?:sudo (?:setpriv (?:--\S+ )*)?)?portreeve(?= |$)|(?<= \| )portreeve(?= )/g;

/** Texts that it is given may come from anywhere: `safe` makes control characters visible. */
export function palette(ability: TerminalAbility): Palette {
  const paint = colours.createColors(ability.colour);
  const tints = {
    error: paint.red,
    warning: paint.yellow,
    ok: paint.green,
    info: (text: string) => text,
  };
  const ascii = (text: string) =>
    /^[\x20-\x7e]*$/.test(text)
      ? text
      : printableAscii(text.replace(/[…·→←–×“”’]/g, (sign) => TYPOGRAPHY[sign]!));
  const safe = ability.unicode ? printable : ascii;
  const named = (word: string) => word.replace('portreeve', () => ability.program ?? 'portreeve');
  return {
    width: Math.max(MIN_WIDTH, ability.width),
    ellipsis: ability.unicode ? '…' : '~',
    separator: ability.unicode ? ' · ' : ' - ',
    mark: (severity) => (ability.unicode ? MARKS : ASCII_MARKS)[severity],
    safe,
    command: (line) => safe(line.replace(NAMED, named)),
    tint: (text, severity) => tints[severity](text),
    strong: paint.bold,
    faint: paint.dim,
  };
}
