/**
 * Asks with bare packets and reads the answers beside the kernel's own protocols: half-open
 * scanning. Needs CAP_NET_RAW. Probes leave in batches: to hosts whose Ethernet address is known
 * through a packet socket, past routing and filters that would say the same for each of them; to
 * all others through raw IP sockets, so the kernel chooses route, source address and neighbour on
 * any kind of interface. What answers is heard by `raw-answers.ts`; what is asked is the probe's
 * own affair (`syn-probe.ts`, `sctp-probe.ts`), with a token by which its answer is known.
 */
import { FILTERED_NET_UNREACH, FILTERED_SILENT } from '../../model/port-state.ts';
import { attachFilter } from '../../native/socket-filter.ts';
import {
  AF_INET,
  AF_INET6,
  AF_PACKET,
  closePacketSocket,
  closeSocket,
  isLocalLack,
  LINK_ADDRESS_LENGTH,
  openSocket,
  SOCK_DGRAM,
  SOCK_RAW,
  setOption,
  writeLinkAddress,
  writeSocketAddress,
} from '../../native/sockets.ts';
import type { AnswerSink, Clock, ProbeBatch, ProbeEngine } from './engine.ts';
import { HostIndex } from './host-index.ts';
import type { HostScan } from './host-scan.ts';
import { type Keyed, ProbeTokens } from './probe-tokens.ts';
import { RawAnswers } from './raw-answers.ts';
import type { RawProbe } from './raw-probe.ts';
import { internetChecksum, routeTo } from './raw-scan.ts';
import {
  headerWords,
  IPV4_HEADER,
  IPV6_HEADER,
  openWay,
  type Way,
  writeAddresses,
} from './raw-ways.ts';

const IPPROTO_RAW = 255;
const IPPROTO_IPV6 = 41;
const IPV6_CHECKSUM = 7;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;

interface Route extends Keyed {
  readonly scope: number;
  readonly way: Way;
  /** Our own address towards the host; undefined: there is no way. */
  readonly source: readonly number[] | undefined;
  /** Sum of the words of the pseudo header; 0 where the kernel makes the checksum. */
  readonly pseudo: number;
  /** Checksum of the IPv4 header, where the kernel does not fill it in. */
  readonly headerSum: number;
}

/** Owns its sockets and rings, until `close`. */
export class RawEngine implements ProbeEngine {
  readonly name: string;
  readonly silent = FILTERED_SILENT;
  unheard = 0;
  private readonly probe: RawProbe;
  private readonly ports: Uint16Array;
  private readonly clock: Clock;
  private readonly tokens = new ProbeTokens();
  private readonly index = new HostIndex();
  private readonly answers: RawAnswers;
  private readonly raw4: Way;
  /** Opened when the first host needs them. */
  private raw6: Way | undefined;
  private frames4: Way | undefined;
  private frames6: Way | undefined;

  /** Throws `SystemCallError` (EPERM without the privilege), `NativeUnavailable`. */
  constructor(probe: RawProbe, ports: Uint16Array, clock: Clock) {
    this.probe = probe;
    this.name = probe.name;
    this.ports = ports;
    this.clock = clock;
    const { tokens, index } = this;
    this.answers = new RawAnswers({ probe, tokens, index, ports, clock });
    try {
      this.raw4 = openWay(probe, openSocket(AF_INET, SOCK_RAW, IPPROTO_RAW), IPV4_HEADER, 16);
    } catch (error) {
      this.answers.close();
      throw error;
    }
  }

  get byHost(): boolean {
    return this.answers.byHost;
  }

  private openIPv6(): Way {
    const { probe } = this;
    this.answers.openIPv6();
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
    const { source, scope } = routeTo(host.address);
    // Without a way nothing is sent: then sockets need not be had, and perhaps cannot.
    const way = source === undefined ? this.raw4 : this.wayTo(host);
    const { protocol, length } = this.probe;
    let [pseudo, headerSum] = [0, 0];
    if (way.header > 0 && source !== undefined) {
      for (const word of [...source, ...words]) pseudo += (word >>> 16) + (word & 0xffff);
      if (way === this.frames4) headerSum = internetChecksum(headerWords(this.probe) + pseudo);
      pseudo += protocol + length;
    }
    const key = this.tokens.keyOf(words);
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
        this.answers.byHost = false;
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
    const source = this.tokens.portOf(batch.attempts[from]!);
    const token = this.tokens.tokenOf(route.key, port, source);
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
    if (this.answers.drain(sink) || waitMs < 0.5) return;
    this.answers.wait(waitMs);
    this.answers.drain(sink);
  }

  takeDrops(): number {
    const drops = this.answers.takeDrops();
    this.unheard += drops;
    return drops;
  }

  close(): void {
    this.takeDrops();
    this.answers.close();
    for (const way of [this.raw4, this.raw6, this.frames4, this.frames6]) {
      if (way === undefined) continue;
      if (way === this.raw4 || way === this.raw6) closeSocket(way.fd);
      else closePacketSocket(way.fd);
      way.messages.close();
    }
  }
}
