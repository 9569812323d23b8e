/**
 * A live view in a terminal: draws a page, answers keys, follows the window's size, and puts the
 * terminal back at the end.
 */
import { openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { terminalAbility } from '../report/terminal.ts';
import { type LivePage, liveLines, rowKeys } from './live-page.ts';
import { Screen } from './live-screen.ts';
import { keysOf, newState, press, type Wish } from './live-state.ts';

/** Without a keyboard (standard input is no terminal, and there is no other) it only shows. */
export class LiveTerminal<Facts> {
  readonly state = newState();
  private readonly page: LivePage<Facts>;
  private readonly facts: () => Facts;
  private readonly act: (wish: Wish) => void;
  private readonly screen: Screen;
  private keys: ReadStream | undefined;

  /**
   * @param facts what is to be shown now
   * @param act does what a key wishes
   */
  constructor(page: LivePage<Facts>, facts: () => Facts, act: (wish: Wish) => void) {
    this.page = page;
    this.facts = facts;
    this.act = act;
    const { colour } = terminalAbility(process.stdout, process.env);
    this.screen = new Screen(process.stdout, colour);
  }

  enter(): void {
    this.screen.enter();
    this.resize();
    process.stdout.on('resize', this.resize);
    process.on('exit', this.restore);
    this.keys = keyboard();
    this.keys?.setRawMode(true);
    this.keys?.setEncoding('utf8').on('data', this.input).resume();
  }

  draw(): void {
    const { page, state, screen } = this;
    screen.draw(liveLines(page, state, this.facts(), screen.width, screen.height));
  }

  leave(): void {
    const { keys } = this;
    process.stdout.off('resize', this.resize);
    process.off('exit', this.restore);
    keys?.off('data', this.input).pause();
    keys?.setRawMode(false);
    if (keys !== undefined && keys !== process.stdin) keys.destroy();
    this.keys = undefined;
    this.screen.leave();
  }

  /** However the program ends, the terminal is as it was. */
  private readonly restore = (): void => this.screen.leave();

  private readonly resize = (): void => {
    this.screen.resize(process.stdout.columns ?? 80, process.stdout.rows ?? 24);
    this.draw();
  };

  private readonly input = (text: unknown): void => {
    const { page, state } = this;
    for (const key of keysOf(String(text))) {
      this.act(press(state, key, rowKeys(page, state, this.facts()), page.views));
    }
    this.draw();
  };
}

/** Where keys come from: the terminal itself where standard input is something else. */
function keyboard(): ReadStream | undefined {
  if (process.stdin.isTTY) return process.stdin;
  try {
    return new ReadStream(openSync('/dev/tty', 'r'));
  } catch {
    return undefined;
  }
}
