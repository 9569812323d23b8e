/** A tcpdump in a namespace that ends once it has written all that the kernel kept for it. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Space } from './lab.ts';

const LONG_MS = 30_000;
/** The kernel is asked that often; nothing may have come between. */
const PAUSE_MS = 100;
const QUIET_TIMES = 4;

export class Recording {
  private readonly child: ChildProcess;
  private said = '';

  private constructor(child: ChildProcess) {
    this.child = child;
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.said += text;
    });
  }

  /** Of `eth0` unless `words` name another interface; it is open when this returns. */
  static async start(space: Space, file: string, ...words: string[]): Promise<Recording> {
    // Each packet at once: a block that fills up over a second would still lie in the ring, which
    // then has room for one packet where one of the longest would fit, so that it has to be large.
    const room = words.includes('-s') ? [] : ['-s', '65535'];
    const how = ['-U', '--immediate-mode', '-n', '-Z', 'root', '-B', '65536', ...room, '-w', file];
    const where = words.includes('-i') ? [] : ['-i', 'eth0'];
    const recording = new Recording(space.start('tcpdump', [...how, ...where, ...words]));
    await recording.until(/listening on/);
    return recording;
  }

  /** Ends it when packets have ceased to come, `least` of them at least, and all were written. */
  async end(least = 1): Promise<void> {
    const last = Date.now() + LONG_MS;
    for (let [quiet, before] = [0, '']; quiet < QUIET_TIMES; ) {
      await sleep(PAUSE_MS);
      this.said = '';
      this.child.kill('SIGUSR1');
      // Those in the other direction than asked for are received, too.
      const [counts, written = '', dropped = ''] = await this.until(
        /(\d+) packets? captured, \d+ packets? received by filter, (\d+) packets? dropped/,
      );
      if (dropped !== '0') throw new Error(`tcpdump lost packets: ${this.said}`);
      quiet = Number(written) >= least && counts === before ? quiet + 1 : 0;
      before = counts;
      if (Date.now() > last) throw new Error(`tcpdump has too few packets: ${this.said}`);
    }
    const ended = once(this.child, 'exit');
    this.child.kill('SIGINT');
    await ended;
  }

  private async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (const end = Date.now() + LONG_MS; Date.now() < end; await sleep(10)) {
      const found = pattern.exec(this.said);
      if (found !== null) return found;
    }
    throw new Error(`tcpdump does not say ${pattern}: ${this.said}`);
  }
}
