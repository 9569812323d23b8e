/**
 * What rules of namespaces log through the kernel. One switch of the machine lets namespaces log at
 * all, so it is taken by one suite at a time, whoever else runs on the machine, and put back after.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, type Space } from './lab.ts';

const SWITCH = '/proc/sys/net/netfilter/nf_log_all_netns';
const LONG_MS = 90_000;

export class KernelLog {
  /** For prefixes: the kernel keeps lines of earlier runs. */
  readonly tag = `PV${randomBytes(4).toString('hex')}`;
  private readonly before: string;
  private readonly lock: ChildProcess;

  private constructor(lock: ChildProcess) {
    this.lock = lock;
    this.before = readFileSync(SWITCH, 'utf8').trim();
    writeFileSync(SWITCH, '1');
  }

  /** Waits until nobody else has the switch. */
  static async open(): Promise<KernelLog> {
    // The lock ends with this process, however that ends.
    const lock = spawn('flock', [SWITCH, 'sh', '-c', 'echo held; cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(lock.stdout!, 'data');
    return new KernelLog(lock);
  }

  /** Lines with the text so far. */
  static linesWith(text: string): string[] {
    return run('dmesg')
      .split('\n')
      .filter((line) => line.includes(text));
  }

  /** All lines with the text, as dmesg prints them, once there are enough or none more come. */
  async linesWith(text: string, least: number): Promise<string> {
    let lines = KernelLog.linesWith(text);
    for (const end = Date.now() + LONG_MS; lines.length < least && Date.now() < end; ) {
      await sleep(100);
      lines = KernelLog.linesWith(text);
    }
    return `${lines.join('\n')}\n`;
  }

  /** Gives every line that comes from now on, with the program in `space` that reads them. */
  async follow(space: Space, take: (line: string) => void): Promise<ChildProcess> {
    const child = space.start('dmesg', ['--follow-new']);
    const marker = `${this.tag} is followed`;
    let ready = false;
    let rest = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.includes(marker)) ready = true;
        else take(line);
      }
    });
    // It says nothing when it begins, so it is told something until it repeats that.
    for (const end = Date.now() + LONG_MS; !ready; await sleep(100)) {
      if (Date.now() > end) throw new Error('dmesg does not follow the log of the kernel');
      writeFileSync('/dev/kmsg', marker);
    }
    return child;
  }

  async close(): Promise<void> {
    writeFileSync(SWITCH, this.before);
    const ended = once(this.lock, 'close');
    this.lock.stdin!.end();
    await ended;
  }
}
