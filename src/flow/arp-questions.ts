/**
 * Who asked by ARP (RFC 826) for which addresses, and which of these ever spoke: what a sweep of
 * the own link looks like, which makes no IP packet for hosts that do not exist.
 */
import { Column, EndpointTable } from './endpoint-table.ts';

/** Pairs of asker and address asked for, and as many addresses that spoke. */
const MOST = 65_536;

/** One who asked. Addresses are IPv4, as in packet rows. */
export interface ArpAsker {
  readonly address: number;
  /** Addresses asked for of which nothing was heard, and those that spoke. */
  readonly vain: number;
  readonly answered: number;
  /** Where each address asked for in vain was first asked for, in order. */
  readonly asked: readonly ArpQuestion[];
}

export interface ArpQuestion {
  readonly target: number;
  readonly interface: number;
  readonly frame: number;
  readonly seconds: number;
}

/**
 * Addresses are IPv4, as integers; times are seconds since 1970. At most 65,536 pairs of who asks
 * for whom, of which the first question is kept.
 */
export class ArpQuestions {
  /** New pairs that found no room. */
  beyond = 0;
  /** Key: address asked for, asker, interface. */
  private readonly pairs: EndpointTable;
  private readonly frames = new Column();
  private readonly seconds = new Column();
  private readonly speakers: EndpointTable;

  constructor(seed = 0) {
    this.pairs = new EndpointTable(seed);
    this.speakers = new EndpointTable(seed);
  }

  /** `asker` wants to know who has `target`. */
  ask(asker: number, target: number, port: number, frame: number, seconds: number): void {
    // Who looks whether its own address is free, or tells all of it, asks for nobody else.
    if (asker === 0 || asker === target) return;
    const { pairs } = this;
    if (pairs.count >= MOST) {
      if (pairs.find(target, asker, port) < 0) this.beyond++;
      return;
    }
    const known = pairs.count;
    const entry = pairs.intern(target, asker, port);
    if (entry < known) return;
    this.frames.set(entry, frame);
    this.seconds.set(entry, seconds);
  }

  /** A message came from `address`: it exists. */
  spoke(address: number, port: number): void {
    if (this.speakers.count < MOST) this.speakers.intern(address, port, 0);
  }

  /** Those who asked for at least `least` addresses in vain, in order of their first question. */
  askers(least: number): ArpAsker[] {
    const all = new Map<string, { address: number; answered: number; asked: ArpQuestion[] }>();
    const { pairs } = this;
    for (let entry = 0; entry < pairs.count; entry++) {
      const [target, address, port] = [pairs.address(entry), pairs.port(entry), pairs.kind(entry)];
      const key = `${address} ${port}`;
      const asker = all.get(key) ?? { address, answered: 0, asked: [] };
      all.set(key, asker);
      if (this.speakers.find(target, port, 0) >= 0) asker.answered++;
      else {
        const [frame, seconds] = [this.frames.get(entry), this.seconds.get(entry)];
        asker.asked.push({ target, interface: port, frame, seconds });
      }
    }
    return [...all.values()]
      .filter(({ asked }) => asked.length >= least)
      .map((asker) => ({ ...asker, vain: asker.asked.length }));
  }
}
