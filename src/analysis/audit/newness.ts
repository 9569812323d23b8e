/**
 * What is new compared with what was there before: services, their users, hosts, rules, refusals;
 * and what was used before and is no more. Background noise brings new hosts all the time: those
 * seen in nothing else are only counted.
 */
import { Column, EndpointTable } from '../../flow/endpoint-table.ts';
import { DENY } from '../../model/verdict.ts';
import { firstOf } from '../heaviest.ts';
import { GROUP, NOBODY, OUTSIDE } from '../zones.ts';
import type { IdleService, NewClient, NewHost, Newness, NewRefusal, NewService } from './answer.ts';
import { Cells } from './cells.ts';
import type { Context } from './contexts.ts';
import type { HostFigures } from './host-totals.ts';
import { MEANS } from './noise.ts';
import { Offers } from './offers.ts';
import type { Past } from './past.ts';
import { WAYS } from './places.ts';
import { portOfKey, transportShown } from './port-shown.ts';
import type { RowBlock } from './row-block.ts';
import type { RowIndex } from './row-index.ts';
import { ruleRows } from './rule-totals.ts';
import { StretchTotals } from './stretch.ts';
import { finite } from './sums.ts';
import { K_FAMILY, SHAPE_ANSWER } from './verdict-kind.ts';
import { F_FIRST, F_LAST, NO_HOST, type VerdictRows } from './verdict-rows.ts';

/** Events, first and last time, and the row that showed it first, of anything numbered. */
class Sightings {
  private readonly events = new Column();
  private readonly first = new Column();
  private readonly last = new Column();
  private readonly rows = new Column(new Int32Array(256));
  private readonly table: VerdictRows;
  private count = 0;

  constructor(table: VerdictRows) {
    this.table = table;
  }

  /** `number` counts from 0 without gaps. */
  add(number: number, entry: number, events: number): void {
    if (number === this.count) {
      this.count++;
      this.rows.set(number, entry);
      this.first.set(number, Number.POSITIVE_INFINITY);
      this.last.set(number, Number.NEGATIVE_INFINITY);
    }
    this.events.add(number, events);
    const [first, last] = [this.table.float(entry, F_FIRST), this.table.float(entry, F_LAST)];
    if (first < this.first.get(number)) this.first.set(number, first);
    if (last > this.last.get(number)) this.last.set(number, last);
  }

  eventsOf(number: number): number {
    return this.events.get(number);
  }

  at(number: number) {
    return {
      events: this.events.get(number),
      firstMs: finite(this.first.get(number)),
      lastMs: finite(this.last.get(number)),
      entry: this.rows.get(number),
    };
  }
}

/** `fw.log:8812`. */
type PlaceText = (input: number, line: number) => string;

/** How numbers of the answer are written. */
export interface Wording {
  /** `kind` as in `R_KIND`: only its family counts. */
  readonly address: (kind: number, word: number) => string;
  readonly zones: readonly string[];
  readonly names: readonly string[];
  readonly contexts: readonly Context[];
  /** Where a row of the table was first seen. */
  readonly locator: (entry: number) => string;
  /** The same by input and line, and for those of the past. */
  readonly place: PlaceText;
  readonly pastPlace: PlaceText;
  readonly refusal: (entry: number) => NewRefusal;
  /** What a host was allowed and denied, by its number. */
  readonly figures: (host: number) => HostFigures;
  readonly top: number;
}

/** When something was seen, and the first row of it. */
interface Sighting {
  readonly entry: number;
  readonly first: number;
  readonly last: number;
}

/** What is known of a host. */
const OLD_HOST = 1;
const NOISY_HOST = 2;
const NEW_HOST = 3;

/**
 * Rows are added in one pass, those of background noise too; `answer` then reads the table again.
 */
export class NewnessTotals {
  private readonly table: VerdictRows;
  private readonly past: Past;
  private readonly offers: Offers;
  /** Services of the past that are used still. */
  private readonly used: Uint8Array;
  private readonly knownPorts = new Set<number>();
  /** By host: what is known of it, the zone it was first seen in, and events that are no noise. */
  private readonly hostStates: Uint8Array;
  private readonly hostZones: Uint8Array;
  private readonly hostEvents: Float64Array;
  /** By row: 1 where its hosts were counted. */
  private readonly counted: Uint8Array;
  private newHostCount = 0;
  private readonly strangers: EndpointTable;
  private readonly users: EndpointTable;
  private readonly userSeen: Sightings;
  private readonly index: RowIndex;
  /** What new rules decided. */
  private readonly rules: Cells;
  /** Rows that are refused and were not before. */
  private readonly refused: number[] = [];
  private readonly stretch: StretchTotals;

  constructor(table: VerdictRows, past: Past, index: RowIndex, seed: number) {
    this.table = table;
    this.past = past;
    this.offers = new Offers(seed);
    this.used = new Uint8Array(past.offers.count);
    this.hostStates = new Uint8Array(table.hosts.count);
    this.hostZones = new Uint8Array(table.hosts.count);
    this.hostEvents = new Float64Array(table.hosts.count);
    this.counted = new Uint8Array(table.count);
    this.strangers = new EndpointTable(seed);
    this.users = new EndpointTable(seed);
    this.userSeen = new Sightings(table);
    this.index = index;
    this.rules = new Cells(table, seed);
    this.stretch = new StretchTotals(table);
  }

  /** Counts a row that counts at all. */
  add(block: RowBlock, index: number): void {
    const { past } = this;
    const context = block.contextAt(block.context[index]!);
    this.stretch.add(block, index);
    const denied = block.action[index] === DENY;
    const means = block.noise[index] === MEANS;
    if (context.rule !== 0 && !past.hasRule(block, index)) this.rules.add(block, index);
    if (block.client[index] !== NO_HOST && block.family[index] !== 0) {
      this.addHost(
        block,
        index,
        block.client[index]!,
        block.clientWord[index]!,
        block.clientZone[index]!,
      );
      this.addHost(
        block,
        index,
        block.server[index]!,
        block.serverWord[index]!,
        block.serverZone[index]!,
      );
    }
    if (!denied) this.use(block, index);
    else if (means && block.family[index] !== 0 && !past.hasConversation(block, index, true)) {
      this.refused.push(block.entry[index]!);
    }
  }

  private use(block: RowBlock, index: number): void {
    if (block.shape[index] === SHAPE_ANSWER) return;
    const { past } = this;
    const offer = past.offers.find(block, index);
    if (offer < 0) {
      const number = this.offers.add(block, index, this.table);
      if (past.hasPort(block, index)) this.knownPorts.add(number);
      return;
    }
    this.used[offer] = 1;
    const family = block.family[index]!;
    if (family === 0 || past.offers.hasUser(block, index, offer)) return;
    if (block.clientZone[index] === OUTSIDE) {
      this.strangers.intern(block.clientWord[index]!, offer, family);
      return;
    }
    const user = this.users.intern(block.clientWord[index]!, offer, family);
    this.userSeen.add(user, block.entry[index]!, block.events[index]!);
  }

  /** Notes one end of a row. */
  private addHost(block: RowBlock, index: number, host: number, word: number, zone: number): void {
    if (zone === GROUP || zone === NOBODY) return;
    const { hostStates } = this;
    if (hostStates[host] === 0) {
      const isOld = this.past.hasHost(word, block.family[index]!);
      hostStates[host] = isOld ? OLD_HOST : NOISY_HOST;
      this.hostZones[host] = zone;
    }
    if (hostStates[host] === OLD_HOST || block.noise[index] !== MEANS) return;
    if (hostStates[host] === NOISY_HOST) {
      hostStates[host] = NEW_HOST;
      this.hostZones[host] = zone;
      this.newHostCount++;
    }
    this.hostEvents[host]! += block.events[index]!;
    this.counted[block.entry[index]!] = 1;
  }

  answer(wording: Wording): Newness {
    const { past } = this;
    const idle: number[] = [];
    for (let offer = 0; offer < this.used.length; offer++) if (!this.used[offer]) idle.push(offer);
    return {
      before: past.stretch,
      now: this.stretch.answer(wording.names),
      services: this.services(wording),
      serviceCount: this.offers.count,
      clients: this.clients(wording),
      clientCount: this.users.count,
      strangers: this.strangers.count,
      hosts: this.newHosts(wording),
      hostCount: this.newHostCount,
      noiseHosts: this.onlyNoise(),
      rules: ruleRows(this.rules, wording.contexts, this.index, wording.names),
      idle: this.idle(idle, wording),
      idleCount: idle.length,
      refused: this.refusals(wording),
      refusedCount: this.refused.length,
    };
  }

  /** Hosts that were seen in noise and in nothing else. */
  private onlyNoise(): number {
    return this.hostStates.reduce((sum, state) => sum + (state === NOISY_HOST ? 1 : 0), 0);
  }

  private refusals(wording: Wording): NewRefusal[] {
    const { refused, table } = this;
    const events = (index: number): number => table.events(refused[index]!);
    return firstOf(refused.length, wording.top, largest(events)).map((index) =>
      wording.refusal(refused[index]!),
    );
  }

  private services(wording: Wording): NewService[] {
    const { offers } = this;
    const events = (offer: number): number => offers.at(offer).events;
    return firstOf(offers.count, wording.top, largest(events)).map((offer) => ({
      ...serviceOf(offers.at(offer), wording, wording.place),
      portKnown: this.knownPorts.has(offer),
    }));
  }

  private idle(idle: readonly number[], wording: Wording): IdleService[] {
    const { offers } = this.past;
    const events = (index: number): number => offers.at(idle[index]!).events;
    return firstOf(idle.length, wording.top, largest(events)).map((index) =>
      serviceOf(offers.at(idle[index]!), wording, wording.pastPlace),
    );
  }

  private clients(wording: Wording): NewClient[] {
    const { users, userSeen, past } = this;
    const events = (user: number): number => userSeen.eventsOf(user);
    return firstOf(users.count, wording.top, largest(events)).map((user) => {
      const { entry, ...seen } = userSeen.at(user);
      const offer = past.offers.at(users.port(user));
      const { way, server, zone, transport, port } = serviceOf(offer, wording, wording.pastPlace);
      return {
        client: wording.address(users.kind(user) << K_FAMILY, users.address(user)),
        ...{ way, server, zone, transport, port, ...seen },
        locator: wording.locator(entry),
      };
    });
  }

  /** Those inside first. */
  private newHosts(wording: Wording): NewHost[] {
    const { hostStates, hostZones, hostEvents, table } = this;
    const numbers = new Int32Array(this.newHostCount);
    let count = 0;
    for (let host = 0; host < hostStates.length; host++) {
      if (hostStates[host] === NEW_HOST) numbers[count++] = host;
    }
    const heavier = largest((index) => hostEvents[numbers[index]!]!);
    const order = (left: number, right: number): boolean => {
      const [one, other] = [left, right].map((index) => hostZones[numbers[index]!] === OUTSIDE);
      return one === other ? heavier(left, right) : other!;
    };
    const first = firstOf(count, wording.top, order).map((index) => numbers[index]!);
    const seen = this.sightingsOf(first);
    return first.map((host, index) => {
      const { entry, first, last } = seen[index]!;
      return {
        address: wording.address(table.hosts.kind(host) << K_FAMILY, table.hosts.address(host)),
        zone: wording.zones[hostZones[host]!] ?? '',
        ...wording.figures(host),
        ...{ firstMs: finite(first), lastMs: finite(last) },
        locator: wording.locator(entry),
      };
    });
  }

  /** When and where these hosts were seen, in their order. */
  private sightingsOf(hosts: readonly number[]): Sighting[] {
    const { table, counted } = this;
    const seen = hosts.map(() => ({ entry: -1, first: Infinity, last: -Infinity }));
    const byHost = new Map(hosts.map((host, index) => [host, seen[index]!]));
    for (let row = 0; row < counted.length; row++) {
      if (counted[row] === 0) continue;
      for (const host of [table.clients[row]!, table.servers[row]!]) {
        const one = byHost.get(host);
        if (one === undefined) continue;
        if (one.entry < 0) one.entry = row;
        const [first, last] = [table.float(row, F_FIRST), table.float(row, F_LAST)];
        if (first < one.first) one.first = first;
        if (last > one.last) one.last = last;
      }
    }
    return seen;
  }
}

/** The most events first, the first of equals. */
function largest(events: (number: number) => number): (left: number, right: number) => boolean {
  return (left, right) => {
    const more = events(left) - events(right);
    return more === 0 ? left < right : more > 0;
  };
}

function serviceOf(
  offer: ReturnType<Offers['at']>,
  { address, zones }: Wording,
  place: PlaceText,
): IdleService {
  const { server, family, way, service, zone, events, clients, firstMs, lastMs } = offer;
  const protocol = (service >>> 16) & 255;
  return {
    way: WAYS[way]!,
    server: family === 0 ? null : address(family << K_FAMILY, server),
    zone: zones[zone] ?? '',
    transport: transportShown(protocol),
    port: portOfKey(service),
    ...{ events, clients, firstMs: finite(firstMs), lastMs: finite(lastMs) },
    locator: place(offer.input, offer.line),
  };
}
