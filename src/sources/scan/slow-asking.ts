/**
 * The patience with a UDP host that limits its ICMP errors (RFC 1812 section 4.3.2.8; Linux: six at
 * once, then one a second for each asker): its silent ports are asked again at a pace at which it
 * answers. A host that never said of a port that it is closed may have nothing left of its budget
 * because others used it up; so it is asked now and then until some of it must be there again.
 */

/** Between slow tries, microseconds: at first, at least, at most (Linux answers one a second). */
const FIRST_GAP_US = 20_000;
const LEAST_GAP_US = 1000;
const MOST_GAP_US = 1_050_000;
/** A port silent so often at a pace that others answer is silent for itself. */
const SLOW_TRIES = 2;
/** How long, and how often, a host that never refused is asked: twice what Linux' budget takes. */
const DOUBT_US = 2_400_000;
const DOUBT_GAP_US = 340_000;
/** How much of what is known of the pace the latest try makes. */
const LATEST = 0.25;
/** Of so few that are left, one that is answered or not makes a difference. */
const LAST_TRIES = 2;
/** Answers to slow tries from which their pace is known. */
const KNOWN_PACE = 5;

/** How long it will still take, and how far that is known. */
export interface TimeLeft {
  readonly ms: number;
  /** It may take less (`most`) or more (`least`); absent: about so long. */
  readonly bound?: 'most' | 'least';
}

/** Of one host; `on` from `begin` to the end. */
export class SlowAsking {
  /** How long to go on asking, microseconds; 0: not at all. */
  patienceUs = 0;
  /** Whether the host said of a port that it is closed, by ICMP. */
  refuses = false;
  /** When it began; NaN: not yet. */
  private sinceUs = Number.NaN;
  /** Slow tries of each cell; only made when they are needed. */
  private tries: Uint8Array | undefined;
  private answers = 0;
  /** Share of slow tries that are answered, of late. */
  private share = 0.5;
  /** Cells of which more can be learned, and those of them that had no slow try yet. */
  private waiting = 0;
  private untried = 0;

  /** Silent ports are asked slowly now. */
  get on(): boolean {
    return this.tries !== undefined;
  }

  /** @returns the gap between tries to begin with */
  begin(cells: number, silent: number, nowUs: number): number {
    this.tries = new Uint8Array(cells);
    this.waiting = silent;
    this.untried = silent;
    this.sinceUs = nowUs;
    return this.refuses ? FIRST_GAP_US : DOUBT_GAP_US;
  }

  private get allowedUs(): number {
    return this.refuses ? this.patienceUs : Math.min(DOUBT_US, this.patienceUs);
  }

  isOver(nowUs: number): boolean {
    return this.on && nowUs - this.sinceUs > this.allowedUs;
  }

  /** Whether more can be learned of a silent cell. */
  wants(cell: number): boolean {
    return this.tries![cell]! < SLOW_TRIES;
  }

  /** A slow try was answered. Returns the new gap. */
  answered(cell: number, gapUs: number): number {
    this.answers++;
    this.share += LATEST * (1 - this.share);
    if (this.wants(cell)) this.waiting--;
    if (this.tries![cell] === 0) this.untried--;
    return Math.max(LEAST_GAP_US, 0.97 * gapUs);
  }

  /** A slow try stayed silent: the host may answer even less often. Returns the new gap. */
  silent(cell: number, gapUs: number): number {
    // While nothing at all is known of its pace, silence says nothing of the port.
    if (!this.refuses) return gapUs;
    this.share -= LATEST * this.share;
    if (this.tries![cell] === 0) this.untried--;
    if (++this.tries![cell]! === SLOW_TRIES) this.waiting--;
    return Math.min(MOST_GAP_US, 1.5 * gapUs);
  }

  /** Whether the host's limit may be the cause of a cell's silence. */
  leavesOpen(cell: number): boolean {
    return this.refuses && this.on && this.wants(cell);
  }

  /**
   * @param gapUs between tries, as things are
   * @param nextUs when the next one is due
   */
  left(nowUs: number, gapUs: number, nextUs: number): TimeLeft {
    const patienceMs = Math.max(0, (this.sinceUs + this.allowedUs - nowUs) / 1000);
    if (!this.refuses) return { ms: patienceMs, bound: 'least' };
    if (this.answers < KNOWN_PACE) {
      return { ms: Math.min(patienceMs, this.longestMs(this.waiting)), bound: 'most' };
    }
    const tries = Math.max(0, this.waiting + (1 - this.share) * this.untried - 1);
    const leftUs = Math.max(0, nextUs - nowUs) + tries * gapUs;
    // Each of the last tries decides whether another one follows.
    return tries <= LAST_TRIES
      ? { ms: Math.min(patienceMs, (leftUs + gapUs) / 1000), bound: 'most' }
      : { ms: Math.min(patienceMs, leftUs / 1000) };
  }

  /** What it will take, where `silent` cells are left to it. */
  expected(silent: number): TimeLeft | undefined {
    if (this.patienceUs === 0 || silent < 0.5) return undefined;
    if (!this.refuses) return { ms: this.allowedUs / 1000, bound: 'least' };
    return { ms: Math.min(this.patienceUs / 1000, this.longestMs(silent)), bound: 'most' };
  }

  private longestMs(cells: number): number {
    return (cells * SLOW_TRIES * MOST_GAP_US) / 1000;
  }
}
