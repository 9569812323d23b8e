/**
 * Which open port is asked next what it is. All ports of a host are listened to first, several at
 * once; those that tell nothing wait to be questioned in full. As long as hardly any of a host's
 * silent ports was questioned to the end, that is done beside listening: silence costs a host
 * nothing but an idle connection. A host with so many open ports that something may answer in place
 * of services has a part of its silent ones questioned, more of them for each that does tell
 * something.
 */
import type { PortState } from '../../../model/port-state.ts';
import type { ScannedHost } from '../../../model/scanned-host.ts';

/** What bounds the asking. */
export interface ServiceLimits {
  /** Ports in conversation at the same time, of all hosts. */
  readonly atOnce: number;
  /** Of one host, those that are listened to. */
  readonly listened: number;
  /**
   * Silent ports of a host that are questioned in full at the same time; of a host with more than
   * `few` open ports so many may tell nothing, too, and more for each that tells something.
   */
  readonly questioned: number;
  /** Of a host with so many open ports at most, every silent one is questioned in full. */
  readonly few: number;
  /** When so many ports of a host told the same, or nothing, the others are not asked. */
  readonly alike: number;
}

/** A port that told something when it was questioned is worth so many that may tell nothing. */
const WORTH = 4;

/** Open ports of a host that were not asked, or only listened to, since others told so little. */
export interface UnaskedServices {
  readonly address: string;
  readonly ports: number;
}

/** A port that is being asked. */
export interface Turn {
  readonly port: PortState;
  readonly asked: AskedHost;
  readonly sinceMs: number;
  /** Whether it was expected to say something. */
  readonly likely: boolean;
  /** Since when it is questioned in full. */
  questionedMs?: number;
}

/** A host with what its ports told. */
export interface AskedHost {
  readonly host: ScannedHost;
  /** Whether it has few open ports: all of them are questioned. */
  readonly few: boolean;
  /** Ports that wait, the next one last, and how many of them are likely to say something. */
  readonly waiting: PortState[];
  likely: number;
  readonly listening: Set<Turn>;
  readonly questioning: Set<Turn>;
  /** Those that wait to be questioned, with what tells them whether they are. */
  readonly held: { readonly turn: Turn; readonly decide: (go: boolean) => void }[];
  /** Ports that told nothing when listened to; to the end of all questions. */
  silent: number;
  silentToEnd: number;
  /** Ports that told something only when they were questioned in full. */
  toldLate: number;
  /** How often each answer was given. */
  readonly told: Map<string, number>;
}

/**
 * Whoever takes a port gives it back when it was asked: so many are out at once, of a host and in
 * all.
 */
export class ServiceQueue {
  readonly unasked: UnaskedServices[] = [];
  /** Ports that were listened to, and asked what belongs on them, but told nothing. */
  readonly unquestioned: UnaskedServices[] = [];
  /** Hosts of which not all is known yet. */
  readonly hosts: Set<AskedHost>;
  readonly limits: ServiceLimits;
  /** Ports to be asked, those asked already too. */
  size: number;
  private active = 0;
  /** Hosts with ports that wait, the one whose turn it is first. */
  private readonly line: AskedHost[];
  private readonly now: () => number;

  /** @param first whether a port is likely to say something: those come first and set the tone */
  constructor(
    hosts: readonly ScannedHost[],
    limits: ServiceLimits,
    first: (port: PortState) => boolean,
    now: () => number = () => performance.now(),
  ) {
    this.limits = limits;
    this.now = now;
    this.line = hosts.flatMap((host) => {
      const open = host.ports.filter(({ state }) => state === 'open');
      const likely = open.filter(first);
      const waiting = [...likely, ...open.filter((port) => !first(port))].reverse();
      return waiting.length === 0 ? [] : [fresh(host, waiting, likely.length, limits.few)];
    });
    this.hosts = new Set(this.line);
    this.size = this.line.reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** The next port, in turn over the hosts; undefined: none may be asked now. */
  next(): Turn | undefined {
    if (this.active >= this.limits.atOnce) return undefined;
    const at = this.line.findIndex(({ listening }) => listening.size < this.limits.listened);
    const asked = this.line[at];
    if (asked === undefined) return undefined;
    const port = asked.waiting.pop()!;
    // To the end of the line, or out of it.
    this.line.splice(at, 1);
    if (asked.waiting.length > 0) this.line.push(asked);
    const turn = { port, asked, sinceMs: this.now(), likely: asked.likely > 0 };
    if (turn.likely) asked.likely--;
    asked.listening.add(turn);
    this.active++;
    return turn;
  }

  /** The port told nothing when it was listened to: whether it is to be questioned in full. */
  mayQuestion(turn: Turn): Promise<boolean> {
    const { asked } = turn;
    asked.listening.delete(turn);
    this.active--;
    asked.silent++;
    this.stopWhenAlike(asked, asked.silent);
    return new Promise((decide) => {
      asked.held.push({ turn, decide });
      this.release(asked);
    });
  }

  /** All is known of the port. @param answer what it told; `''`: nothing that is known */
  done(turn: Turn, answer: string): void {
    const { asked } = turn;
    if (asked.questioning.delete(turn)) {
      if (answer === '') asked.silentToEnd++;
      else {
        asked.silent--;
        asked.toldLate++;
      }
      this.active--;
    } else if (asked.listening.delete(turn)) {
      if (answer === '') asked.silent++;
      this.active--;
    }
    if (answer !== '') asked.told.set(answer, (asked.told.get(answer) ?? 0) + 1);
    this.stopWhenAlike(asked, answer === '' ? asked.silent : asked.told.get(answer)!);
    this.release(asked);
    const { waiting, listening, questioning, held } = asked;
    if (waiting.length + listening.size + questioning.size + held.length === 0) {
      this.hosts.delete(asked);
    }
  }

  private stopWhenAlike(asked: AskedHost, count: number): void {
    const { waiting, host } = asked;
    if (count < this.limits.alike || waiting.length === 0) return;
    this.line.splice(this.line.indexOf(asked), 1);
    this.unasked.push({ address: host.address, ports: waiting.length });
    this.size -= waiting.length;
    waiting.splice(0);
    asked.likely = 0;
  }

  /** How many more silent ports of a host may be questioned, as far as is known now. */
  room({ few, silentToEnd, toldLate, questioning }: AskedHost): number {
    if (few) return Number.POSITIVE_INFINITY;
    return this.limits.questioned + WORTH * toldLate - silentToEnd - questioning.size;
  }

  /** Decides of ports that wait to be questioned, as far as that is known. */
  private release(asked: AskedHost): void {
    const { held, questioning, host } = asked;
    while (held.length > 0 && questioning.size < this.limits.questioned && this.room(asked) > 0) {
      const { turn, decide } = held.shift()!;
      turn.questionedMs = this.now();
      questioning.add(turn);
      this.active++;
      decide(true);
    }
    // What is being questioned may still tell something.
    if (held.length === 0 || questioning.size > 0) return;
    this.unquestioned.push({ address: host.address, ports: held.length });
    for (const { decide } of held.splice(0)) decide(false);
  }
}

function fresh(host: ScannedHost, waiting: PortState[], likely: number, few: number): AskedHost {
  return {
    ...{ host, few: waiting.length <= few, waiting, likely, toldLate: 0 },
    ...{ silent: 0, silentToEnd: 0, told: new Map<string, number>() },
    ...{ listening: new Set<Turn>(), questioning: new Set<Turn>(), held: [] },
  };
}
