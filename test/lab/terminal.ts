/** A terminal of its own (tmux), of which tests look at the screen and press the keys. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

function newSocket(): string {
  return `pv${randomBytes(3).toString('hex')}`;
}

export class Terminal {
  private socket = newSocket();

  /** Runs a command of tmux; returns what it prints. */
  readonly tmux = (...words: string[]): string =>
    spawnSync('tmux', ['-L', this.socket, ...words], { encoding: 'utf8' }).stdout ?? '';

  /**
   * Ends all that runs in it. What comes next is a server of its own: one that is about to end may
   * still answer, and takes with it what was begun in it.
   */
  readonly close = (): void => {
    this.tmux('kill-server');
    this.socket = newSocket();
  };

  /** Waits until the screen shows something; fails with what it shows. */
  readonly shows = async (pattern: RegExp, withinMs = 60_000): Promise<string> => {
    const screen = (): string => this.tmux('capture-pane', '-p');
    for (const end = Date.now() + withinMs; Date.now() < end; ) {
      const now = screen();
      if (pattern.test(now)) return now;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`no ${pattern} on the screen:\n${screen()}`);
  };
}
