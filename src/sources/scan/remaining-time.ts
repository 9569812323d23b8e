/**
 * How long a scan will still take, from what is left to send and from how fast sending went lately.
 * Hosts that stay silent are asked at a pace that is known beforehand (their window opens with each
 * wait), so their time is worked out; for all others the speed is measured.
 */

/** What a scan has still to do. */
export interface WorkLeft {
  /** Probes to hosts whose speed has to be measured. */
  readonly probes: number;
  /** How long the answers to the last of them take, with all that must be asked again, ms. */
  readonly tailMs: number;
  /** The time that waits and limits alone take, ms. */
  readonly leastMs: number;
}

const MOST_SAMPLES = 128;
/** No speed is known before. */
const LEAST_MS = 400;
/** From then on a speed counts even if the moment's differs from it by more than this. */
const SETTLED_MS = 2000;
const UNSETTLED = 0.15;

export class RemainingTime {
  private times: number[] = [];
  private counts: number[] = [];

  /**
   * @param nowMs since the scan began
   * @param sent probes so far, of those whose speed counts
   * @returns ms; undefined while nothing is known of the speed
   */
  left(nowMs: number, sent: number, { probes, tailMs, leastMs }: WorkLeft): number | undefined {
    this.times.push(nowMs);
    this.counts.push(sent);
    if (this.times.length > MOST_SAMPLES) {
      this.times = this.times.filter((_, index) => index % 2 === 0);
      this.counts = this.counts.filter((_, index) => index % 2 === 0);
    }
    if (nowMs - this.times[0]! < LEAST_MS) return undefined;
    if (probes < 1) return Math.max(leastMs, tailMs);
    const perMs = this.speed(nowMs, sent);
    return perMs === undefined ? undefined : Math.max(leastMs, probes / perMs + tailMs);
  }

  /**
   * Over the later half of the time: what was long ago says little, a moment less. Undefined while
   * it has just begun and still changes.
   */
  private speed(nowMs: number, sent: number): number | undefined {
    const begin = this.times[0]!;
    const half = (nowMs - begin) / 2;
    const whole = this.speedSince(begin + half, nowMs, sent);
    if (whole === undefined || 2 * half > SETTLED_MS) return whole;
    const late = this.speedSince(begin + 1.5 * half, nowMs, sent);
    return late === undefined || Math.abs(late / whole - 1) > UNSETTLED ? undefined : whole;
  }

  private speedSince(ms: number, nowMs: number, sent: number): number | undefined {
    const since = this.times.findIndex((time) => time >= ms);
    const [fromMs, from] = [this.times[since]!, this.counts[since]!];
    return nowMs > fromMs && sent > from ? (sent - from) / (nowMs - fromMs) : undefined;
  }
}

/** Less growth than this at each wait is none. */
const LEAST_GROWTH = 0.003;

/** How a window opens. */
export interface Opening {
  /** Silence opens it up to here. */
  readonly most: number;
  /** Share of probes that are answered, 0 to 1: each answer opens it by one. */
  readonly byAnswers: number;
  /** Answers open it up to here. */
  readonly mostWindow: number;
}

/**
 * How long `probes` to a host that is mostly silent take, ms: a window of them each wait, and more
 * each time.
 */
export function silentMs(probes: number, window: number, waitMs: number, opens: Opening): number {
  const { most, byAnswers, mostWindow } = opens;
  let left = probes;
  let size = Math.max(1, window);
  let ms = 0;
  while (left > 0) {
    const grows = size < most || (byAnswers > LEAST_GROWTH && size < mostWindow);
    if (!grows) return ms + Math.ceil(left / size) * waitMs;
    left -= size;
    ms += waitMs;
    const bySilence = size < most ? (1 - byAnswers) / 2 : 0;
    size = Math.min(mostWindow, size * (1 + bySilence + byAnswers));
  }
  return ms;
}
