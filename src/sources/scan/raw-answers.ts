/**
 * Hears what answers bare probes: packets of the probe's own protocol and the ICMP errors that
 * quote it, from filtered packet rings beside the kernel's own protocols.
 */
import { icmp6Outcome, icmpOutcome, PENDING } from '../../model/port-state.ts';
import { ScanRing } from '../../native/scan-ring.ts';
import { interfaceIndex, waitReadable } from '../../native/sockets.ts';
import { isDamaged4, isDamaged6 } from './answer-damage.ts';
import { answerFilter4, answerFilter6 } from './answer-filter.ts';
import type { AnswerSink, Clock } from './engine.ts';
import type { HostIndex } from './host-index.ts';
import type { HostScan } from './host-scan.ts';
import type { Keyed, ProbeTokens } from './probe-tokens.ts';
import type { RawProbe } from './raw-probe.ts';
import { ArrivalClock, TRY_PORTS, wordAt } from './raw-scan.ts';
import { IPV4_HEADER, IPV6_HEADER } from './raw-ways.ts';
import { UpperLayer } from './upper-layer.ts';

const IPPROTO_ICMPV6 = 58;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/**
 * Read of a ring in one go: twice what it holds, so all that waits is heard, but a flood does not
 * keep probes from going out.
 */
const MOST_READ = 65_536;

export interface RawAnswersOptions {
  readonly probe: RawProbe;
  readonly tokens: ProbeTokens;
  /** The hosts that may answer; their routes are `Keyed`. */
  readonly index: HostIndex;
  /** The port of each cell. */
  readonly ports: Uint16Array;
  readonly clock: Clock;
}

/** Owns its rings, until `close`. Answers without a token of this run are nobody's. */
export class RawAnswers {
  /** Of the answer that is reported: whether the host itself sent it. */
  byHost = false;
  private readonly probe: RawProbe;
  private readonly tokens: ProbeTokens;
  private readonly index: HostIndex;
  private readonly cellOf = new Int32Array(65_536).fill(-1);
  private readonly upper = new UpperLayer();
  private readonly loopback = interfaceIndex('lo');
  private readonly arrival: ArrivalClock;
  private readonly ring4: ScanRing;
  private ring6: ScanRing | undefined;
  /** Where the packet that is read came from, its end in the ring, its hops, and who hears of it. */
  private ring: ScanRing;
  private end = 0;
  private ttl = 0;
  private sink: AnswerSink = { answer: () => {} };

  /** Throws `SystemCallError` (EPERM without the privilege), `NativeUnavailable`. */
  constructor({ probe, tokens, index, ports, clock }: RawAnswersOptions) {
    this.probe = probe;
    this.tokens = tokens;
    this.index = index;
    ports.forEach((port, cell) => {
      this.cellOf[port] = cell;
    });
    this.arrival = new ArrivalClock(clock);
    const filter = answerFilter4(probe.protocol, tokens.basePort, TRY_PORTS);
    this.ring4 = new ScanRing(ETHERTYPE_IPV4, filter);
    this.ring = this.ring4;
  }

  /** Hears answers over IPv6 too. Throws `SystemCallError`. */
  openIPv6(): void {
    const filter = answerFilter6(this.probe.protocol, this.tokens.basePort, TRY_PORTS);
    this.ring6 ??= new ScanRing(ETHERTYPE_IPV6, filter);
  }

  /** Waits until something comes, at most so long. */
  wait(waitMs: number): void {
    const { ring4, ring6 } = this;
    waitReadable(ring6 === undefined ? [ring4.fd] : [ring4.fd, ring6.fd], waitMs);
  }

  /** Reports what has come. Returns whether anything had, also what answers nothing. */
  drain(sink: AnswerSink): boolean {
    this.arrival.calibrate();
    this.sink = sink;
    let seen = false;
    for (const ring of [this.ring4, this.ring6]) {
      if (ring === undefined) continue;
      this.ring = ring;
      for (let read = 0; read < MOST_READ; read++) {
        const at = ring.next();
        if (at < 0) break;
        seen = true;
        if (ring === this.ring4) this.read4(at);
        else this.read6(at);
      }
    }
    return seen;
  }

  private read4(at: number): void {
    const { bytes, length, unchecked } = this.ring;
    const end = at + length;
    const header = (bytes[at]! & 15) << 2;
    if (header < IPV4_HEADER || at + header + 8 > end) return;
    if (unchecked && isDamaged4(bytes, at, header, length)) return;
    const { protocol } = this.probe;
    this.end = end;
    this.ttl = bytes[at + 8]!;
    if (bytes[at + 9] === protocol) {
      const host = this.index.find4(wordAt(bytes, at + 12));
      this.byHost = true;
      if (host !== undefined) this.readAnswer(host, at + header);
      return;
    }
    // ICMP: the error quotes the probe's IP header and at least eight octets (RFC 792).
    const inner = at + header + 8;
    if (inner + IPV4_HEADER > end || bytes[inner + 9] !== protocol) return;
    const quoted = inner + ((bytes[inner]! & 15) << 2);
    const host = this.index.find4(wordAt(bytes, inner + 16));
    const outcome = icmpOutcome(bytes[at + header]!, bytes[at + header + 1]!, 'tcp');
    this.byHost = wordAt(bytes, at + 12) === wordAt(bytes, inner + 16);
    if (host !== undefined) this.readQuote(host, quoted, outcome);
  }

  private read6(at: number): void {
    const { bytes, length, unchecked, interfaceIndex } = this.ring;
    const { upper } = this;
    const end = at + length;
    if (at + IPV6_HEADER > end || !upper.find(bytes, at, end)) return;
    if (unchecked && isDamaged6(bytes, at, upper, length)) return;
    const { protocol, begin } = upper;
    this.end = end;
    this.ttl = bytes[at + 7]!;
    if (protocol === this.probe.protocol) {
      const host = this.find6(bytes, at + 8, interfaceIndex);
      this.byHost = true;
      if (host !== undefined) this.readAnswer(host, begin);
      return;
    }
    const inner = begin + 8;
    if (protocol !== IPPROTO_ICMPV6 || inner + 48 > end) return;
    if (bytes[inner + 6] !== this.probe.protocol) return;
    const host = this.find6(bytes, inner + 24, interfaceIndex);
    const outcome = icmp6Outcome(bytes[begin]!, bytes[begin + 1]!, 'tcp');
    this.byHost = true;
    for (let word = 0; word < 16; word += 4) {
      this.byHost &&= wordAt(bytes, at + 8 + word) === wordAt(bytes, inner + 24 + word);
    }
    if (host !== undefined) this.readQuote(host, inner + 40, outcome);
  }

  private find6(bytes: Uint8Array, at: number, scope: number): HostScan | undefined {
    const [a, b] = [wordAt(bytes, at), wordAt(bytes, at + 4)];
    // This machine answers itself by way of loopback, whatever link the address is on.
    const link = scope === this.loopback ? 0 : scope;
    return this.index.find6(a, b, wordAt(bytes, at + 8), wordAt(bytes, at + 12), link);
  }

  /** @param at of the probe's protocol in the ring */
  private readAnswer(host: HostScan, at: number): void {
    if (at + 12 > this.end) return;
    const { bytes } = this.ring;
    const port = (bytes[at]! << 8) | bytes[at + 1]!;
    const own = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const cell = this.cellOf[port]!;
    if (cell < 0) return;
    const token = this.tokens.tokenOf((host.route as Keyed).key, port, own);
    const outcome = this.probe.outcome(bytes, at, this.end, token);
    if (outcome !== PENDING) this.report(host, cell, own, outcome);
  }

  /**
   * @param at of what is quoted of the probe
   * @param outcome that the error means
   */
  private readQuote(host: HostScan, at: number, outcome: number): void {
    if (at + 8 > this.end || outcome === PENDING) return;
    const { bytes } = this.ring;
    const own = (bytes[at]! << 8) | bytes[at + 1]!;
    const port = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const cell = this.cellOf[port]!;
    if (cell < 0 || !this.tokens.isOurs(own)) return;
    const token = this.tokens.tokenOf((host.route as Keyed).key, port, own);
    if (this.probe.quotes(bytes, at, this.end, token)) this.report(host, cell, own, outcome);
  }

  private report(host: HostScan, cell: number, own: number, outcome: number): void {
    const attempt = this.tokens.attemptOf(own, host.tries[cell]!);
    if (attempt < 0) return;
    const atUs = this.arrival.at(this.ring.seconds, this.ring.nanoseconds);
    this.sink.answer(host, cell, attempt, outcome, atUs, this.ttl);
  }

  /** Answers that the rings had no room for, since this was asked last. */
  takeDrops(): number {
    return this.ring4.takeDrops() + (this.ring6?.takeDrops() ?? 0);
  }

  close(): void {
    this.ring4.close();
    this.ring6?.close();
  }
}
