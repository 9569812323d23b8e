/**
 * Asks who on our own links has an address: there the surest sign of a host, since nothing that
 * talks IP can refuse it. Needs CAP_NET_RAW. Sends by itself: the kernel's neighbour table has room
 * for a thousand or so, remembers the dead, and while they fill it, questions to the living are
 * dropped without a word.
 *
 * What is asked is the affair of the messages: `arp-messages.ts` for IPv4, `nd-messages.ts` for
 * IPv6.
 */
import { FILTERED_SILENT, OPEN_SYN_ACK } from '../../model/port-state.ts';
import { DatagramReader } from '../../native/datagrams.ts';
import { MessageBatch } from '../../native/message-batch.ts';
import { attachFilter, type FilterStep } from '../../native/socket-filter.ts';
import {
  AF_PACKET,
  bindPacketSocket,
  closePacketSocket,
  isLocalLack,
  LINK_ADDRESS_LENGTH,
  type LinkTarget,
  openSocket,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  writeLinkAddress,
} from '../../native/sockets.ts';
import type { AnswerSink, Clock, ProbeBatch, ProbeEngine } from './engine.ts';
import { HostIndex } from './host-index.ts';
import type { HostScan } from './host-scan.ts';
import type { Neighbourhood, OwnLinks } from './links.ts';

/** Answers read in one go: a flood of them must not keep questions from going out. */
const MOST_READ = 4096;

/** Who an answer is from: words of the address, and the Ethernet address that goes with it. */
export interface Neighbour {
  readonly words: readonly number[];
  readonly mac: Uint8Array;
}

/** A protocol by which neighbours are found. */
export interface NeighbourMessages {
  readonly name: 'arp' | 'nd';
  readonly etherType: number;
  /** What the kernel lets through: answers. */
  readonly filter: readonly FilterStep[];
  /** Octets of a question. */
  readonly length: number;
  /**
   * Writes the question for `target` at the start of `packet`. Returns the Ethernet address that it
   * goes to, borrowed until the next call.
   */
  write(packet: Buffer, place: Neighbourhood, target: readonly number[]): Uint8Array;
  /**
   * Reads an answer of `length` octets, which came from the Ethernet address `sender`; undefined:
   * it is none. What is returned is the caller's.
   */
  read(packet: Uint8Array, length: number, sender: Uint8Array): Neighbour | undefined;
}

interface Route extends Neighbourhood {
  /** Number of the interface where the address is of that link alone, else 0. */
  readonly scope: number;
}

/** Owns its socket; `links` stay the caller's, and open as long. */
export class NeighbourEngine implements ProbeEngine {
  readonly name: string;
  readonly silent = FILTERED_SILENT;
  /** Where those that answered are, until they are dismissed. */
  readonly found = new Map<HostScan, LinkTarget>();
  private readonly messages: NeighbourMessages;
  private readonly links: OwnLinks;
  private readonly clock: Clock;
  private readonly fd: number;
  private readonly index = new HostIndex();
  private readonly reader = new DatagramReader();
  private readonly packet: Uint8Array;
  private readonly question: MessageBatch;

  /** Throws `SystemCallError` (EPERM without the privilege), `NativeUnavailable`. */
  constructor(messages: NeighbourMessages, links: OwnLinks, clock: Clock) {
    this.messages = messages;
    this.links = links;
    this.name = messages.name;
    this.clock = clock;
    const { buffer, byteOffset, length } = this.reader.packet;
    this.packet = new Uint8Array(buffer, byteOffset, length);
    this.question = new MessageBatch(1, (messages.length + 15) & ~15);
    this.question.setLengths(0, messages.length, LINK_ADDRESS_LENGTH);
    // Protocol 0 receives nothing, until the filter stands.
    this.fd = openSocket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    try {
      attachFilter(this.fd, messages.filter);
      bindPacketSocket(this.fd, messages.etherType);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  admit(host: HostScan): void {
    const { address } = host;
    const place = this.links.neighbourhood(address);
    if (place === undefined) return;
    const scope = address.zone === undefined ? 0 : place.device.index;
    host.route = { ...place, scope } satisfies Route;
    this.index.add(host);
  }

  dismiss(host: HostScan): void {
    this.index.delete(host);
    this.found.delete(host);
    host.route = undefined;
  }

  send(batch: ProbeBatch): number {
    const { packets, addresses } = this.question;
    const { etherType } = this.messages;
    for (let index = 0; index < batch.length; index++) {
      const { address, route } = batch.hosts[index]!;
      if (route === undefined) continue;
      const { device } = route as Route;
      const mac = this.messages.write(packets, route as Route, address.words);
      writeLinkAddress(addresses, 0, etherType, { interfaceIndex: device.index, mac });
      // What else fails (the link is down) is silence: it is asked again.
      if (isLocalLack(-this.question.send(this.fd, 0, 1))) return index;
    }
    return batch.length;
  }

  receive(_waitMs: number, sink: AnswerSink): void {
    const { reader, packet } = this;
    for (let read = 0; read < MOST_READ; read++) {
      const length = reader.receive(this.fd);
      if (length < 0) return;
      const neighbour = this.messages.read(packet, length, reader.mac);
      if (neighbour === undefined) continue;
      const { words, mac } = neighbour;
      const host =
        words.length === 1
          ? this.index.find4(words[0]!)
          : this.index.find6(words[0]!, words[1]!, words[2]!, words[3]!, reader.scope);
      if (host === undefined) continue;
      const { device } = host.route as Route;
      // Who is on another link is not where it was looked for.
      if (device.index !== reader.scope) continue;
      this.found.set(host, { interfaceIndex: device.index, mac });
      sink.answer(host, 0, -1, OPEN_SYN_ACK, this.clock(), 0);
    }
  }

  close(): void {
    closePacketSocket(this.fd);
    this.reader.close();
    this.question.close();
  }
}
