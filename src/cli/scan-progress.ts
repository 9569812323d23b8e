/** One line on standard error while a scan runs: how far, how long still, what was found. */
import type { ScanProgress } from '../pipeline/scan.ts';
import { count, duration } from '../report/numbers.ts';

const FIRST_SHOWN_MS = 800;
const SHOWN_EVERY_MS = 250;

export class ScanMeter {
  private nextMs = FIRST_SHOWN_MS;
  private shown = false;
  /** Speed over the last seconds, ports a millisecond. */
  private speed = 0;
  private lastKnown = 0;
  private lastMs = 0;

  show(progress: ScanProgress): void {
    const { elapsedMs, known, total, open, hostsUp, phase } = progress;
    if (elapsedMs < this.nextMs) return;
    this.nextMs = elapsedMs + SHOWN_EVERY_MS;
    const now = (known - this.lastKnown) / Math.max(1, elapsedMs - this.lastMs);
    // The mean so far, drawn towards what happens now.
    this.speed = this.speed === 0 ? known / elapsedMs : 0.9 * this.speed + 0.1 * now;
    this.lastKnown = known;
    this.lastMs = elapsedMs;
    const share = total === 0 ? 0 : Math.min(100, Math.floor((100 * known) / total));
    const parts = [`${share} %`, phase, `${count(hostsUp)} up`, `${count(open)} open`];
    if (this.speed > 0 && total > known) {
      const leftMs = (total - known) / this.speed;
      parts.push(`${duration(Math.ceil(leftMs / 1000) * 1000)} left`);
    }
    this.shown = true;
    process.stderr.write(`\r\x1b[K${parts.join('  ')}`);
  }

  clear(): void {
    if (this.shown) process.stderr.write('\r\x1b[K');
    this.shown = false;
  }
}
