/**
 * How many probes may be unanswered at once. The window opens with every answer, as TCP's does
 * (RFC 5681 slow start and congestion avoidance), and closes when too much is sent.
 *
 * A link that loses one packet in twenty does so at any speed; halving for each loss would stop a
 * scan without saving one packet. Instead the share of first tries that are answered is watched:
 * ports are asked in random order, so this share is the same all through a scan, whatever is
 * filtered, unless speed itself costs answers. A share that fell below the best one closes the
 * window, once for all that was sent before it closed. Most such moments pass (another load on the
 * way, a program that was not run), so it opens soon again to a size little below the one at which
 * it closed, and carefully from there.
 */

const EPOCHS = 64;
/** First tries of an epoch at least. */
const EPOCH_LENGTH = 64;
/** And not many more than those of so long, microseconds. */
const EPOCH_US = 100_000;
/** Answers that must have been due before a share is judged. */
const JUDGED = 60;
/** And until when more are awaited where it may be chance that some are missing. */
const MOST_JUDGED = 600;
/** The share may fall by this part of the best one without being blamed on speed. */
const TOLERANCE = 0.15;
/**
 * And by so many standard deviations of a share counted by chance: where few ports answer at all,
 * shares differ much from one moment to the next.
 */
const DEVIATIONS = 4;
const LEAST_WINDOW = 2;
/** Growth beyond the threshold by a window full of probes, where at least this share is answered. */
const GROWTH = 8;
const LEAST_SHARE = 0.02;
/** And by this part of what it is beyond already: what closed it may be long gone. */
const AGAIN = 0.5;
/** Growth by a silent try. */
const BY_SILENCE = 0.5;
/** The size at which too much got lost is too large by this factor. */
const FINE = 0.85;
/** What is left of the window when it closes, by the share that got lost: at least, at most. */
const LEAST_LEFT = 0.25;
const MOST_LEFT = 0.75;
/** From so much lost on nothing at all seems to come through: the way is cut rather than full. */
const CUT = 0.9;
/**
 * Of the ports that answer at all, this part does so at the first try at least: where it is less,
 * it was too much from the beginning.
 */
const AT_FIRST = 0.5;

/** `size` is in probes. Times are microseconds on the scan's clock. */
export class SendWindow {
  size: number;
  /** From here on it opens carefully. */
  private threshold: number;
  private readonly most: number;
  /** Epoch that first tries belong to now. */
  private epoch = 0;
  private readonly sent = new Uint32Array(EPOCHS);
  private readonly answered = new Uint32Array(EPOCHS);
  /** Probes of all kinds that went out in an epoch. */
  private readonly probes = new Uint32Array(EPOCHS);
  private readonly sizes = new Float64Array(EPOCHS);
  private readonly beganUs = new Float64Array(EPOCHS);
  private readonly closedUs = new Float64Array(EPOCHS);
  /** The oldest epoch not judged yet. */
  private oldest = 0;
  /** Largest share answered so far, 0 to 1. */
  best = 0;
  /** Share of due answers missing when it was judged last, 0 to 1. */
  lastLoss = 0;
  /** Probes a microsecond in the time that was judged last. */
  lastRate = 0;
  /** How often the window was closed, and how often in a row. */
  closings = 0;
  inARow = 0;
  /** When it was closed last. */
  closedAtUs = Number.NEGATIVE_INFINITY;
  private acquitted = false;

  constructor(start: number, most: number) {
    this.size = start;
    this.most = most;
    this.threshold = most;
    this.sizes[0] = start;
  }

  /** A port is asked for the first time. Returns the epoch, to be kept for the answer. */
  firstTry(nowUs: number): number {
    let slot = this.epoch % EPOCHS;
    if (this.sent[slot]! >= EPOCH_LENGTH) {
      const isLong = nowUs - this.beganUs[slot]! > EPOCH_US;
      if (isLong || this.sent[slot]! >= this.size) this.turn(nowUs);
      slot = this.epoch % EPOCHS;
    }
    if (this.sent[slot]! === 0) this.beganUs[slot] = nowUs;
    this.sent[slot]!++;
    return this.epoch & 0xffff;
  }

  /** A probe of any kind goes out. */
  wentOut(): void {
    this.probes[this.epoch % EPOCHS]!++;
  }

  private turn(nowUs: number): void {
    this.closedUs[this.epoch % EPOCHS] = nowUs;
    this.epoch++;
    // Epochs nobody judged in time are forgotten: their hosts hardly answer.
    if (this.epoch - this.oldest >= EPOCHS) this.oldest = this.epoch - EPOCHS + 1;
    const slot = this.epoch % EPOCHS;
    this.sent[slot] = 0;
    this.answered[slot] = 0;
    this.probes[slot] = 0;
    this.sizes[slot] = this.size;
  }

  /** A first try was not sent after all. */
  takeBack(epoch: number): void {
    const age = (this.epoch - epoch) & 0xffff;
    if (age < EPOCHS) this.sent[(this.epoch - age) % EPOCHS]!--;
  }

  /** A port answered at its first try, which belonged to `epoch`. */
  answerFirst(epoch: number): void {
    const age = (this.epoch - epoch) & 0xffff;
    if (age < EPOCHS) this.answered[(this.epoch - age) % EPOCHS]!++;
  }

  /** A port answered: the window opens. @param isJudged first tries will tell what that costs */
  answer(isJudged: boolean): void {
    this.size = Math.min(this.most, this.size + this.growth(this.size, isJudged));
  }

  /** How much an answer opens a window of that size. */
  private growth(size: number, isJudged: boolean): number {
    const beyond = size - this.threshold;
    if (beyond < 0) return 1;
    // It speaks for all probes that were sent for one answer.
    const all = Math.max(1, size * Math.max(LEAST_SHARE, this.best));
    return isJudged ? Math.min(1, Math.max(GROWTH, AGAIN * beyond) / all) : 0;
  }

  /**
   * How much each probe will open a window of that size, and the size at which that changes.
   * @param replies share of probes that are answered, 0 to 1
   * @param silentWindow up to where silence opens it
   */
  opening(
    size: number,
    replies: number,
    silentWindow: number,
    isJudged: boolean,
  ): { readonly growth: number; readonly upTo: number } {
    if (size >= this.most) return { growth: 0, upTo: size };
    const end = Math.min(silentWindow, this.threshold);
    const bySilence = size < end ? (1 - replies) * BY_SILENCE : 0;
    const growth = replies * this.growth(size, isJudged) + bySilence;
    const ends = [end, this.threshold, this.most].filter((each) => each > size);
    return { growth, upTo: Math.min(...ends) };
  }

  /**
   * A port stays silent in a moment in which the way worked: the window opens slowly, up to `most`
   * and to the size that is known to be fine, since nothing speaks against.
   */
  silence(most: number): void {
    const end = Math.min(most, this.threshold);
    if (this.size < end) this.size = Math.min(end, this.size + BY_SILENCE);
  }

  /** Whether nothing speaks of too much speed of late. */
  get isFine(): boolean {
    return this.lastLoss <= TOLERANCE;
  }

  /** Whether nothing at all came through of late. */
  get isCut(): boolean {
    return this.lastLoss > CUT;
  }

  /**
   * Judges epochs that waited long enough for their answers; undefined: there are too few yet.
   * @param answering share of ports asked that answered, after however many tries
   */
  judge(nowUs: number, timeoutUs: number, answering: number): 'fits' | 'closed' | undefined {
    const floor = this.acquitted ? 0 : AT_FIRST * answering;
    let sent = 0;
    let answered = 0;
    let probes = 0;
    let size = 0;
    let upTo = this.oldest;
    while (upTo < this.epoch) {
      const slot = upTo % EPOCHS;
      if (this.closedUs[slot]! + timeoutUs > nowUs) break;
      sent += this.sent[slot]!;
      answered += this.answered[slot]!;
      probes += this.probes[slot]!;
      size = Math.max(size, this.sizes[slot]!);
      upTo++;
    }
    const due = Math.max(this.best * sent, floor * sent, answered);
    if (due < JUDGED) return undefined;
    const verdict = this.weigh(answered / sent, sent, floor);
    if (verdict === 'unsure' && due < MOST_JUDGED) return undefined;
    const us = this.closedUs[(upTo - 1) % EPOCHS]! - this.beganUs[this.oldest % EPOCHS]!;
    this.lastRate = probes / Math.max(1, us);
    this.oldest = upTo;
    if (verdict === 'closed') {
      this.close(size, nowUs);
      return 'closed';
    }
    this.inARow = 0;
    return 'fits';
  }

  /** What was sent is judged elsewhere: nothing of it is left to judge here. */
  pass(nowUs: number): void {
    this.turn(nowUs);
    this.oldest = this.epoch;
  }

  /**
   * Going slowly did not bring the answers back, so speed is not to blame (a filter has closed, the
   * host is gone): from now on the share of late is the best there is.
   */
  acquit(): void {
    this.acquitted = true;
    this.best *= 1 - this.lastLoss;
    this.lastLoss = 0;
    this.closings = 0;
    this.inARow = 0;
    this.threshold = this.most;
  }

  /** Whether too much is missing. @param floor the best share is that at least */
  private weigh(share: number, sent: number, floor: number): 'fits' | 'unsure' | 'closed' {
    // The largest of many shares counted by chance would be too large.
    this.best = Math.max(this.best, share - 2 * deviation(share, sent));
    const usual = Math.max(this.best, floor);
    this.lastLoss = Math.max(0, 1 - share / usual);
    if (this.lastLoss <= TOLERANCE) return 'fits';
    return usual - share > DEVIATIONS * deviation(usual, sent) ? 'closed' : 'unsure';
  }

  /** @param size at which too much was sent */
  private close(size: number, nowUs: number): void {
    const tooMuch = Math.min(this.size, size);
    const left = Math.min(MOST_LEFT, Math.max(LEAST_LEFT, 1 - this.lastLoss));
    this.closings++;
    this.closedAtUs = nowUs;
    this.size = Math.max(LEAST_WINDOW, left * tooMuch);
    if (this.inARow++ === 0 || !this.isCut) {
      this.threshold = Math.max(LEAST_WINDOW, FINE * tooMuch);
    }
    // What is under way was sent too fast as well: that is known now.
    this.turn(nowUs);
    this.oldest = this.epoch;
  }
}

/** Standard deviation of a share of `count` things, each in it or not by chance. */
function deviation(share: number, count: number): number {
  return Math.sqrt((share * (1 - share)) / count);
}
