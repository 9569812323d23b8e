/**
 * Counts of one host's probes and answers, and what they say of the way there: how much gets lost,
 * which part of the ports is silent whatever happens, and how often a silent one must be asked so
 * that hardly any port that answers is overlooked.
 */

/** Tries of a port that are counted one by one. */
const LEVELS = 8;
/** A level says something from so many tries on. */
const LEVEL_COUNT = 20;
/** Share of tries lost that is hardly any: a machine that was busy for a moment. */
const RARE = 1e-3;
/** So many answers, none of which got lost: the way seems to lose nothing. */
const KNOWN_LOSSLESS = 30;
/** What is lost of late is told from so many ports. */
const LATELY = 500;
/** Tries in vain come in heaps: their share is that of so many tries. */
const VAIN_OF = 200_000;
/** By so many standard deviations more or less may get lost than is expected. */
const DEVIATIONS = 2.5;
/** Fewer ports than that are hardly overlooked so far. */
const RARELY = 0.005;
/** So many tries, and by so many for each port that answered, are much to be lost. */
const MUCH_LOST = 12;
const MUCH_VAIN = 100;
const MUCH = 0.4;
/** At the speed that just comes through so much gets lost, if not more. */
const AT_THE_LIMIT = 0.03;
/** Tries of a port, in multiples of the band's most, on a host with which there was trouble. */
const OVERLOAD_TRIES = 3;

/** Shares are 0 to 1. */
export class HostTally {
  /** Ports of this host, and those that an earlier run or another shard answers for. */
  readonly cells: number;
  restored = 0;
  /** What an earlier run counted. */
  readonly earlier = { answered: 0, lost: 0, tries: 0 };
  /** Probes sent; ports asked at all; first tries in flight. */
  sent = 0;
  asked = 0;
  firstsOut = 0;
  /** Ports that answered, and how many of their earlier tries stayed without answer. */
  answered = 0;
  lost = 0;
  /** Share of tries that tell nothing and are made again, of late: 0 to 1. */
  private vain = 0;
  private givenUp = 0;
  /** How likely a port that answers was silent at each of its tries so far, 0 to 1. */
  private chance = 0;
  /** Tries lost of a port that answers, of late, and the ports which that is worked out from. */
  private lately = 0;
  private weighed = 0;
  /** Since speed was judged last: tries lost of ports that answered, tries in vain and others. */
  private newly = { lost: 0, answered: 0, vain: 0, told: 0 };
  /** What came of asking ports again that are known to answer. */
  private known = { back: 0, lost: 0 };
  /** Whether more was sent at some time than came through. */
  overloaded = false;
  /** How long an answer takes, as a part of how long one is waited for: 0 to 1. */
  tripShare = 1;
  private readonly mostTries: number;
  /** Tries answered and given up: the first of each port, the second, … */
  private readonly answeredAt = new Float64Array(LEVELS);
  private readonly silentAt = new Float64Array(LEVELS);

  /** @param mostTries how often a port is asked at most */
  constructor(cells: number, mostTries: number) {
    this.cells = cells;
    this.mostTries = mostTries;
  }

  /**
   * The port's `tries`th try was answered, tries in vain left out. @param isNew it does not count
   * as silent already; @param first the very first one, still in flight
   */
  answer(tries: number, isNew: boolean, first: boolean): void {
    if (first) this.firstsOut--;
    if (tries > LEVELS) return;
    this.answeredAt[tries - 1]!++;
    if (!isNew) this.silentAt[tries - 1]!--;
  }

  /** A port answered of which so many tries got lost. */
  lose(tries: number): void {
    this.lost += tries;
    this.newly.lost += tries;
    this.newly.answered++;
    if (this.weighed < LATELY) this.weighed++;
    this.lately += (tries - this.lately) / this.weighed;
  }

  /** A try was given up that tells something of its port: the `tries`th such. */
  silence(tries: number, first: boolean): void {
    if (first) this.firstsOut--;
    if (tries <= LEVELS) this.silentAt[tries - 1]!++;
    this.newly.told++;
    this.vain -= this.vain / this.latest();
  }

  /** Whether much more gets lost than a way loses at any speed. */
  get losesMuch(): boolean {
    const { lost, answered, vain, told } = this.newly;
    return (lost > MUCH_LOST && lost > MUCH * answered) || (vain > MUCH_VAIN && vain > MUCH * told);
  }

  /** From now on `losesMuch` tells of what comes. */
  beginLately(): void {
    this.newly = { lost: 0, answered: 0, vain: 0, told: 0 };
  }

  /** Of ports that are known to answer so many came back and got lost, asked beside the others. */
  measured(back: number, lost: number): void {
    this.known.back += back;
    this.known.lost += lost;
  }

  /** What was counted tells nothing of the way: too much was sent. */
  startOver(): void {
    this.known = { back: 0, lost: 0 };
    this.lost = 0;
    this.beginLately();
    this.lately = 0;
    this.weighed = 0;
    this.answeredAt.fill(0);
    this.silentAt.fill(0);
  }

  private latest(): number {
    if (this.givenUp < VAIN_OF) this.givenUp++;
    return this.givenUp;
  }

  /** A try was given up that tells nothing of its port. */
  inVain(first: boolean): void {
    if (first) this.firstsOut--;
    this.newly.vain++;
    this.vain += (1 - this.vain) / this.latest();
  }

  /**
   * First tries in flight that would have been answered by now: a silent port keeps its place
   * longer than one that answers.
   */
  private quietFirsts(): number {
    let quiet = 0;
    for (let round = 0; round < 3; round++) {
      const silent = this.silentAt[0]! + quiet;
      const longer = silent * (1 - this.tripShare);
      const all = silent + this.answeredAt[0]! * this.tripShare;
      quiet = all === 0 ? 0 : (this.firstsOut * longer) / all;
    }
    return quiet;
  }

  /** How often a silent port may be asked at most: tries lost to speed say nothing of it. */
  get most(): number {
    return this.mostTries * (this.overloaded ? OVERLOAD_TRIES : 1);
  }

  /** The same with those that were in vain for another reason. */
  get mostInVain(): number {
    return this.mostTries * OVERLOAD_TRIES;
  }

  /**
   * How often a silent port is asked: so often that, with the loss seen on this host, the chance
   * to overlook even one port that answers is below one in ten thousand (one in a thousand while
   * hardly anything was lost).
   */
  allowedTries(
    answered = this.answered + this.earlier.answered,
    lost = this.lost + this.earlier.lost,
  ): number {
    const least = this.overloaded ? AT_THE_LIMIT : 0;
    const share = Math.min(0.9, Math.max(least, this.shareLost(answered, lost)));
    const chance = (lost > RARE * answered ? 1e-4 : 1e-3) / Math.max(1, answered);
    const tries = Math.ceil(Math.log(chance) / Math.log(share));
    return Math.max(Math.min(2, this.most), Math.min(this.most, tries));
  }

  /** Where few ports answer, those that were asked again for it tell more of what gets lost. */
  private shareLost(answered: number, lost: number): number {
    const { known } = this;
    const byAnswers = (lost + 0.5) / (answered + lost + 10);
    return Math.max(
      byAnswers,
      (lost + known.lost + 0.5) / (answered + lost + known.back + known.lost + 10),
    );
  }

  /** Share of tries known to be lost, 0 to 1: of ports that answered later. */
  get lossSoFar(): number {
    return this.lost / Math.max(1, this.answered + this.lost);
  }

  /** Ports of which anything is known, or given up for now. */
  get tried(): number {
    return this.asked - this.firstsOut;
  }

  /** Share of ports that stay silent whatever happens on the way, 0 to 1, as far as is known. */
  get silentShare(): number {
    return this.wayOf().silent;
  }

  /** Share of tries that get lost on the way, 0 to 1, as far as is known. */
  get loss(): number {
    return this.wayOf().loss;
  }

  /**
   * Tells silence from loss by how many more answer at each further try. A port that waits for its
   * second try counts in the first only (as Kaplan and Meier count those who left a study).
   */
  wayOf(): { readonly silent: number; readonly loss: number } {
    const quiet = this.quietFirsts();
    const first = this.answeredAt[0]! + this.silentAt[0]! + quiet;
    if (first === 0) return { silent: 0, loss: 0 };
    let survivors = 1;
    let depth = 0;
    let least = first;
    for (; depth < LEVELS; depth++) {
      const silent = this.silentAt[depth]! + (depth === 0 ? quiet : 0);
      const count = this.answeredAt[depth]! + silent;
      if (count < Math.min(LEVEL_COUNT, first)) break;
      survivors *= silent / count;
      least = Math.min(least, count);
    }
    const answers = this.answeredAt[0]! / first;
    const loss = depth < 2 || survivors >= 1 ? 0 : Math.max(0, 1 - answers / (1 - survivors));
    const chance = loss ** depth;
    const silent = chance >= 1 ? 0 : Math.max(0, (survivors - chance) / (1 - chance));
    // Loss that happens to fall on a port's every try is no silence.
    const doubt = 3 * Math.sqrt((survivors * (1 - survivors)) / least);
    return { silent: loss > 0 && silent < Math.min(0.05, doubt) ? 0 : silent, loss };
  }

  /**
   * How often a silent port will have been asked when all were asked: as far as that can be told,
   * and between which bounds it most likely lies, as more or less may get lost than did so far.
   */
  expectedTries(): { readonly least: number; readonly likely: number; readonly most: number } {
    const cells = this.cells - this.restored;
    const asked = Math.max(1, this.asked);
    const each = this.eachSilent;
    // So many of those that are silent so far would answer yet.
    const overlooked = this.answered / (1 - Math.min(0.9, this.chance)) - this.answered;
    const answering = Math.max(1, (cells / asked) * (this.answered + overlooked));
    if (this.lost === 0) {
      const likely = this.allowedTries(answering, 0);
      return { least: likely, likely, most: this.answered < KNOWN_LOSSLESS ? this.most : likely };
    }
    const { loss } = this.wayOf();
    const usual = loss / Math.max(0.1, 1 - loss);
    const byShare = Math.max(0, answering * usual - this.lost);
    // Moments of trouble pass: then what is lost of late counts.
    const byLate = Math.max(0, answering - this.answered) * this.lately;
    const more = this.overloaded ? byLate : byShare;
    const share = this.overloaded ? this.lately : usual;
    const seen = Math.max(1, this.overloaded ? share * this.weighed : this.lost);
    // What is to come is a matter of chance, and so is the share seen so far.
    const unsure = DEVIATIONS * Math.sqrt(more * (1 + share) + more ** 2 / seen);
    const late = overlooked < RARELY ? 0 : each * (overlooked + DEVIATIONS * Math.sqrt(overlooked));
    const tries = (lost: number): number => this.allowedTries(answering, this.lost + lost);
    // Where too much is sent, as much may get lost as did so far.
    const again = this.overloaded ? (answering / this.answered - 1) * this.lost : 0;
    return {
      least: tries(Math.max(0, more - unsure)),
      likely: tries(more),
      most: tries(Math.max(more, again) + unsure + late),
    };
  }

  /** Takes how many ports without an outcome were asked once, twice, … */
  weighSilence(counts: Float64Array): void {
    const loss = this.mostLoss();
    let [all, missed] = [0, 0];
    for (let tries = 0; tries < counts.length; tries++) {
      all += counts[tries]!;
      missed += counts[tries]! * loss ** tries;
    }
    this.chance = all === 0 ? 0 : missed / all;
  }

  /** Share of tries that get lost, if more do than happened to show. */
  private mostLoss(): number {
    const lost = this.lost + 1;
    return (lost + DEVIATIONS * Math.sqrt(lost)) / (this.answered + lost + DEVIATIONS);
  }

  /** How often ports that are silent so far were asked, on average; 1 at least. */
  get eachSilent(): number {
    const silent = Math.max(1, this.asked - this.answered);
    return Math.max(1, (this.sent - this.answered - this.lost) / silent);
  }

  /** Share of tries that tell nothing and are made again, of late: 0 to 0.5. */
  get vainShare(): number {
    return Math.min(0.5, this.vain);
  }
}
