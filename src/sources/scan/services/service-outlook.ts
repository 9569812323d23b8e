/**
 * How long it will still take to ask open ports what they are. Listening to a port is short, and
 * the ports to come are taken to be like those so far, dealt out again as the scan will do it. To
 * question one that stays silent takes half a minute, and is done for a few of each host, all at a
 * time.
 */
import type { TimeLeft } from '../slow-asking.ts';
import type { AskedHost, ServiceQueue, Turn } from './service-queue.ts';

/** A port of which nobody knows yet whether it is quick. */
const UNDECIDED_MS = 1000;
/** What is longer by this factor decides alone. */
const CLEARLY = 1.25;
/** Durations that are kept. */
const MOST_KEPT = 2000;

/** What is known before any port was asked. */
export interface ServicePrior {
  /** What it takes to listen to a port of unknown purpose that says nothing. */
  readonly briefMs: number;
  /** What it takes to question a port in full that never says anything. */
  readonly questionedMs: number;
}

/** How long ports took that were listened to: those of known purpose take longer. */
interface Durations {
  likely: number[];
  others: number[];
}

/** For one run; `prior` is what is expected of ports before any was listened to. */
export class ServiceOutlook {
  private readonly queue: ServiceQueue;
  private readonly prior: ServicePrior;
  private listened: Durations = { likely: [], others: [] };
  private longestQuestionedMs = 0;

  constructor(queue: ServiceQueue, prior: ServicePrior) {
    this.queue = queue;
    this.prior = prior;
  }

  /** The port was listened to. */
  heard({ sinceMs, likely }: Turn, nowMs: number): void {
    const kind = likely ? 'likely' : 'others';
    const known = this.listened[kind];
    known.push(nowMs - sinceMs);
    if (known.length > MOST_KEPT) this.listened[kind] = known.filter((_, at) => at % 2 === 0);
  }

  /** All is known of the port. */
  done(turn: Turn, nowMs: number): void {
    const { questionedMs, asked } = turn;
    if (questionedMs !== undefined) {
      this.longestQuestionedMs = Math.max(this.longestQuestionedMs, nowMs - questionedMs);
    } else if (asked.listening.has(turn)) this.heard(turn, nowMs);
  }

  /**
   * Undefined while no port says anything of the others. At least so long while any of the ports
   * that were not heard yet may be the first silent one; at most so long while silent ones are
   * questioned, which may answer the next question.
   */
  left(nowMs: number): TimeLeft | undefined {
    const { hosts, limits } = this.queue;
    const known = this.durations(nowMs);
    if (known.likely.length + known.others.length === 0) return undefined;
    if (known.others.length === 0) known.others.push(this.prior.briefMs);
    if (known.likely.length === 0) known.likely = known.others;
    const anySilent = this.longestQuestionedMs > 0 || [...hosts].some(({ silent }) => silent > 0);
    let [longestMs, work, mostMs, surprising] = [0, 0, 0, 0];
    let open = false;
    for (const asked of hosts) {
      const { ms, dealt, more } = this.listening(asked, known, nowMs);
      longestMs = Math.max(longestMs, ms);
      work += dealt;
      if (this.queue.room(asked) > 0) surprising += more;
      open ||= this.isOpen(asked);
      const longest = Math.max(0, known.likely.at(-1)!, known.others.at(-1)!);
      mostMs = Math.max(mostMs, this.questionedBy(asked, anySilent, ms + longest, nowMs));
    }
    const ms = Math.max(longestMs, work / limits.atOnce);
    if (!open && mostMs > CLEARLY * ms) return { ms: mostMs, bound: 'most' };
    if (!open && (surprising === 0 || mostMs > ms)) return { ms: Math.max(mostMs, ms) };
    // Those being listened to may end at any moment.
    return {
      ms: Math.max(0, ms - mean(this.listened.likely, this.listened.others)),
      bound: 'least',
    };
  }

  /** How long it takes to listen to a port, as far as is known; ascending. */
  private durations(nowMs: number): Durations {
    const likely = [...this.listened.likely];
    const others = [...this.listened.others];
    for (const { listening } of this.queue.hosts) {
      for (const turn of listening) {
        const age = nowMs - turn.sinceMs;
        if (age >= UNDECIDED_MS) (turn.likely ? likely : others).push(age);
      }
    }
    const ascending = (left: number, right: number): number => left - right;
    return { likely: likely.sort(ascending), others: others.sort(ascending) };
  }

  /** Until all ports of a host were listened to, the time that takes in sum, how many those are. */
  private listening(
    { waiting, likely, listening, silent, told }: AskedHost,
    known: Durations,
    nowMs: number,
  ): { readonly ms: number; readonly dealt: number; readonly more: number } {
    const { listened, alike } = this.queue.limits;
    const busy = [...listening].map((turn) => {
      const age = nowMs - turn.sinceMs;
      const longer = (turn.likely ? known.likely : known.others).filter((ms) => ms > age);
      return longer.length === 0 ? 0 : mean(longer) - age;
    });
    // When so many told the same, the others are not asked.
    const commonest = Math.max(silent, ...told.values());
    const heard = silent + sum([...told.values()]);
    const untilAlike = heard === 0 ? alike : (alike - commonest) * (heard / commonest);
    const most = Math.ceil(untilAlike) - listening.size;
    const count = Math.max(0, Math.min(waiting.length, most));
    const first = Math.min(count, likely);
    const dealt = [...mixed(known.likely, first), ...mixed(known.others, count - first)];
    const ms = Math.max(0, ...deal(busy, dealt, listened));
    return { ms, dealt: sum(busy) + sum(dealt), more: count + busy.length };
  }

  /** Whether nobody knows how many silent ports of a host will be questioned: none was to the end. */
  private isOpen(asked: AskedHost): boolean {
    const { few, silentToEnd, toldLate, held } = asked;
    return !few && silentToEnd + toldLate === 0 && held.length > this.queue.room(asked);
  }

  /** When the last silent port of a host was questioned at the latest, ms; 0: there is none. */
  private questionedBy(asked: AskedHost, anySilent: boolean, ms: number, nowMs: number): number {
    const { waiting, listening, questioning, held, silent, told } = asked;
    const since = [...questioning].map(({ questionedMs = nowMs }) => nowMs - questionedMs);
    const wholeMs = Math.max(this.longestQuestionedMs, this.prior.questionedMs);
    const lastMs = Math.max(0, ...since.map((age) => wholeMs - age));
    // Where some tell something late, all may be questioned.
    const room = asked.toldLate > 0 ? Number.POSITIVE_INFINITY : this.queue.room(asked);
    const unheard = waiting.length + listening.size;
    if (!anySilent || room <= 0 || held.length + unheard === 0) return lastMs;
    const { questioned } = this.queue.limits;
    if (unheard === 0) {
      return lastMs + Math.ceil(Math.min(room, held.length) / questioned) * wholeMs;
    }
    // The last one of them may be heard last.
    const share = silent / Math.max(1, silent + sum([...told.values()]));
    const silentToCome = Math.max(1, share * unheard);
    const part = Math.min(1, Math.max(0, room - held.length) / silentToCome);
    const coming = questioning.size + Math.min(room, held.length + silentToCome);
    return Math.max(lastMs, part * ms + Math.ceil(coming / questioned) * wholeMs);
  }
}

/** So many durations, spread as those known are, quick and slow in turn. */
function mixed(known: readonly number[], count: number): number[] {
  const stride = strideOf(count);
  return Array.from({ length: count }, (_, index) => {
    const at = ((index * stride) % count) + 0.5;
    return known[Math.floor((at / count) * known.length)]!;
  });
}

/** A step that comes by every place, near the golden section: neighbours lie far apart. */
function strideOf(count: number): number {
  let stride = Math.max(1, Math.round(0.618 * count));
  while (divisor(stride, count) > 1) stride++;
  return stride;
}

function divisor(left: number, right: number): number {
  return right === 0 ? left : divisor(right, left % right);
}

/** When each of so many lanes is free, after the next duration always went to the first free one. */
function deal(busy: readonly number[], durations: readonly number[], lanes: number): number[] {
  const ends = [...busy];
  while (ends.length < lanes) ends.push(0);
  for (const ms of durations) {
    let first = 0;
    for (let lane = 1; lane < lanes; lane++) if (ends[lane]! < ends[first]!) first = lane;
    ends[first]! += ms;
  }
  return ends;
}

/** Of all that is in the lists; 0: nothing is. */
function mean(...lists: (readonly number[])[]): number {
  const all = lists.flat();
  return sum(all) / Math.max(1, all.length);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
