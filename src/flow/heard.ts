/**
 * What payloads said, in bounded tables: which protocol is spoken at an endpoint and since which
 * frame, facts about it, endpoints that a payload announced, and names of hosts. Strings come from
 * the wire: whoever shows them must escape them.
 */
import type { AddressPool } from '../net/address-pool.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import { ANSWERS, ASKS, CERTAIN, type FactSink } from '../wire/payload/payload.ts';
import { ArpQuestions } from './arp-questions.ts';
import { Column, EndpointTable } from './endpoint-table.ts';
import { LinkHosts } from './link-hosts.ts';

/** What is kept at most. */
export interface HeardLimits {
  /** Endpoints with a protocol; and as many announced ones. */
  readonly endpoints: number;
  /** Hosts with names. */
  readonly hosts: number;
  /** Names of one host. */
  readonly namesOfHost: number;
  /** Values of one fact of an endpoint. */
  readonly valuesOfFact: number;
}

const HEARD_LIMITS: HeardLimits = {
  endpoints: 65_536,
  hosts: 65_536,
  namesOfHost: 16,
  valuesOfFact: 8,
};

/** Facts of one endpoint, of different keys. */
const MOST_FACTS = 16;
const MOST_TEXT = 255;
const TRANSPORT = 0xff;
/** Keys of hosts from here on are of IPv6. */
const SIXES = 2 ** 32;

/** Values of a fact, where each was read first, and how many found no room beside them. */
export interface HeardFact {
  readonly values: string[];
  readonly places: { readonly interface: number; readonly frame: number }[];
  beyond: number;
}

export interface HeardName {
  readonly kind: string;
  readonly value: string;
  /** How often it was read. */
  count: number;
  readonly interface: number;
  readonly frame: number;
}

export interface HeardHost {
  /** As in packet rows. */
  readonly address: number;
  readonly family: number;
  readonly names: HeardName[];
  /** Readings of names that found no room. */
  beyond: number;
}

/** An endpoint that a payload announced, by entry of `announced`. */
export interface Announcement {
  readonly protocol: string;
  readonly interface: number;
  readonly frame: number;
}

/**
 * Filled by one listener, and complete when the input is; `beyond` says what found no room. Facts
 * are told of the packet that `aim` named last.
 */
export class Heard implements FactSink {
  /** Key: address, port, transport with family (bits 0–8) and protocol (bits 16–31). */
  readonly endpoints: EndpointTable;
  /** Conversations by endpoint entry. */
  readonly flows = new Column();
  /** 1 where one of them was certain. */
  readonly certain = new Column();
  /** 1 where in one of them the end that serves sent something, and nothing of another protocol. */
  readonly answered = new Column();
  /** 1 where a message that was believed said who asks and who answers. */
  private readonly sided = new Column();
  readonly frames = new Column();
  readonly interfaces = new Column();
  /** Key: address, port, transport with family. */
  readonly places: EndpointTable;
  /** Of each place the entry in `endpoints` that most conversations spoke. */
  readonly foremost = new Column();
  /** Keyed like `places`. */
  readonly announced: EndpointTable;
  readonly announcements: Announcement[] = [];
  readonly links = new LinkHosts();
  readonly questions: ArpQuestions;
  /** By number of the address, see `hostKey`. */
  readonly hosts = new Map<number, HeardHost>();
  /** Conversations, announcements and names that found no room. */
  beyond = 0;
  private readonly facts = new Map<number, Map<string, HeardFact>>();
  private readonly limits: HeardLimits;
  private readonly addresses: AddressPool;

  /** The packet that is listened to, and the endpoint entry that serves in it (-1 = none). */
  private source = 0;
  private destination = 0;
  private family = 0;
  private transport = 0;
  private interface = 0;
  private frame = 0;
  private entry = -1;
  private prefix = '';

  constructor(addresses: AddressPool, seed = 0, limits: Partial<HeardLimits> = {}) {
    this.addresses = addresses;
    this.limits = { ...HEARD_LIMITS, ...limits };
    this.endpoints = new EndpointTable(seed);
    this.places = new EndpointTable(seed);
    this.announced = new EndpointTable(seed);
    this.questions = new ArpQuestions(seed);
  }

  /** Says which packet is listened to from here on. Addresses, family and interface as in rows. */
  aim(source: number, destination: number, kind: number, port: number, frame: number): void {
    this.source = source;
    this.destination = destination;
    this.family = kind & FAMILY_6;
    this.transport = kind & TRANSPORT;
    this.interface = port;
    this.frame = frame;
    this.entry = -1;
    this.prefix = '';
  }

  /**
   * Counts a conversation (or with -1 takes one back) that speaks a protocol at an endpoint of the
   * packet's.
   *
   * @param protocol position in the list of detectors
   */
  speaks(address: number, port: number, protocol: number, detection: number, count: number): void {
    const kind = this.transport | this.family | (protocol << 16);
    const table = this.endpoints;
    const before = table.count;
    const room = before < this.limits.endpoints;
    const entry = room ? table.intern(address, port, kind) : table.find(address, port, kind);
    this.entry = entry;
    if (entry < 0) {
      this.beyond++;
      return;
    }
    this.flows.add(entry, count);
    // Of many conversations the order need not be looked at each time.
    const flows = this.flows.get(entry);
    if ((flows & (flows - 1)) === 0) this.rank(address, port, entry);
    const certain = (detection & CERTAIN) !== 0;
    if ((detection & (ASKS | ANSWERS)) !== 0) this.sided.set(entry, 1);
    if (table.count > before || (certain && this.certain.get(entry) === 0)) {
      this.certain.set(entry, certain ? 1 : 0);
      this.frames.set(entry, this.frame);
      this.interfaces.set(entry, this.interface);
    }
  }

  /** Keeps the protocol that most conversations speak at an endpoint at hand. */
  private rank(address: number, port: number, entry: number): void {
    const known = this.places.count;
    const place = this.places.intern(address, port, this.transport | this.family);
    const first = this.foremost.get(place);
    if (place === known || this.flows.get(entry) > this.flows.get(first)) {
      this.foremost.set(place, entry);
    }
  }

  /** Goes on about an endpoint that a conversation was counted for earlier. */
  about(address: number, port: number, protocol: number): void {
    this.entry = this.endpoints.find(
      address,
      port,
      this.transport | this.family | (protocol << 16),
    );
  }

  /** Whether messages showed that an endpoint serves, or is taken for a server. As in flow rows. */
  serves(address: number, port: number, kind: number): boolean {
    const place = this.places.find(address, port, kind & (TRANSPORT | FAMILY_6));
    if (place < 0) return false;
    const entry = this.foremost.get(place);
    return this.flows.get(entry) > 0 && this.sided.get(entry) === 1;
  }

  /** Notes that the end that serves has part in the conversation counted, or gone on about, last. */
  answer(): void {
    if (this.entry >= 0) this.answered.set(this.entry, 1);
  }

  /** Says that facts are about what a conversation went on as, such as TLS after STARTTLS. */
  within(protocol: string): void {
    this.prefix = `${protocol} `;
  }

  service(what: string, value: string): void {
    if (this.entry < 0 || value === '') return;
    const key = this.prefix + what;
    let facts = this.facts.get(this.entry);
    if (facts === undefined) {
      facts = new Map();
      this.facts.set(this.entry, facts);
    }
    let fact = facts.get(key);
    if (fact === undefined) {
      if (facts.size >= MOST_FACTS) return;
      fact = { values: [], places: [], beyond: 0 };
      facts.set(key, fact);
    }
    const text = value.length > MOST_TEXT ? value.slice(0, MOST_TEXT) : value;
    if (fact.values.includes(text)) return;
    if (fact.values.length >= this.limits.valuesOfFact) {
      fact.beyond++;
      return;
    }
    const { interface: port, frame } = this;
    fact.values.push(text);
    fact.places.push({ interface: port, frame });
  }

  name(kind: string, value: string, about: 'source' | 'destination' | Uint8Array): void {
    let text = value.endsWith('.') ? value.slice(0, -1) : value;
    if (text.length > MOST_TEXT) text = text.slice(0, MOST_TEXT);
    if (text === '' || !this.hasRoomFor(about)) return;
    const family = typeof about === 'string' ? this.family : familyOf(about);
    const address = this.addressOf(about);
    const key = hostKey(address, family);
    let host = this.hosts.get(key);
    if (host !== undefined) {
      for (const known of host.names) {
        if (known.value !== text || known.kind !== kind) continue;
        known.count++;
        return;
      }
    }
    // An address is no name, whatever field it stands in.
    if (isAddress(text)) return;
    if (host === undefined) {
      if (this.hosts.size >= this.limits.hosts) {
        this.beyond++;
        return;
      }
      host = { address, family, names: [], beyond: 0 };
      this.hosts.set(key, host);
    }
    if (host.names.length >= this.limits.namesOfHost) {
      host.beyond++;
      return;
    }
    const { interface: port, frame } = this;
    host.names.push({ kind, value: text, count: 1, interface: port, frame });
  }

  expect(protocol: string, about: 'source' | 'destination' | Uint8Array, port: number): void {
    if (port < 1 || port > 65_535) return;
    if (this.announced.count >= this.limits.endpoints) {
      this.beyond++;
      return;
    }
    const family = typeof about === 'string' ? this.family : familyOf(about);
    const entry = this.announced.intern(this.addressOf(about), port, this.transport | family);
    // The newest announcement is the one in force: ports of file transfers are used again.
    this.announcements[entry] = { protocol, interface: this.interface, frame: this.frame };
  }

  /** Whether a protocol was announced at that end of the packet that is listened to. */
  expectsAt(protocol: string, end: 'source' | 'destination', port: number): boolean {
    const entry = this.announced.find(this.addressOf(end), port, this.transport | this.family);
    return entry >= 0 && this.announcements[entry]!.protocol === protocol;
  }

  /** Facts of an endpoint entry. */
  factsOf(entry: number): ReadonlyMap<string, HeardFact> | undefined {
    return this.facts.get(entry);
  }

  /** Addresses in payloads are strangers' choice: no more of them enter the pool than are kept. */
  private hasRoomFor(about: 'source' | 'destination' | Uint8Array): boolean {
    if (typeof about === 'string' || this.hosts.size < this.limits.hosts) return true;
    if (about.length === 4) return true;
    this.beyond++;
    return false;
  }

  private addressOf(about: 'source' | 'destination' | Uint8Array): number {
    if (about === 'source') return this.source;
    if (about === 'destination') return this.destination;
    if (about.length !== 16) return word(about, 0);
    return this.addresses.intern(word(about, 0), word(about, 4), word(about, 8), word(about, 12));
  }
}

/** One number for an address of either family. */
export function hostKey(address: number, family: number): number {
  return family === 0 ? address >>> 0 : SIXES + address;
}

function familyOf(address: Uint8Array): number {
  return address.length === 16 ? FAMILY_6 : 0;
}

function isAddress(text: string): boolean {
  return /^[\d.]+$/.test(text) || /^\[?[\da-fA-F:.]*:[\da-fA-F:.]*\]?$/.test(text);
}

function word(octets: Uint8Array, at: number): number {
  return (
    ((octets[at] ?? 0) << 24) |
    ((octets[at + 1] ?? 0) << 16) |
    ((octets[at + 2] ?? 0) << 8) |
    (octets[at + 3] ?? 0)
  );
}
