/**
 * Answers what is really spoken at an endpoint and what names a host has, from the tables that
 * were filled while packets were read (flow/heard.ts). Ask by the numbers of flow rows on paths
 * that see every flow, by text elsewhere.
 */

import type { ArpAsker } from '../flow/arp-questions.ts';
import { addressText, type Names, placeOf, transportOf } from '../flow/flow-view.ts';
import type { Heard, HeardFact, HeardHost } from '../flow/heard.ts';
import { hostKey } from '../flow/heard.ts';
import type { HostName, PortFit, Spoken, SpokenEndpoint } from '../model/spoken.ts';
import { DETECTORS } from '../wire/payload/detectors.ts';

const PROTOCOL_SHIFT = 16;
const NUMBERS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };
const NO_NAMES: readonly HostName[] = [];

/** As `heard` is when first asked: ask when the input was read. */
export class SpokenView {
  private readonly heard: Heard | null;
  private readonly names: Names;
  private all: readonly SpokenEndpoint[] | undefined;
  private macsByText: Map<string, string> | undefined;
  private byText: Map<string, SpokenEndpoint> | undefined;
  private namesByText: Map<string, readonly HostName[]> | undefined;

  /** @param heard null when nobody listened: every answer is “unknown” then */
  constructor(heard: Heard | null, names: Names) {
    this.heard = heard;
    this.names = names;
  }

  /** What is spoken at an endpoint (most conversations first), or undefined when unknown. */
  at(address: string, transport: string, port: number): SpokenEndpoint | undefined {
    this.byText ??= new Map(this.endpoints().map((each) => [keyOf(each), each]));
    return this.byText.get(textKey(address, transport, port));
  }

  protocolAt(address: number, family: number, transport: number, port: number): string | undefined {
    const { heard } = this;
    if (heard === null) return undefined;
    const kind = transport | family;
    const place = heard.places.find(address, port, kind);
    const entry = place < 0 ? -1 : heard.foremost.get(place);
    if (entry >= 0 && heard.flows.get(entry) > 0) {
      return DETECTORS[heard.endpoints.kind(entry) >>> PROTOCOL_SHIFT]!.protocol;
    }
    if (heard.announced.count === 0) return undefined;
    const announced = heard.announced.find(address, port, kind);
    return announced < 0 ? undefined : heard.announcements[announced]!.protocol;
  }

  /** Hosts that asked by ARP for so many addresses in vain, or more. */
  arpAskers(least: number): readonly ArpAsker[] {
    return this.heard?.questions.askers(least) ?? [];
  }

  /** All endpoints with a protocol, in order of first frame heard; announced ones last. */
  endpoints(): readonly SpokenEndpoint[] {
    this.all ??= this.heard === null ? [] : this.collect(this.heard);
    return this.all;
  }

  private collect(heard: Heard): SpokenEndpoint[] {
    const { names } = this;
    const found = new Map<
      string,
      { -readonly [Key in keyof SpokenEndpoint]: SpokenEndpoint[Key] }
    >();
    const note = (address: number, kind: number, port: number, spoken: Spoken): void => {
      const transport = transportOf(kind & 0xff);
      const text = addressText(names.addresses, address, kind);
      const key = textKey(text, transport, port);
      const held = found.get(key);
      if (held === undefined) {
        found.set(key, { transport, address: text, port, spoken: [spoken], fit: 'usual' });
      } else if (held.spoken[0]!.by === 'payload' && spoken.by === 'announced') return;
      else held.spoken = [...held.spoken, spoken];
    };
    const { endpoints, announced } = heard;
    for (let entry = 0; entry < endpoints.count; entry++) {
      const spoken = this.spokenOf(heard, entry);
      if (spoken.flows <= 0) continue;
      note(endpoints.address(entry), endpoints.kind(entry), endpoints.port(entry), spoken);
    }
    heard.announcements.forEach(({ protocol, interface: port, frame }, entry) => {
      note(announced.address(entry), announced.kind(entry), announced.port(entry), {
        protocol,
        confidence: 'likely',
        by: 'announced',
        flows: 0,
        answered: false,
        facts: {},
        factLocators: {},
        locator: this.locator(port, frame),
      });
    });
    for (const each of found.values()) {
      each.spoken = [...each.spoken].sort(byWeight);
      each.fit = fitOf(each.spoken[0]!.protocol, each.transport, each.port);
    }
    return [...found.values()];
  }

  /** Names that were read of a host; empty when there are none. */
  namesOf(address: string): readonly HostName[] {
    if (this.namesByText === undefined) {
      this.namesByText = new Map();
      for (const host of this.heard?.hosts.values() ?? []) {
        const text = addressText(this.names.addresses, host.address, host.family);
        this.namesByText.set(text, this.namesIn(host));
      }
    }
    return this.namesByText.get(address) ?? NO_NAMES;
  }

  /** The same for an address as in flow rows. */
  namesAt(address: number, family: number): readonly HostName[] {
    const host = this.heard?.hosts.get(hostKey(address, family));
    return host === undefined ? NO_NAMES : this.namesIn(host);
  }

  /** MAC addresses of hosts that sent their frames themselves, by address as text. */
  macs(): ReadonlyMap<string, string> {
    const { heard, names } = this;
    this.macsByText ??= new Map(
      (heard?.links.hosts() ?? []).map(({ address, family, mac }) => [
        addressText(names.addresses, address, family),
        mac,
      ]),
    );
    return this.macsByText;
  }

  /** Conversations, announcements and hosts that found no room in the tables. */
  get beyond(): number {
    return this.heard?.beyond ?? 0;
  }

  private spokenOf(heard: Heard, entry: number): Spoken {
    const found = heard.factsOf(entry);
    const facts: Record<string, readonly string[]> = {};
    for (const [key, { values }] of found ?? []) facts[key] = values;
    const locatorsOf = (places: HeardFact['places']): string[] =>
      places.map((place) => this.locator(place.interface, place.frame));
    return {
      protocol: DETECTORS[heard.endpoints.kind(entry) >>> PROTOCOL_SHIFT]!.protocol,
      confidence: heard.certain.get(entry) === 1 ? 'certain' : 'likely',
      by: 'payload',
      flows: heard.flows.get(entry),
      answered: heard.answered.get(entry) === 1,
      facts,
      // Of tens of thousands of endpoints the places of a few are told.
      get factLocators() {
        const entries = [...(found ?? [])].map(([key, { places }]) => [key, locatorsOf(places)]);
        return Object.fromEntries(entries) as Record<string, readonly string[]>;
      },
      locator: this.locator(heard.interfaces.get(entry), heard.frames.get(entry)),
    };
  }

  private namesIn({ names }: HeardHost): readonly HostName[] {
    return names.map(({ kind, value, count, interface: port, frame }) => ({
      name: value,
      source: kind,
      count,
      locator: this.locator(port, frame),
    }));
  }

  private locator(port: number, frame: number): string {
    return placeOf(this.names, port, frame >>> 0);
  }
}

/** Whether a port is one where the protocol is expected, nobody's, or another protocol's. */
export function fitOf(protocol: string, transport: string, port: number): PortFit {
  const number = NUMBERS[transport] ?? 0;
  const own = DETECTORS.some(
    ({ protocol: name, transports, ports }) =>
      name === protocol && transports.includes(number) && ports.includes(port),
  );
  if (own) return 'usual';
  const others = DETECTORS.some(
    ({ protocol: name, transports, ports }) =>
      name !== protocol && transports.includes(number) && ports.includes(port),
  );
  return others ? 'other' : 'unusual';
}

function byWeight(left: Spoken, right: Spoken): number {
  return right.flows - left.flows;
}

function keyOf({ address, transport, port }: SpokenEndpoint): string {
  return textKey(address, transport, port);
}

function textKey(address: string, transport: string, port: number): string {
  return `${address} ${port}/${transport}`;
}
