/** One line on standard error while a scan runs: how far, how long still, what was found. */
import type { ScanProgress } from '../pipeline/scan.ts';
import { count, duration } from '../report/numbers.ts';

const FIRST_SHOWN_MS = 800;
const SHOWN_EVERY_MS = 250;

/** How far the time left can be known. */
const BOUND = { most: 'at most ', least: 'at least ', none: '' } as const;

/** One line on standard error, written over; `clear` before anything else is written there. */
export class ScanMeter {
  private nextMs = FIRST_SHOWN_MS;
  private shown = false;

  show({ elapsedMs, share, left, open, hostsUp, phase }: ScanProgress): void {
    if (elapsedMs < this.nextMs) return;
    this.nextMs = elapsedMs + SHOWN_EVERY_MS;
    const percent = `${Math.floor(100 * share)} %`;
    const parts = [percent, phase, `${count(hostsUp)} up`, `${count(open)} open`];
    if (left !== undefined) parts.push(`${BOUND[left.bound ?? 'none']}${rounded(left.ms)} left`);
    this.shown = true;
    process.stderr.write(`\r\x1b[K${parts.join('  ')}`);
  }

  clear(): void {
    if (this.shown) process.stderr.write('\r\x1b[K');
    this.shown = false;
  }
}

/** To tenths of a second below ten, to seconds above. */
function rounded(ms: number): string {
  const step = ms < 10_000 ? 100 : 1000;
  return duration(Math.max(step, Math.round(ms / step) * step));
}
