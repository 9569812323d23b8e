/**
 * Asks with bare packets and reads the answers beside the kernel's own protocols: half-open
 * scanning. Needs CAP_NET_RAW. Probes leave in batches: to hosts whose Ethernet address is known
 * through a packet socket, past routing and filters that would say the same for each of them; to
 * all others through raw IP sockets, so the kernel chooses route, source address and neighbour on
 * any kind of interface. Answers come from a filtered packet ring.
 *
 * What is asked is the probe's own affair (`syn-probe.ts`, `sctp-probe.ts`). Each carries a token,
 * a keyed hash of what was asked (RFC 6528 shows the idea for another purpose): only a host that
 * got the question can return it. The source port tells the try.
 */
import { randomBytes } from 'node:crypto';
import {
  FILTERED_NET_UNREACH,
  FILTERED_SILENT,
  icmp6Outcome,
  icmpOutcome,
  PENDING,
} from '../../model/port-state.ts';
import { ScanRing } from '../../native/scan-ring.ts';
import { attachFilter } from '../../native/socket-filter.ts';
import {
  AF_INET,
  AF_INET6,
  AF_PACKET,
  closePacketSocket,
  closeSocket,
  interfaceIndex,
  isLocalLack,
  LINK_ADDRESS_LENGTH,
  openSocket,
  SOCK_DGRAM,
  SOCK_RAW,
  setOption,
  waitReadable,
  writeLinkAddress,
  writeSocketAddress,
} from '../../native/sockets.ts';
import { isDamaged4, isDamaged6 } from './answer-damage.ts';
import { answerFilter4, answerFilter6 } from './answer-filter.ts';
import type { AnswerSink, Clock, ProbeBatch, ProbeEngine } from './engine.ts';
import { HostIndex } from './host-index.ts';
import type { HostScan } from './host-scan.ts';
import {
  ArrivalClock,
  freePorts,
  internetChecksum,
  routeTo,
  TRY_PORTS,
  wordAt,
} from './raw-scan.ts';
import {
  headerWords,
  IPV4_HEADER,
  IPV6_HEADER,
  openWay,
  type Way,
  writeAddresses,
} from './raw-ways.ts';
import { UpperLayer } from './upper-layer.ts';

const IPPROTO_RAW = 255;
const IPPROTO_ICMPV6 = 58;
const IPPROTO_IPV6 = 41;
const IPV6_CHECKSUM = 7;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;

/** A question, and what answers to it mean. */
export interface RawProbe {
  readonly name: string;
  /** IP protocol number. */
  readonly protocol: number;
  /** Octets behind the IP header. */
  readonly length: number;
  /** Where the kernel has to put the checksum in IPv6; undefined: the probe holds its own. */
  readonly checksum6: number | undefined;
  /** Writes what is the same in all of them. */
  writeFixed(packets: Buffer, at: number): void;
  /**
   * Writes the rest.
   * @param token not 0
   * @param pseudo sum of the words of the pseudo header; 0 where the kernel adds it (IPv6)
   */
  write(
    packets: Buffer,
    at: number,
    source: number,
    port: number,
    token: number,
    pseudo: number,
  ): void;
  /** Outcome that the answer at `at` means, `PENDING` when it does not return the token. */
  outcome(bytes: Uint8Array, at: number, end: number, token: number): number;
  /** Whether an ICMP error quotes the probe with that token, at least as far as it quotes it. */
  quotes(bytes: Uint8Array, at: number, end: number, token: number): boolean;
}

interface Route {
  readonly scope: number;
  readonly way: Way;
  /** Our own address towards the host; undefined: there is no way. */
  readonly source: readonly number[] | undefined;
  /** Sum of the words of the pseudo header; 0 where the kernel makes the checksum. */
  readonly pseudo: number;
  /** Checksum of the IPv4 header, where the kernel does not fill it in. */
  readonly headerSum: number;
  /** Word of the tokens for this host. */
  readonly key: number;
}

export class RawEngine implements ProbeEngine {
  readonly name: string;
  readonly silent = FILTERED_SILENT;
  byHost = false;
  /** Answers that the ring had no room for. */
  drops = 0;
  private readonly probe: RawProbe;
  private readonly ports: Uint16Array;
  private readonly cellOf = new Int32Array(65_536).fill(-1);
  private readonly clock: Clock;
  private readonly basePort: number;
  private readonly secret = randomBytes(8);
  private readonly index = new HostIndex();
  private readonly upper = new UpperLayer();
  private readonly loopback = interfaceIndex('lo');
  private readonly arrival: ArrivalClock;
  private readonly raw4: Way;
  /** Opened when the first host needs them. */
  private raw6: Way | undefined;
  private frames4: Way | undefined;
  private frames6: Way | undefined;
  private readonly ring4: ScanRing;
  private ring6: ScanRing | undefined;

  /** Throws `SystemCallError` (EPERM without the privilege), `NativeUnavailable`. */
  constructor(probe: RawProbe, ports: Uint16Array, clock: Clock) {
    this.probe = probe;
    this.name = probe.name;
    this.ports = ports;
    this.clock = clock;
    ports.forEach((port, cell) => {
      this.cellOf[port] = cell;
    });
    this.basePort = freePorts();
    this.arrival = new ArrivalClock(clock);
    this.ring4 = new ScanRing(
      ETHERTYPE_IPV4,
      answerFilter4(probe.protocol, this.basePort, TRY_PORTS),
    );
    this.raw4 = openWay(probe, openSocket(AF_INET, SOCK_RAW, IPPROTO_RAW), IPV4_HEADER, 16);
  }

  private openIPv6(): Way {
    const { probe } = this;
    const filter = answerFilter6(probe.protocol, this.basePort, TRY_PORTS);
    this.ring6 = new ScanRing(ETHERTYPE_IPV6, filter);
    const fd = openSocket(AF_INET6, SOCK_RAW, probe.protocol);
    // This socket would get a copy of every packet that arrives here: keep none.
    attachFilter(fd, [[0x06, 0, 0, 0]]);
    if (probe.checksum6 !== undefined) {
      setOption(fd, IPPROTO_IPV6, IPV6_CHECKSUM, probe.checksum6);
    }
    return openWay(probe, fd, 0, 28);
  }

  private wayTo({ address, link }: HostScan): Way {
    const { family } = address;
    if (family === 6) this.raw6 ??= this.openIPv6();
    // A cluster behind a group address: let the kernel decide what to make of it.
    if (link === undefined || (link.mac[0]! & 1) !== 0)
      return family === 4 ? this.raw4 : this.raw6!;
    if (family === 6) {
      this.frames6 ??= this.openFrames(IPV6_HEADER, ETHERTYPE_IPV6);
      return this.frames6;
    }
    this.frames4 ??= this.openFrames(IPV4_HEADER, ETHERTYPE_IPV4);
    return this.frames4;
  }

  private openFrames(header: number, etherType: number): Way {
    const fd = openSocket(AF_PACKET, SOCK_DGRAM, 0);
    return openWay(this.probe, fd, header, LINK_ADDRESS_LENGTH, etherType);
  }

  admit(host: HostScan): void {
    const { words } = host.address;
    const way = this.wayTo(host);
    const { source, scope } = routeTo(host.address);
    const { protocol, length } = this.probe;
    let [pseudo, headerSum] = [0, 0];
    if (way.header > 0 && source !== undefined) {
      for (const word of [...source, ...words]) pseudo += (word >>> 16) + (word & 0xffff);
      if (way === this.frames4) headerSum = internetChecksum(headerWords(this.probe) + pseudo);
      pseudo += protocol + length;
    }
    let key = this.secret.readInt32LE(0);
    for (const word of words) key = Math.imul(key ^ word, 0x9e3779b1) ^ (key >>> 15);
    host.route = { scope, way, source, pseudo, headerSum, key } satisfies Route;
    this.index.add(host);
  }

  dismiss(host: HostScan): void {
    this.index.delete(host);
    host.route = undefined;
  }

  send(batch: ProbeBatch, sink: AnswerSink): number {
    // Probes of one way in a row go out together, in order, so that what fails is the rest.
    let done = 0;
    while (done < batch.length) {
      const host = batch.hosts[done]!;
      const { way, source } = host.route as Route;
      if (source === undefined) {
        this.byHost = false;
        sink.answer(
          host,
          batch.cells[done]!,
          batch.attempts[done]!,
          FILTERED_NET_UNREACH,
          this.clock(),
          0,
        );
        done++;
        continue;
      }
      let count = 0;
      while (done + count < batch.length && this.write(batch, done + count, count, way)) count++;
      const sent = this.transmit(way, count);
      done += sent;
      if (sent < count) return done;
    }
    return done;
  }

  private write(batch: ProbeBatch, from: number, slot: number, way: Way): boolean {
    const host = batch.hosts[from]!;
    const route = host.route as Route;
    if (route.way !== way || route.source === undefined) return false;
    const port = this.ports[batch.cells[from]!]!;
    const source = this.basePort + (batch.attempts[from]! & (TRY_PORTS - 1));
    const token = this.tokenOf(route.key, port, source);
    const { packets, packetSize, addresses, addressSize } = way.messages;
    const at = packetSize * slot;
    const { words } = host.address;
    if (way.header > 0) writeAddresses(packets, at, route.source, words, route.headerSum);
    this.probe.write(packets, at + way.header, source, port, token, route.pseudo);
    if (way.etherType === 0) {
      writeSocketAddress(addresses, addressSize * slot, words, 0, route.scope);
    } else {
      writeLinkAddress(addresses, addressSize * slot, way.etherType, host.link!);
    }
    return true;
  }

  private tokenOf(key: number, port: number, source: number): number {
    let h = Math.imul(key ^ ((port << 16) | source), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) ^ this.secret.readInt32LE(4);
    return (h ^ (h >>> 16)) >>> 0 || 1;
  }

  private transmit({ messages, fd }: Way, count: number): number {
    let sent = 0;
    while (sent < count) {
      const result = messages.send(fd, sent, count - sent);
      if (result > 0) sent += result;
      else if (isLocalLack(-result)) return sent;
      // The first of the rest cannot go (no neighbour, a filter of this machine): to the port it
      // is silence, and it is asked again like any other silent one.
      else sent++;
    }
    return sent;
  }

  receive(waitMs: number, sink: AnswerSink): void {
    let seen = this.drain(sink);
    if (seen || waitMs < 0.5) return;
    waitReadable(
      this.ring6 === undefined ? [this.ring4.fd] : [this.ring4.fd, this.ring6.fd],
      waitMs,
    );
    seen = this.drain(sink);
  }

  private drain(sink: AnswerSink): boolean {
    this.arrival.calibrate();
    let seen = false;
    const { ring4, ring6 } = this;
    for (let at = ring4.next(); at >= 0; at = ring4.next()) {
      seen = true;
      this.read4(ring4, at, sink);
    }
    if (ring6 === undefined) return seen;
    for (let at = ring6.next(); at >= 0; at = ring6.next()) {
      seen = true;
      this.read6(ring6, at, sink);
    }
    return seen;
  }

  private read4(ring: ScanRing, at: number, sink: AnswerSink): void {
    const { bytes, length } = ring;
    const end = at + length;
    const header = (bytes[at]! & 15) << 2;
    if (header < IPV4_HEADER || at + header + 8 > end) return;
    const ttl = bytes[at + 8]!;
    const { protocol } = this.probe;
    if (ring.unchecked && isDamaged4(bytes, at, header, length)) return;
    if (bytes[at + 9] === protocol) {
      const host = this.index.find4(wordAt(bytes, at + 12));
      this.byHost = true;
      if (host !== undefined) this.readAnswer(ring, host, at + header, end, ttl, sink);
      return;
    }
    // ICMP: the error quotes the probe's IP header and at least eight octets (RFC 792).
    const inner = at + header + 8;
    if (inner + IPV4_HEADER > end || bytes[inner + 9] !== protocol) return;
    const quoted = inner + ((bytes[inner]! & 15) << 2);
    const host = this.index.find4(wordAt(bytes, inner + 16));
    const outcome = icmpOutcome(bytes[at + header]!, bytes[at + header + 1]!, 'tcp');
    this.byHost = wordAt(bytes, at + 12) === wordAt(bytes, inner + 16);
    if (host !== undefined) this.readQuote(ring, host, quoted, end, outcome, ttl, sink);
  }

  private read6(ring: ScanRing, at: number, sink: AnswerSink): void {
    const { bytes, length } = ring;
    const { upper } = this;
    const end = at + length;
    if (at + IPV6_HEADER > end || !upper.find(bytes, at, end)) return;
    const { protocol, begin } = upper;
    const hops = bytes[at + 7]!;
    if (ring.unchecked && isDamaged6(bytes, at, upper, length)) return;
    if (protocol === this.probe.protocol) {
      const host = this.find6(bytes, at + 8, ring.interfaceIndex);
      this.byHost = true;
      if (host !== undefined) this.readAnswer(ring, host, begin, end, hops, sink);
      return;
    }
    const inner = begin + 8;
    if (protocol !== IPPROTO_ICMPV6 || inner + 48 > end) return;
    if (bytes[inner + 6] !== this.probe.protocol) return;
    const host = this.find6(bytes, inner + 24, ring.interfaceIndex);
    const outcome = icmp6Outcome(bytes[begin]!, bytes[begin + 1]!, 'tcp');
    this.byHost = true;
    for (let word = 0; word < 16; word += 4) {
      this.byHost &&= wordAt(bytes, at + 8 + word) === wordAt(bytes, inner + 24 + word);
    }
    if (host !== undefined) this.readQuote(ring, host, inner + 40, end, outcome, hops, sink);
  }

  private find6(bytes: Uint8Array, at: number, scope: number): HostScan | undefined {
    const [a, b] = [wordAt(bytes, at), wordAt(bytes, at + 4)];
    // This machine answers itself by way of loopback, whatever link the address is on.
    const link = scope === this.loopback ? 0 : scope;
    return this.index.find6(a, b, wordAt(bytes, at + 8), wordAt(bytes, at + 12), link);
  }

  private readAnswer(
    ring: ScanRing,
    host: HostScan,
    at: number,
    end: number,
    ttl: number,
    sink: AnswerSink,
  ): void {
    if (at + 12 > end) return;
    const { bytes } = ring;
    const port = (bytes[at]! << 8) | bytes[at + 1]!;
    const own = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const cell = this.cellOf[port]!;
    if (cell < 0) return;
    const token = this.tokenOf((host.route as Route).key, port, own);
    const outcome = this.probe.outcome(bytes, at, end, token);
    if (outcome !== PENDING) this.report(ring, host, cell, own, outcome, ttl, sink);
  }

  private readQuote(
    ring: ScanRing,
    host: HostScan,
    at: number,
    end: number,
    outcome: number,
    ttl: number,
    sink: AnswerSink,
  ): void {
    if (at + 8 > end || outcome === PENDING) return;
    const { bytes } = ring;
    const own = (bytes[at]! << 8) | bytes[at + 1]!;
    const port = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const cell = this.cellOf[port]!;
    if (cell < 0 || own < this.basePort || own >= this.basePort + TRY_PORTS) return;
    const token = this.tokenOf((host.route as Route).key, port, own);
    if (!this.probe.quotes(bytes, at, end, token)) return;
    this.report(ring, host, cell, own, outcome, ttl, sink);
  }

  private report(
    ring: ScanRing,
    host: HostScan,
    cell: number,
    own: number,
    outcome: number,
    ttl: number,
    sink: AnswerSink,
  ): void {
    // Source ports repeat after 16 tries: the latest of them is meant.
    const last = host.tries[cell]! - 1;
    const attempt = last - ((last - (own - this.basePort)) & (TRY_PORTS - 1));
    if (attempt < 0) return;
    const atUs = this.arrival.at(ring.seconds, ring.nanoseconds);
    sink.answer(host, cell, attempt, outcome, atUs, ttl);
  }

  takeDrops(): number {
    const drops = this.ring4.takeDrops() + (this.ring6?.takeDrops() ?? 0);
    this.drops += drops;
    return drops;
  }

  close(): void {
    this.takeDrops();
    this.ring4.close();
    this.ring6?.close();
    for (const way of [this.raw4, this.raw6, this.frames4, this.frames6]) {
      if (way === undefined) continue;
      if (way === this.raw4 || way === this.raw6) closeSocket(way.fd);
      else closePacketSocket(way.fd);
      way.messages.close();
    }
  }
}
