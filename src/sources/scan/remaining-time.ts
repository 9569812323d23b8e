/**
 * How long a scan will still take, from what is left to send and from how fast sending went lately.
 * Hosts that stay silent are asked at a pace that is known beforehand (their window opens with each
 * wait), so their time is worked out; for all others the speed is measured.
 */

/** What a scan has still to do. */
export interface WorkLeft {
  /** Probes to hosts whose speed has to be measured. */
  readonly probes: number;
  /** The time that waits and limits alone take, ms. */
  readonly leastMs: number;
}

const MOST_SAMPLES = 128;
/** No speed is known before. */
const LEAST_MS = 150;

export class RemainingTime {
  private times: number[] = [];
  private counts: number[] = [];

  /**
   * @param nowMs since the scan began
   * @param sent probes so far, of those whose speed counts
   * @returns ms; undefined while nothing is known of the speed
   */
  left(nowMs: number, sent: number, { probes, leastMs }: WorkLeft): number | undefined {
    this.times.push(nowMs);
    this.counts.push(sent);
    if (this.times.length > MOST_SAMPLES) {
      this.times = this.times.filter((_, index) => index % 2 === 0);
      this.counts = this.counts.filter((_, index) => index % 2 === 0);
    }
    if (probes < 1) return leastMs;
    const perMs = this.speed(nowMs, sent);
    return perMs === undefined ? undefined : Math.max(leastMs, probes / perMs);
  }

  /** Over the later half of the time: what was long ago says little, a moment less. */
  private speed(nowMs: number, sent: number): number | undefined {
    const begin = this.times[0]!;
    if (nowMs - begin < LEAST_MS) return undefined;
    const since = this.times.findIndex((time) => time >= begin + (nowMs - begin) / 2);
    const [fromMs, from] = [this.times[since]!, this.counts[since]!];
    return nowMs > fromMs && sent > from ? (sent - from) / (nowMs - fromMs) : undefined;
  }
}

/**
 * How long `probes` to a host that stays silent take, ms: a window of them each wait, half as many
 * more each time, up to `most`.
 */
export function silentMs(probes: number, window: number, most: number, waitMs: number): number {
  let left = probes;
  let size = Math.max(1, window);
  let ms = 0;
  while (left > 0 && size < most) {
    left -= size;
    ms += waitMs;
    size *= 1.5;
  }
  return left > 0 ? ms + Math.ceil(left / Math.max(size, most)) * waitMs : ms;
}
