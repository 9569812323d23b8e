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
import { MessageBatch } from '../../native/message-batch.ts';
import { ScanRing } from '../../native/scan-ring.ts';
import { attachFilter } from '../../native/socket-filter.ts';
import {
  AF_INET,
  AF_INET6,
  AF_PACKET,
  closePacketSocket,
  closeSocket,
  ERRNO,
  LINK_ADDRESS_LENGTH,
  openSocket,
  SO_SNDBUFFORCE,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_SOCKET,
  setOption,
  waitReadable,
  writeLinkAddress,
  writeSocketAddress,
} from '../../native/sockets.ts';
import { answerFilter4, answerFilter6 } from './answer-filter.ts';
import {
  type AnswerSink,
  BATCH_SIZE,
  type Clock,
  type ProbeBatch,
  type ProbeEngine,
} from './engine.ts';
import { HostIndex } from './host-index.ts';
import type { HostScan } from './host-scan.ts';
import {
  ArrivalClock,
  freePorts,
  internetChecksum,
  routeTo,
  sumOfWords,
  sumsUp,
  TRY_PORTS,
  wordAt,
  writeWord,
} from './raw-scan.ts';

const IPPROTO_RAW = 255;
const IPPROTO_ICMP = 1;
const IPPROTO_TCP = 6;
const IPPROTO_ICMPV6 = 58;
const IPPROTO_IPV6 = 41;
const IPV6_CHECKSUM = 7;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;

const IP_HEADER = 20;
const IPV6_HEADER = 40;
const DONT_FRAGMENT = 0x4000;
const TTL = 64;
/** Room for each packet: an IPv4 header and a probe. */
const SLOT = 64;

/** A question, and what answers to it mean. */
export interface RawProbe {
  readonly name: string;
  /** IP protocol number. */
  readonly protocol: number;
  /** Octets behind the IP header, at most 44. */
  readonly length: number;
  /** Where the kernel has to put the checksum in IPv6; undefined: the probe holds its own. */
  readonly checksum6: number | undefined;
  /** Writes what is the same in all of them. */
  writeFixed(packets: Buffer, at: number): void;
  /**
   * Writes the rest.
   * @param token not 0
   * @param pseudo sum of the words of the IPv4 pseudo header; 0 in IPv6
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

/** A way for probes to leave; batches are filled for one way at a time. */
interface Way {
  readonly fd: number;
  readonly messages: MessageBatch;
  /** Octets of the IP header that we write ourselves. */
  readonly header: number;
}

interface Route {
  readonly scope: number;
  readonly way: Way;
  /** Our own address towards the host; undefined: there is no way. */
  readonly source: readonly number[] | undefined;
  /** Sum of the words of the IPv4 pseudo header. */
  readonly pseudo: number;
  /** Checksum of the IPv4 header, where the kernel does not fill it in. */
  readonly headerSum: number;
  /** Word of the tokens for this host. */
  readonly key: number;
}

export class RawEngine implements ProbeEngine {
  readonly name: string;
  readonly silent = FILTERED_SILENT;
  /** Answers that the ring had no room for. */
  drops = 0;
  private readonly probe: RawProbe;
  private readonly ports: Uint16Array;
  private readonly cellOf = new Int32Array(65_536).fill(-1);
  private readonly clock: Clock;
  private readonly basePort: number;
  private readonly secret = randomBytes(8);
  private readonly index = new HostIndex();
  private readonly arrival: ArrivalClock;
  private readonly raw4: Way;
  /** Opened when the first host needs them. */
  private raw6: Way | undefined;
  private frames: Way | undefined;
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
    this.raw4 = openWay(probe, openSocket(AF_INET, SOCK_RAW, IPPROTO_RAW), IP_HEADER, 16);
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
    if (address.family === 6) {
      this.raw6 ??= this.openIPv6();
      return this.raw6;
    }
    // A cluster behind a group address: let the kernel decide what to make of it.
    if (link === undefined || (link.mac[0]! & 1) !== 0) return this.raw4;
    if (this.frames === undefined) {
      const fd = openSocket(AF_PACKET, SOCK_DGRAM, 0);
      this.frames = openWay(this.probe, fd, IP_HEADER, LINK_ADDRESS_LENGTH);
    }
    return this.frames;
  }

  admit(host: HostScan): void {
    const { family, words } = host.address;
    const way = this.wayTo(host);
    const { source, scope } = routeTo(host.address);
    const { protocol, length } = this.probe;
    let [pseudo, headerSum] = [0, 0];
    if (family === 4 && source !== undefined) {
      for (const word of [source[0]!, words[0]!]) pseudo += (word >>> 16) + (word & 0xffff);
      if (way === this.frames) {
        const fixed = 0x4500 + IP_HEADER + length + DONT_FRAGMENT + ((TTL << 8) | protocol);
        headerSum = internetChecksum(fixed + pseudo);
      }
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
    const { packets, addresses, addressSize } = way.messages;
    let at = SLOT * slot;
    if (way.header > 0) {
      writeWord(packets, at + 12, route.source[0]!);
      writeWord(packets, at + 16, host.address.words[0]!);
      packets[at + 10] = route.headerSum >>> 8;
      packets[at + 11] = route.headerSum & 255;
      at += way.header;
    }
    this.probe.write(packets, at, source, port, token, route.pseudo);
    if (way !== this.frames) {
      writeSocketAddress(addresses, addressSize * slot, host.address.words, 0, route.scope);
    } else {
      writeLinkAddress(addresses, addressSize * slot, ETHERTYPE_IPV4, host.link!);
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
    if (header < IP_HEADER || at + header + 8 > end) return;
    const ttl = bytes[at + 8]!;
    const { protocol } = this.probe;
    if (ring.unchecked && this.isDamaged4(bytes, at, header, length)) return;
    if (bytes[at + 9] === protocol) {
      const host = this.index.find4(wordAt(bytes, at + 12));
      if (host !== undefined) this.readAnswer(ring, host, at + header, end, ttl, sink);
      return;
    }
    // ICMP: the error quotes the probe's IP header and at least eight octets (RFC 792).
    const inner = at + header + 8;
    if (inner + IP_HEADER > end || bytes[inner + 9] !== protocol) return;
    const quoted = inner + ((bytes[inner]! & 15) << 2);
    const host = this.index.find4(wordAt(bytes, inner + 16));
    const outcome = icmpOutcome(bytes[at + header]!, bytes[at + header + 1]!, 'tcp');
    if (host !== undefined) this.readQuote(ring, host, quoted, end, outcome, ttl, sink);
  }

  private read6(ring: ScanRing, at: number, sink: AnswerSink): void {
    const { bytes, length } = ring;
    const end = at + length;
    if (at + 48 > end) return;
    const hops = bytes[at + 7]!;
    if (ring.unchecked && this.isDamaged6(bytes, at, length)) return;
    if (bytes[at + 6] === this.probe.protocol) {
      const host = this.find6(bytes, at + 8, ring.interfaceIndex);
      if (host !== undefined) this.readAnswer(ring, host, at + 40, end, hops, sink);
      return;
    }
    const inner = at + 48;
    if (inner + 48 > end || bytes[inner + 6] !== this.probe.protocol) return;
    const host = this.find6(bytes, inner + 24, ring.interfaceIndex);
    const outcome = icmp6Outcome(bytes[at + 40]!, bytes[at + 41]!, 'tcp');
    if (host !== undefined) this.readQuote(ring, host, inner + 40, end, outcome, hops, sink);
  }

  /** Damaged on the way, as the kernel would find; what is kept in part is not judged. */
  private isDamaged4(bytes: Uint8Array, at: number, header: number, length: number): boolean {
    const total = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (total > length || total < header) return total < header;
    if (!sumsUp(bytes, at, at + header)) return true;
    const protocol = bytes[at + 9]!;
    if (protocol === IPPROTO_ICMP) return !sumsUp(bytes, at + header, at + total);
    if (protocol !== IPPROTO_TCP) return false;
    const pseudo = sumOfWords(bytes, at + 12, at + 20) + protocol + total - header;
    return !sumsUp(bytes, at + header, at + total, pseudo);
  }

  /** The same for IPv6, whose pseudo header ICMPv6 counts too (RFC 4443 section 2.3). */
  private isDamaged6(bytes: Uint8Array, at: number, length: number): boolean {
    const payload = (bytes[at + 4]! << 8) | bytes[at + 5]!;
    const protocol = bytes[at + 6]!;
    if (IPV6_HEADER + payload > length) return false;
    if (protocol !== IPPROTO_TCP && protocol !== IPPROTO_ICMPV6) return false;
    const pseudo = sumOfWords(bytes, at + 8, at + IPV6_HEADER) + protocol + payload;
    const begin = at + IPV6_HEADER;
    return !sumsUp(bytes, begin, begin + payload, pseudo);
  }

  private find6(bytes: Uint8Array, at: number, scope: number): HostScan | undefined {
    const [a, b] = [wordAt(bytes, at), wordAt(bytes, at + 4)];
    return this.index.find6(a, b, wordAt(bytes, at + 8), wordAt(bytes, at + 12), scope);
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
    for (const way of [this.raw4, this.raw6, this.frames]) {
      if (way === undefined) continue;
      if (way === this.frames) closePacketSocket(way.fd);
      else closeSocket(way.fd);
      way.messages.close();
    }
  }
}

/**
 * @param header octets of the IP header in each message
 * @param address octets of the addresses
 */
function openWay(probe: RawProbe, fd: number, header: number, address: number): Way {
  widen(fd);
  const messages = new MessageBatch(BATCH_SIZE, SLOT);
  for (let slot = 0; slot < BATCH_SIZE; slot++) {
    const at = SLOT * slot;
    if (header > 0) writeIPv4(messages.packets, at, probe);
    probe.writeFixed(messages.packets, at + header);
    messages.setLengths(slot, header + probe.length, address);
  }
  return { fd, messages, header };
}

function writeIPv4(packets: Buffer, at: number, { protocol, length }: RawProbe): void {
  packets[at] = 0x45;
  packets.writeUInt16BE(IP_HEADER + length, at + 2);
  packets.writeUInt16BE(DONT_FRAGMENT, at + 6);
  packets[at + 8] = TTL;
  packets[at + 9] = protocol;
}

const SEND_BUFFER = 64 << 20;

/** A whole batch must fit into the socket's send buffer, also while a neighbour is looked for. */
function widen(fd: number): void {
  setOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER);
}

function isLocalLack(errno: number): boolean {
  return (
    errno === ERRNO.ENOBUFS ||
    errno === ERRNO.EAGAIN ||
    errno === ERRNO.ENOMEM ||
    errno === ERRNO.EINTR
  );
}
