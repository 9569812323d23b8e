/**
 * What is new compared with what was there before: services, their users, hosts, rules, refusals;
 * and what was used before and is no more. Background noise brings new hosts all the time: those
 * seen in nothing else are only counted.
 */
import { Column, EndpointTable } from '../../flow/endpoint-table.ts';
import { ALLOW, DENY } from '../../model/verdict.ts';
import { firstOf } from '../heaviest.ts';
import { GROUP, NOBODY, OUTSIDE } from '../zones.ts';
import type { IdleService, NewClient, NewHost, Newness, NewRefusal, NewService } from './answer.ts';
import { Cells } from './cells.ts';
import type { Context } from './contexts.ts';
import { MEANS } from './noise.ts';
import { Offers } from './offers.ts';
import type { Past } from './past.ts';
import { WAYS } from './places.ts';
import { hasPort, transportShown } from './port-shown.ts';
import type { RowBlock } from './row-block.ts';
import type { RowIndex } from './row-index.ts';
import { ruleRows } from './rule-totals.ts';
import { StretchTotals } from './stretch.ts';
import { finite } from './sums.ts';
import { K_FAMILY, SHAPE_ANSWER } from './verdict-kind.ts';
import { F_FIRST, F_LAST, type VerdictRows } from './verdict-rows.ts';

/** Events, first and last time, and the row that showed it first, of anything numbered. */
class Sightings {
  private readonly events = new Column();
  private readonly first = new Column();
  private readonly last = new Column();
  private readonly rows = new Column();
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

/** How numbers of the answer are written. */
export interface Wording {
  /** `kind` as in `R_KIND`: only its family counts. */
  readonly address: (kind: number, word: number) => string;
  readonly zones: readonly string[];
  readonly names: readonly string[];
  readonly contexts: readonly Context[];
  /** Where a row of the table was first seen. */
  readonly locator: (entry: number) => string;
  /** The same of a row of the past. */
  readonly pastLocator: (entry: number) => string;
  readonly refusal: (entry: number) => NewRefusal;
  readonly top: number;
}

export class NewnessTotals {
  private readonly table: VerdictRows;
  private readonly past: Past;
  private readonly offers: Offers;
  /** Services of the past that are used still. */
  private readonly used: Uint8Array;
  private readonly knownPorts = new Set<number>();
  private readonly hosts: EndpointTable;
  private readonly hostSeen: Sightings;
  private readonly hostSums = [new Column(), new Column(), new Column(), new Column()];
  private readonly noiseHosts: EndpointTable;
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
    this.hosts = new EndpointTable(seed);
    this.hostSeen = new Sightings(table);
    this.noiseHosts = new EndpointTable(seed);
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
    if (block.family[index] !== 0) this.addHosts(block, index, means);
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

  private addHosts(block: RowBlock, index: number, means: boolean): void {
    const side = block.action[index] === DENY ? 1 : block.action[index] === ALLOW ? 0 : -1;
    const client = [block.clientWord[index]!, block.clientZone[index]!, 0] as const;
    const server = [block.serverWord[index]!, block.serverZone[index]!, 2] as const;
    for (const [address, zone, role] of [client, server]) {
      if (zone === GROUP || zone === NOBODY) continue;
      const family = block.family[index]!;
      if (this.past.hasHost(address, family)) continue;
      if (!means) {
        this.noiseHosts.intern(address, 0, family);
        continue;
      }
      const host = this.hosts.intern(address, zone, family);
      this.hostSeen.add(host, block.entry[index]!, block.events[index]!);
      if (side >= 0) this.hostSums[role + side]!.add(host, block.events[index]!);
    }
  }

  answer(wording: Wording): Newness {
    const { past } = this;
    const idle: number[] = [];
    for (let offer = 0; offer < this.used.length; offer++) if (!this.used[offer]) idle.push(offer);
    return {
      before: past.stretch.answer(wording.names),
      now: this.stretch.answer(wording.names),
      services: this.services(wording),
      serviceCount: this.offers.count,
      clients: this.clients(wording),
      clientCount: this.users.count,
      strangers: this.strangers.count,
      hosts: this.newHosts(wording),
      hostCount: this.hosts.count,
      noiseHosts: this.onlyNoise(wording.zones),
      rules: ruleRows(this.rules, wording.contexts, this.index, wording.names),
      idle: this.idle(idle, wording),
      idleCount: idle.length,
      refused: this.refusals(wording),
      refusedCount: this.refused.length,
    };
  }

  /** Hosts that were seen in noise and in nothing else. */
  private onlyNoise(zones: readonly string[]): number {
    const { noiseHosts, hosts } = this;
    let count = 0;
    for (let host = 0; host < noiseHosts.count; host++) {
      const [address, family] = [noiseHosts.address(host), noiseHosts.kind(host)];
      if (!zones.some((_, zone) => hosts.find(address, zone, family) >= 0)) count++;
    }
    return count;
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
      ...serviceOf(offers.at(offer), wording, wording.locator),
      portKnown: this.knownPorts.has(offer),
    }));
  }

  private idle(idle: readonly number[], wording: Wording): IdleService[] {
    const { offers } = this.past;
    const events = (index: number): number => offers.at(idle[index]!).events;
    return firstOf(idle.length, wording.top, largest(events)).map((index) =>
      serviceOf(offers.at(idle[index]!), wording, wording.pastLocator),
    );
  }

  private clients(wording: Wording): NewClient[] {
    const { users, userSeen, past } = this;
    const events = (user: number): number => userSeen.eventsOf(user);
    return firstOf(users.count, wording.top, largest(events)).map((user) => {
      const { entry, ...seen } = userSeen.at(user);
      const offer = past.offers.at(users.port(user));
      const { way, server, zone, transport, port } = serviceOf(offer, wording, wording.pastLocator);
      return {
        client: wording.address(users.kind(user) << K_FAMILY, users.address(user)),
        ...{ way, server, zone, transport, port, ...seen },
        locator: wording.locator(entry),
      };
    });
  }

  /** Those inside first. */
  private newHosts(wording: Wording): NewHost[] {
    const { hosts, hostSeen, hostSums } = this;
    const order = (left: number, right: number): boolean => {
      const [one, other] = [hosts.port(left) === OUTSIDE, hosts.port(right) === OUTSIDE];
      if (one !== other) return other;
      return largest((host) => hostSeen.eventsOf(host))(left, right);
    };
    return firstOf(hosts.count, wording.top, order).map((host) => {
      const { entry, events: _, ...seen } = hostSeen.at(host);
      const [allowedAsClient, deniedAsClient, allowedAsServer, deniedAsServer] = hostSums.map(
        (sum) => sum.get(host),
      );
      return {
        address: wording.address(hosts.kind(host) << K_FAMILY, hosts.address(host)),
        zone: wording.zones[hosts.port(host)] ?? '',
        ...{ allowedAsClient: allowedAsClient!, deniedAsClient: deniedAsClient! },
        ...{ allowedAsServer: allowedAsServer!, deniedAsServer: deniedAsServer!, ...seen },
        locator: wording.locator(entry),
      };
    });
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
  locator: (entry: number) => string,
): IdleService {
  const { server, family, way, service, zone, events, clients, firstMs, lastMs, entry } = offer;
  const protocol = (service >>> 16) & 255;
  return {
    way: WAYS[way]!,
    server: family === 0 ? null : address(family << K_FAMILY, server),
    zone: zones[zone] ?? '',
    transport: transportShown(protocol),
    port: hasPort(protocol) ? service & 0xffff : null,
    ...{ events, clients, firstMs: finite(firstMs), lastMs: finite(lastMs) },
    locator: locator(entry),
  };
}
