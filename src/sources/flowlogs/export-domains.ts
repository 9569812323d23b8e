/**
 * Who exports flows, and what is known of each: an observation domain (RFC 7011 section 2) of an
 * exporter has its own templates, its own sequence numbers and its own samplers.
 *
 * Sequence numbers tell what was sent and never arrived. A datagram behind the expected number is
 * late; two in a row that continue each other are an exporter that started anew.
 */
import type { Template } from './templates.ts';

/** Domains told apart; datagrams of further ones are counted and left. */
const MOST_DOMAINS = 4096;
/** Samplers and interfaces of one whose rates are kept. */
const MOST_RATES = 1000;
/** A jump ahead beyond this is a new start, not a loss. */
const FARTHEST = 10_000_000;

/** Protocols of export. */
export type ExportProtocol = 'NetFlow v5' | 'NetFlow v9' | 'IPFIX' | 'sFlow v5';

/** A set of data whose template has not come, and when it was sent. */
export interface WaitingSet {
  readonly bytes: Uint8Array;
  readonly exportMs: number;
  readonly bootMs: number;
}

/** Counts over all datagrams of the domain; a restart of the exporter begins its sequence anew. */
export class ExportDomain {
  /** Address of the exporter, or the agent's own; empty where datagrams come from a file. */
  readonly exporter: string;
  readonly protocol: ExportProtocol;
  /** Observation domain, source id, engine or sub-agent. */
  readonly id: number;
  datagrams = 0;
  /** Flow records or flow samples. */
  records = 0;
  optionRecords = 0;
  /** Sets of data whose template has not come. */
  withoutTemplate = 0;
  /** Records (NetFlow v5, IPFIX) or datagrams (NetFlow v9, sFlow) that never arrived. */
  lost = 0;
  late = 0;
  restarts = 0;
  /** sFlow: samples of counters, which hold no flows; packets it could not sample. */
  counterSamples = 0;
  sampleDrops = 0;
  /** Least and greatest sampling rate of records; 1 is unsampled. */
  leastRate = Number.POSITIVE_INFINITY;
  greatestRate = 0;
  /** Records that stand for more packets than they count. */
  sampledRecords = 0;
  readonly templates = new Map<number, Template>();
  /** Sampling rate by number of the sampler; 0 for the one that is not numbered. */
  private readonly rates = new Map<number, number>();
  /** Sampling rate by number of the interface that packets come in by, where options say so. */
  private readonly interfaceRates = new Map<number, number>();
  /** The rate of all of them; NaN where they differ, 0 without any. */
  private interfacesRate = 0;
  /** Sets of data by number of the template that they wait for. */
  readonly waiting = new Map<number, WaitingSet[]>();
  /** ms since 1970 at which the exporter started, where an options record says so. */
  bootMs = Number.NaN;
  private expected = -1;
  /** What would continue a datagram that came late; -1 when the last was none. */
  private lateNext = -1;

  constructor(exporter: string, protocol: ExportProtocol, id: number) {
    this.exporter = exporter;
    this.protocol = protocol;
    this.id = id;
  }

  /** Whether sequence numbers count records; else they count datagrams. */
  get countsRecords(): boolean {
    return this.protocol === 'NetFlow v5' || this.protocol === 'IPFIX';
  }

  /**
   * Takes the sequence number of a datagram (32 bits) that moves it on by `step`, or by nobody
   * knows how much when that is negative.
   */
  sequence(number: number, step: number): void {
    const next = step < 0 ? -1 : (number + step) >>> 0;
    const ahead = this.expected < 0 ? 0 : (number - this.expected) | 0;
    if (ahead < 0 && this.lateNext !== number) {
      this.late++;
      // It was counted as lost when those after it came.
      this.lost = Math.max(0, this.lost - Math.max(1, step));
      this.lateNext = next;
      return;
    }
    if (ahead < 0 || ahead > FARTHEST) {
      if (ahead < 0) this.late--;
      this.restarts++;
    } else this.lost += ahead;
    this.lateNext = -1;
    this.expected = next;
  }

  /** Takes what options say of a sampler, or of an interface that packets come in by; -1 for none. */
  announce(sampler: number, inInterface: number, rate: number): void {
    // What is about one interface says nothing of the others.
    const isInterface = sampler < 0 && inInterface > 0;
    const rates = isInterface ? this.interfaceRates : this.rates;
    const number = isInterface ? inInterface : Math.max(0, sampler);
    // Numbers are the exporter's: as many as it likes, but not without end.
    if (rates.size >= MOST_RATES && !rates.has(number)) return;
    rates.set(number, rate);
    if (!isInterface) return;
    const others = this.interfacesRate === 0 || this.interfacesRate === rate;
    this.interfacesRate = others || rates.size === 1 ? rate : Number.NaN;
  }

  /** Notes the sampling rate of a record. */
  sampled(rate: number): void {
    if (rate < this.leastRate) this.leastRate = rate;
    if (rate > this.greatestRate) this.greatestRate = rate;
    if (rate > 1) this.sampledRecords++;
  }

  /**
   * Rate of the sampler, which may not be named when there is only one; or of the interface that the
   * packets came in by, -1 for none. 1 when unknown.
   */
  rateOf(sampler: number, inInterface: number): number {
    const { interfaceRates, interfacesRate } = this;
    if (sampler < 0 && inInterface < 0 && interfacesRate > 0) return interfacesRate;
    const rate =
      (sampler < 0 ? interfaceRates.get(inInterface) : undefined) ??
      this.rates.get(Math.max(0, sampler));
    if (rate !== undefined) return rate;
    return sampler < 0 && this.rates.size === 1 ? this.rates.values().next().value! : 1;
  }
}

/** Bounded: a stranger could invent exporters without end. */
export class ExportDomains {
  readonly list: ExportDomain[] = [];
  /** Datagrams of domains beyond the limit. */
  refused = 0;
  private readonly found = new Map<string, ExportDomain>();
  private last: ExportDomain | undefined;

  /** The domain, made when it is new; undefined when there are too many. */
  of(exporter: string, protocol: ExportProtocol, id: number): ExportDomain | undefined {
    const { last } = this;
    if (last?.id === id && last.protocol === protocol && last.exporter === exporter) return last;
    const key = `${exporter} ${protocol} ${id}`;
    let domain = this.found.get(key);
    if (domain === undefined) {
      if (this.list.length >= MOST_DOMAINS) {
        this.refused++;
        return undefined;
      }
      domain = new ExportDomain(exporter, protocol, id);
      this.found.set(key, domain);
      this.list.push(domain);
    }
    this.last = domain;
    return domain;
  }
}
