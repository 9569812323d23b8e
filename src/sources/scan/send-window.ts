/**
 * How many probes may be unanswered at once. The window opens with every answer, as TCP's does
 * (RFC 5681 slow start and congestion avoidance), and closes when too much is sent.
 *
 * A link that loses one packet in twenty does so at any speed; halving for each loss would stop a
 * scan without saving one packet. Instead the share of first tries that are answered is watched:
 * ports are asked in random order, so this share is the same all through a scan, whatever is
 * filtered, unless speed itself costs answers. A share that fell below the best one closes the
 * window.
 */

const EPOCHS = 64;
/** First tries of an epoch at least. */
const EPOCH_LENGTH = 64;
/** Answers that must have been due before a share is judged. */
const JUDGED = 60;
/** The share may fall by this part of the best one without being blamed on speed. */
const TOLERANCE = 0.15;
/**
 * And by so many standard deviations of a share counted by chance: where few ports answer at all,
 * shares differ much from one moment to the next.
 */
const DEVIATIONS = 3;
const LEAST_WINDOW = 2;
/** Growth per answer beyond the threshold, divided by the window. */
const GROWTH = 8;

export class SendWindow {
  size: number;
  private threshold: number;
  private readonly most: number;
  /** Epoch that first tries belong to now. */
  private epoch = 0;
  private readonly sent = new Uint32Array(EPOCHS);
  private readonly answered = new Uint32Array(EPOCHS);
  private readonly sizes = new Float64Array(EPOCHS);
  private readonly closedUs = new Float64Array(EPOCHS);
  /** The oldest epoch not judged yet. */
  private oldest = 0;
  /** Largest share answered so far, 0 to 1. */
  best = 0;
  /** Share of due answers missing when it was judged last, 0 to 1. */
  lastLoss = 0;
  /** How often the window was closed. */
  closings = 0;

  constructor(start: number, most: number) {
    this.size = start;
    this.most = most;
    this.threshold = most;
    this.sizes[0] = start;
  }

  /** A port is asked for the first time. Returns the epoch, to be kept for the answer. */
  firstTry(nowUs: number): number {
    if (this.sent[this.epoch % EPOCHS]! >= Math.max(EPOCH_LENGTH, this.size)) this.turn(nowUs);
    this.sent[this.epoch % EPOCHS]!++;
    return this.epoch & 0xffff;
  }

  private turn(nowUs: number): void {
    this.closedUs[this.epoch % EPOCHS] = nowUs;
    this.epoch++;
    // Epochs nobody judged in time are forgotten: their hosts hardly answer.
    if (this.epoch - this.oldest >= EPOCHS) this.oldest = this.epoch - EPOCHS + 1;
    const slot = this.epoch % EPOCHS;
    this.sent[slot] = 0;
    this.answered[slot] = 0;
    this.sizes[slot] = this.size;
  }

  /** A first try was not sent after all. */
  takeBack(epoch: number): void {
    const age = (this.epoch - epoch) & 0xffff;
    if (age < EPOCHS) this.sent[(this.epoch - age) % EPOCHS]!--;
  }

  /** A port answered. `first`: the first try, which belonged to `epoch`. */
  answer(epoch: number, first: boolean): void {
    if (first) {
      const age = (this.epoch - epoch) & 0xffff;
      if (age < EPOCHS) this.answered[(this.epoch - age) % EPOCHS]!++;
    }
    if (this.size >= this.most) return;
    this.size += this.size < this.threshold ? 1 : GROWTH / this.size;
    if (this.size > this.most) this.size = this.most;
  }

  /** A port stays silent: the window opens slowly, up to `most`, since nothing speaks against. */
  silence(most: number): void {
    if (this.size < most) this.size = Math.min(most, this.size + 0.5);
  }

  /** Judges epochs that waited long enough for their answers; undefined: there are too few yet. */
  judge(nowUs: number, timeoutUs: number): 'fits' | 'closed' | undefined {
    let sent = 0;
    let answered = 0;
    let size = 0;
    let upTo = this.oldest;
    while (upTo < this.epoch) {
      const slot = upTo % EPOCHS;
      if (this.closedUs[slot]! + timeoutUs > nowUs) break;
      sent += this.sent[slot]!;
      answered += this.answered[slot]!;
      size = Math.max(size, this.sizes[slot]!);
      upTo++;
    }
    const due = Math.max(this.best * sent, answered);
    if (due < JUDGED) return undefined;
    this.oldest = upTo;
    return this.weigh(answered / sent, sent, size) ? 'closed' : 'fits';
  }

  /**
   * Going slowly did not bring the answers back, so speed is not to blame (a filter has closed, the
   * host is gone): from now on the share of late is the best there is.
   */
  acquit(): void {
    this.best *= 1 - this.lastLoss;
    this.lastLoss = 0;
    this.closings = 0;
    this.threshold = this.most;
  }

  /** True when the window closed. */
  private weigh(share: number, sent: number, size: number): boolean {
    this.best = Math.max(this.best, share - deviation(share, sent));
    this.lastLoss = Math.max(0, 1 - share / this.best);
    if (this.lastLoss <= TOLERANCE) return false;
    if (this.best - share <= DEVIATIONS * deviation(this.best, sent)) return false;
    this.closings++;
    this.size = Math.max(LEAST_WINDOW, Math.min(this.size, size / 2));
    this.threshold = this.size;
    return true;
  }
}

/** Standard deviation of a share of `count` things, each in it or not by chance. */
function deviation(share: number, count: number): number {
  return Math.sqrt((share * (1 - share)) / count);
}
