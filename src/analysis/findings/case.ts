/**
 * What detectors look at once all flows were seen: the tables of traffic, the clues, the
 * thresholds; and how they put hosts, zones and frames into words.
 */
import type { Names } from '../../flow/flow-view.ts';
import { addressText, placeOf, transportOf } from '../../flow/flow-view.ts';
import type { Finding, FindingEvidence } from '../../model/finding.ts';
import type { AskedFrames } from '../asked-frames.ts';
import { BY_LOWER_PORT, BY_PORT, LIKELY } from '../flow-facts.ts';
import type { Sample } from '../sample-lists.ts';
import type { SpokenView } from '../spoken.ts';
import { TALLY_NOTE, TALLY_WORDS } from '../tally-table.ts';
import type { Traffic } from '../traffic.ts';
import { OUTSIDE } from '../zones.ts';
import type { Clues } from './clues.ts';
import type { ThresholdName, Thresholds } from './thresholds.ts';

/** Frames named in one finding. */
export const MOST_EVIDENCE = 20;
/** Findings of one kind told one by one; of what goes beyond, only how many there are. */
export const MOST_EACH = 25;
/** Too few datagrams to say that no answer was captured. */
const ENOUGH_DATAGRAMS = 20;

/** What detectors ask of payloads. */
export type SpokenSource = Pick<SpokenView, 'endpoints' | 'protocolAt' | 'namesAt' | 'arpAskers'>;

/** Where and when something was seen. */
type Seen = Pick<Sample, 'interface' | 'frame' | 'seconds'>;

/** What detectors look at, the same for all; only `untold` changes while they do. */
export class Case {
  readonly traffic: Traffic;
  readonly clues: Clues;
  readonly names: Names;
  readonly thresholds: Thresholds;
  /** Frames of the capture. */
  readonly packets: number;
  readonly spoken: SpokenSource;
  /** First frames of the flows that were asked for; undefined where all were. */
  readonly asked: AskedFrames | undefined;
  /** A filter let only some packets through: what is missing may be its doing. */
  readonly filtered: boolean;
  /** By id, how many more findings there would be than are told. */
  readonly untold = new Map<string, number>();

  constructor(
    traffic: Traffic,
    clues: Clues,
    names: Names,
    thresholds: Thresholds,
    packets: number,
    spoken: SpokenSource,
    asked?: AskedFrames,
    filtered = false,
  ) {
    this.traffic = traffic;
    this.clues = clues;
    this.names = names;
    this.thresholds = thresholds;
    this.packets = packets;
    this.spoken = spoken;
    this.asked = asked;
    this.filtered = filtered;
  }

  host(address: number, family: number): string {
    return addressText(this.names.addresses, address, family);
  }

  zone(address: number, family: number): string {
    return this.traffic.zones.names[this.traffic.zoneOf(address, family)]!;
  }

  isOutside(address: number, family: number): boolean {
    return this.traffic.zoneOf(address, family) === OUTSIDE;
  }

  /** Whether two hosts said anything to each other on a port, whoever serves. */
  met(client: number, server: number, port: number, kind: number): boolean {
    return (
      this.outcome(client, server, port, kind) >= 0 ||
      this.outcome(client, server, port, kind, BY_LOWER_PORT) >= 0
    );
  }

  /** The best outcome between a client and a server's port, or -1 when nothing is known. */
  outcome(client: number, server: number, port: number, kind: number, listing = BY_PORT): number {
    const { conversations } = this.traffic;
    const key = port | (kind << 16) | (listing << 25);
    const entry = conversations.find(client, server, key);
    return entry < 0 ? -1 : conversations.words[entry * TALLY_WORDS + TALLY_NOTE]! & 15;
  }

  /** Whether a server's port answered a client. `kind` is protocol with family. */
  answered(client: number, server: number, port: number, kind: number): boolean {
    const outcome = this.outcome(client, server, port, kind);
    return outcome >= 0 && outcome <= LIKELY;
  }

  /** One direction of most TCP connections is missing, or no datagram was ever answered. */
  get oneWay(): boolean {
    return this.oneWayTcp || this.oneWayUdp;
  }

  get oneWayTcp(): boolean {
    const { tcpConversations: all, tcpOneSided: oneSided } = this.traffic;
    const least = this.thresholds['one-way-connections'];
    return all >= least && oneSided >= all * this.thresholds['one-way-share'];
  }

  get oneWayUdp(): boolean {
    const { tcpConversations: all, tcpOneSided: oneSided } = this.traffic;
    const { udpAnswered, udpUnanswered, udpStrays } = this.clues;
    const twoWayTcp = all >= this.thresholds['one-way-connections'] && 2 * oneSided < all;
    return udpAnswered === 0 && udpUnanswered + udpStrays >= ENOUGH_DATAGRAMS && !twoWayTcp;
  }

  /** The first frames of the samples, in order; those of flows that were asked for before others. */
  evidence(samples: readonly Seen[]): FindingEvidence[] {
    const isAsked = (sample: Seen): boolean =>
      this.asked?.has(sample.interface, sample.frame) === true;
    const order = [...samples].sort(
      (left, right) =>
        Number(isAsked(right)) - Number(isAsked(left)) ||
        left.interface - right.interface ||
        left.frame - right.frame,
    );
    return order.slice(0, MOST_EVIDENCE).map((sample) => ({
      seenMs: sample.seconds * 1000,
      locator: this.locator(sample.interface, sample.frame),
      ...(isAsked(sample) ? { asked: true } : {}),
    }));
  }

  locator(at: number, frame: number): string {
    return placeOf(this.names, at, frame);
  }

  /** Tells the first of a kind in a finding each, and notes how many more there are. */
  tellMost<Item>(id: string, items: readonly Item[], tell: (item: Item) => Finding): Finding[] {
    const more = items.length - MOST_EACH;
    if (more > 0) this.untold.set(id, (this.untold.get(id) ?? 0) + more);
    return items.slice(0, MOST_EACH).map((item) => tell(item));
  }

  /** The thresholds of these names, for a finding to show. */
  held<Name extends ThresholdName>(...names: readonly Name[]): Record<Name, number> {
    const entries = names.map((name) => [name, this.thresholds[name]]);
    return Object.fromEntries(entries) as Record<Name, number>;
  }
}

/** `tcp`, `udp`, … of an IP protocol number. */
export function protocolText(protocol: number): string {
  return transportOf(protocol);
}

/** `1 host`, `1,204 hosts`. */
export function plural(value: number, noun: string, many = `${noun}s`): string {
  return `${number(value)} ${value === 1 ? noun : many}`;
}

/** `1,204`. The same form as in report/numbers.ts, which pure rooms may not import. */
export function number(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `12 %`. */
export function share(value: number): string {
  return `${Math.round(value * 100)} %`;
}

/** A capture filter for any of the hosts. */
export function anyHost(hosts: readonly string[]): string {
  const parts = hosts.map((host) => `host ${host}`);
  return parts.length === 1 ? parts[0]! : `(${parts.join(' or ')})`;
}

/** The first few of a list: `21, 22, 23 and 9 more`. */
export function some(items: readonly (string | number)[], most = 12): string {
  if (items.length <= most) return items.join(', ');
  return `${items.slice(0, most).join(', ')} and ${number(items.length - most)} more`;
}

/** `a second`, `4 s`, `3 min`, `5 h`, `2 days`. */
export function lasting(seconds: number): string {
  if (seconds < 1) return 'a second';
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3600)} h`
    : `${Math.round(seconds / 86_400)} days`;
}

/** Seconds between the first and the last of the samples. */
export function spanOf(samples: readonly Seen[]): number {
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const { seconds } of samples) {
    first = Math.min(first, seconds);
    last = Math.max(last, seconds);
  }
  return samples.length === 0 ? 0 : last - first;
}

/** The commonest value and its share of the list. */
export function modal(values: readonly number[]): { value: number; share: number } {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best = 0;
  let most = 0;
  for (const [value, times] of counts) {
    if (times <= most) continue;
    best = value;
    most = times;
  }
  return { value: best, share: values.length === 0 ? 0 : most / values.length };
}
