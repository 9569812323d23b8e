/**
 * How long one host will still take. The way there and the host's silence are known from its tally,
 * and how its window opens is known beforehand: so the rest of its scan is played through, one wait
 * after another, with shares in place of single probes.
 */
import type { HostScan } from './host-scan.ts';
import type { TimeLeft } from './slow-asking.ts';
import type { Timing } from './timing.ts';

/** Steps that are played through at most, and how much a window opens in each. */
const MOST_STEPS = 60;
const STEP = 1.5;
/** A smaller share of answers does not open a window. */
const LEAST_GROWTH = 0.003;

/** By so much it may take longer than announced, or shorter, without a word about it. */
const UNSURE = 1.15;
/** So much more is possible, in standard deviations. */
const DEVIATIONS = 2;
/** Tries in vain come together: what one pulse that is lost costs. */
const HEAP_MS = 400;

/** What limits a host beside its window. */
export interface Limits {
  /** Probes that this machine can send each ms. */
  readonly perMs: number;
  /** So many hosts share them, for so long. */
  readonly hosts: number;
  readonly sharedMs: number;
}

/** What is known of a host when its end is worked out. */
interface Figures {
  /** Ports not asked yet; probes to be sent to ports asked before. */
  fresh: number;
  retries: number;
  /** Share of ports that stay silent; of tries that get lost. */
  readonly silent: number;
  readonly loss: number;
  /** How often a silent port is asked. */
  readonly tries: number;
  /** Share of tries that tell nothing. */
  readonly vain: number;
  /** Until a try is given up, and until it is answered, ms. */
  readonly waitMs: number;
  readonly tripMs: number;
  /** How often a port asked before is asked again at most, and how many of those answer yet. */
  readonly rounds: number;
  readonly alive: number;
}

/** How long a host will still take, apart from others. */
export function hostLeft(host: HostScan, timing: Timing, nowUs: number, limits: Limits): TimeLeft {
  const { slow, tally } = host;
  if (slow.on) return slow.left(nowUs, host.speed.pace.gapUs, host.speed.pace.nextUs);
  const { least, likely, most } = tally.expectedTries();
  const pending = host.pending();
  const left = (tries: number, vain: number): number => {
    const figures = figuresOf(host, tries, vain, pending);
    const played = play(figures, host, timing, limits);
    return played.ms + waitsMs(figures, host, played);
  };
  const ms = left(likely, tally.vainShare);
  const later = slow.expected(tally.silentShare * (tally.cells - tally.restored));
  if (later !== undefined) return { ms: ms + later.ms, ...(later.bound && { bound: later.bound }) };
  // While nothing answered, the wait is the longest one.
  if (tally.answered === 0 && Number.isNaN(host.roundTrip.smoothedUs)) return { ms, bound: 'most' };
  // Silent ports are asked more often where more turns out to get lost, or the pulse does.
  const heapsMs = DEVIATIONS * Math.sqrt(ms * pulseLoss(host) * HEAP_MS);
  const mostMs = Math.max(ms, left(most, tally.vainShare)) + heapsMs;
  if (mostMs < UNSURE * ms) {
    const leastMs = left(least, tally.vainShare);
    if (ms < UNSURE * leastMs) return { ms };
  }
  return { ms: left(least, 0), bound: 'least' };
}

/** How likely it is that tries are made in vain since the pulse gets lost, 0 to 1. */
function pulseLoss({ pulse, tally }: HostScan): number {
  const { silent, loss } = tally.wayOf();
  if (silent < 0.5 || tally.lost === 0) return 0;
  // Ports that are open are asked for it rarely.
  return pulse.refuses ? tally.vainShare : Math.max(tally.vainShare, loss / 2);
}

/**
 * @param tries how often a silent port will be asked
 * @param vain share of tries that tell nothing and are made again
 */
function figuresOf(host: HostScan, tries: number, vain: number, pending: Pending): Figures {
  const { tally, fresh } = host;
  const { silent, loss } = tally.wayOf();
  let waitMs = 0;
  for (let each = 1; each <= tries; each++) waitMs += host.waitOfUs(each) / 1000 / tries;
  const { smoothedUs } = host.roundTrip;
  const tripMs = Number.isNaN(smoothedUs) ? waitMs : Math.min(waitMs, smoothedUs / 1000);
  const owed = owedOf(pending, { silent, loss, tries, tripShare: tripMs / waitMs });
  const retries = Math.max(host.waiting, owed.probes / (1 - vain));
  return { fresh, retries, silent, loss, tries, vain, waitMs, tripMs, ...owed };
}

type Pending = ReturnType<HostScan['pending']>;

/** Probes that ports asked before still get, how often one of them at most, how many answer yet. */
function owedOf(
  { waiting, flying }: Pending,
  way: {
    readonly silent: number;
    readonly loss: number;
    readonly tries: number;
    readonly tripShare: number;
  },
): { readonly probes: number; readonly rounds: number; readonly alive: number } {
  const { silent, loss, tries, tripShare } = way;
  let [probes, rounds, alive] = [0, 0, 0];
  for (let made = 0; made < waiting.length; made++) {
    const left = Math.max(0, tries - made);
    // The more often a port was silent, the more likely it always is.
    const lost = (1 - silent) * loss ** made;
    const dead = silent + lost === 0 ? 0 : silent / (silent + lost);
    probes += waiting[made]! * (dead * left + (1 - dead) / Math.max(0.1, 1 - loss));
    alive += waiting[made]! * (1 - dead);
    // One that answers does not stay in flight for long.
    const asked = (1 - silent) * loss ** Math.max(0, made - 1) * (tripShare + loss);
    const mute = silent + asked === 0 ? 0 : silent / (silent + asked);
    probes += flying[made]! * (mute * left + ((1 - mute) * loss) / Math.max(0.1, 1 - loss));
    alive += flying[made]! * (1 - mute);
    if (silent > 0 && waiting[made]! + flying[made]! > 0) rounds = Math.max(rounds, left);
  }
  return { probes, rounds, alive };
}

/** A host's scan, played through from now. */
interface Played {
  /** Until the last probe is out, and until the last port was asked for the first time, ms. */
  readonly ms: number;
  readonly freshMs: number;
}

function play(figures: Figures, host: HostScan, timing: Timing, limits: Limits): Played {
  const { perMs, sharedMs } = limits;
  const again = againEach(figures);
  const gapUs = host.speed.pace.soonUs;
  const pace = gapUs > 0 ? 1000 / gapUs : Number.POSITIVE_INFINITY;
  let { fresh, retries } = figures;
  let { size } = host.speed.window;
  let [ms, freshMs] = [0, 0];
  for (let step = 0; fresh + retries > 0.5; step++) {
    // Fresh ports and those asked before take turns as long as there are both.
    const freshShare = fresh <= 0 ? 0 : retries < 1 ? 1 / (1 + again) : 0.5;
    const replies = repliesOf(figures, freshShare, again);
    const slot = slotMs(figures, replies);
    const byWindow = Math.max(1, size) / slot;
    const most = Math.min(pace, ms < sharedMs ? perMs / limits.hosts : perMs);
    // A queue that shrinks is empty before the last fresh port is asked.
    const turns = retries >= 1 && again < 1 ? Math.min(fresh, retries / (1 - again)) : fresh;
    const phase = fresh > 0 ? turns / freshShare : retries;
    const opening = host.speed.window.opening(size, replies, timing.silentWindow, fresh > 0);
    const opens = byWindow < most && opening.growth >= LEAST_GROWTH;
    const growth = opens ? opening.growth / slot : 0;
    const rate = Math.min(most, byWindow);
    let sent = ms < sharedMs ? Math.min(phase, 1 + rate * (sharedMs - ms)) : phase;
    let tookMs = sent / rate;
    if (growth > 0 && step < MOST_STEPS) {
      // The window opens as interest on a loan grows; up to the next place where that changes.
      const factor = Math.min(STEP, opening.upTo / size, 1 + (phase * growth) / byWindow);
      sent = Math.min(phase, (byWindow * (factor - 1)) / growth);
      tookMs = Math.log(factor) / growth;
      size *= factor;
    }
    const asked = fresh > 0 ? sent * freshShare : 0;
    fresh = fresh - asked < 0.5 ? 0 : fresh - asked;
    retries = Math.max(0, retries + asked * again - (sent - asked));
    ms += tookMs;
    if (asked > 0) freshMs = ms;
  }
  return { ms, freshMs };
}

/** Probes to a port beside the first, on average. */
function againEach({ silent, loss, tries }: Figures): number {
  return silent * (tries - 1) + ((1 - silent) * loss) / Math.max(0.1, 1 - loss);
}

/** Share of probes that are answered. */
function repliesOf({ silent, loss }: Figures, freshShare: number, again: number): number {
  const alive =
    again > 0 ? Math.min(1, ((1 - silent) * loss) / Math.max(0.1, 1 - loss) / again) : 0;
  return (1 - loss) * (freshShare * (1 - silent) + (1 - freshShare) * alive);
}

/** How long a probe fills its place in the window. */
function slotMs({ tripMs, waitMs }: Figures, replies: number): number {
  return Math.max(0.05, replies * tripMs + (1 - replies) * waitMs);
}

/**
 * Rounds of waits until the last probe in flight is answered: each leaves as many without answer as
 * get lost; 0.58 is Euler's constant, how far the last one lies behind.
 */
function roundsOf(loss: number, inFlight: number): number {
  if (loss === 0) return 0;
  return (Math.log(Math.max(1, inFlight)) + 0.58) / Math.log(1 / Math.min(0.9, loss));
}

/** Probes that a host will still get: as far as is known, at least and at most. */
export interface ProbesLeft {
  readonly probes: number;
  readonly leastProbes: number;
  readonly mostProbes: number;
}

/** What is left to ask of a host. */
export function probesLeft(host: HostScan): ProbesLeft {
  const { tally } = host;
  const pending = host.pending();
  const { least, likely, most } = tally.expectedTries();
  const of = (tries: number): number => {
    const { fresh, retries, silent, loss } = figuresOf(host, tries, tally.vainShare, pending);
    return retries + fresh * (silent * tries + (1 - silent) / Math.max(0.1, 1 - loss));
  };
  const probes = of(likely);
  return {
    probes,
    leastProbes: least === likely ? probes : of(least),
    mostProbes: most === likely ? probes : of(most),
  };
}

/** The waits for what gets lost last, ms. */
export function lossTailMs(host: HostScan): number {
  return (roundsOf(host.tally.loss, host.inFlight) * host.waitOfUs(1)) / 1000;
}

/** How long it takes beyond its probes: waits that come one after another, ms. */
function waitsMs(figures: Figures, host: HostScan, { ms, freshMs }: Played): number {
  const { silent, loss, tries, waitMs, fresh, retries } = figures;
  if (fresh + retries < 0.5 && host.inFlight === 0) return 0;
  const rounds = Math.max(
    roundsOf(loss, Math.min(host.inFlight, figures.alive)),
    loss > 0 ? roundsOf(figures.vain, host.inFlight) : 0,
  );
  if (silent === 0) return rounds * waitMs;
  const left = fresh >= 1 ? tries : figures.rounds;
  return Math.max(1, rounds, left - (ms - freshMs) / waitMs) * waitMs;
}
