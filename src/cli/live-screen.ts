/**
 * Lines on a terminal, drawn without flicker: on the alternate screen, only those that changed,
 * in one write. The terminal is put back as it was at the end.
 */
import { printable } from '../report/escape.ts';
import { displayWidth, shorten } from '../report/width.ts';

export interface ScreenOutput {
  write(text: string): unknown;
}

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';

/** A line, or a line with a look: `strong`, `faint`, `inverse`, `warn`. */
export interface Line {
  readonly text: string;
  readonly look?: Look;
}

export type Look = 'strong' | 'faint' | 'inverse' | 'warn';

const LOOKS: Readonly<Record<Look, string>> = {
  strong: '\x1b[1m',
  faint: '\x1b[2m',
  inverse: '\x1b[7m',
  warn: '\x1b[33m',
};

/** Between `enter` and `leave` the terminal is its own; both may be called twice. */
export class Screen {
  private readonly output: ScreenOutput;
  private readonly colour: boolean;
  private shown: string[] = [];
  private open = false;
  width = 80;
  height = 24;

  constructor(output: ScreenOutput, colour: boolean) {
    this.output = output;
    this.colour = colour;
  }

  enter(): void {
    if (this.open) return;
    this.open = true;
    this.output.write(ENTER);
  }

  leave(): void {
    if (!this.open) return;
    this.open = false;
    this.output.write(LEAVE);
  }

  /** From now on the screen has this size; everything is drawn anew. */
  resize(width: number, height: number): void {
    this.width = Math.max(20, width);
    this.height = Math.max(5, height);
    this.shown = [];
    if (this.open) this.output.write('\x1b[2J');
  }

  /** Draws lines from the top; what is beyond the screen is left out. */
  draw(lines: readonly Line[]): void {
    let out = '';
    for (let row = 0; row < this.height; row++) {
      const text = this.rendered(lines[row]);
      if (this.shown[row] === text) continue;
      this.shown[row] = text;
      out += `\x1b[${row + 1};1H${text}\x1b[0m\x1b[K`;
    }
    if (out !== '') this.output.write(out);
  }

  private rendered(line: Line | undefined): string {
    if (line === undefined) return '';
    // Names in logs and packets are strangers'.
    const text = shorten(printable(line.text), this.width, '…');
    if (line.look === undefined || (!this.colour && line.look !== 'inverse')) return text;
    // An inverse line is a bar across the whole screen.
    const bar =
      line.look === 'inverse' ? ' '.repeat(Math.max(0, this.width - displayWidth(text))) : '';
    return `${LOOKS[line.look]}${text}${bar}`;
  }
}
