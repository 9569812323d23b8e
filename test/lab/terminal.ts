/** A terminal of its own (tmux), of which tests look at the screen and press the keys. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

export class Terminal {
  private readonly socket = `pv${randomBytes(3).toString('hex')}`;

  /** Runs a command of tmux; returns what it prints. */
  readonly tmux = (...words: string[]): string =>
    spawnSync('tmux', ['-L', this.socket, ...words], { encoding: 'utf8' }).stdout ?? '';

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
