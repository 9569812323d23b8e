/**
 * sFlow version 5 (sflow.org, “sFlow Version 5”): datagrams of an agent into sampled packets.
 *
 * A flow sample holds one packet of N: mostly the first octets of its frame, which are decoded as
 * those of a capture are, or addresses and ports that the agent read itself. Samples of counters
 * hold no flows and are counted. A switch that says it dropped the packet says why. All fields
 * are of 32 bits; every sample and record has its length in front, so that unknown ones can be
 * passed over.
 */
import { formatIPv4, formatIPv6 } from '../../net/address.ts';
import type { Decoder } from '../../wire/decoder.ts';
import { type CaptureInterface, FrameBatch } from '../../wire/frame-batch.ts';
import {
  M_ICMP_ERROR,
  P_CARRIED,
  P_FRAME,
  P_MARKS,
  PACKET_WORDS,
} from '../../wire/packet-batch.ts';
import { type ExportDomain, ExportDomains } from './export-domains.ts';

const VERSION = 5;
/** Samples, by format; the enterprise is 0. */
const FLOW = 1;
const COUNTERS = 2;
const EXPANDED_FLOW = 3;
const EXPANDED_COUNTERS = 4;
const DISCARDED = 5;
/** Records of a flow sample. */
const RAW_HEADER = 1;
const IPV4 = 3;
const IPV6 = 4;
const MOST_SAMPLES = 1000;
/** Sources whose drops are followed. */
const MOST_SOURCES = 4096;
/** Of an interface: how the rest is to be read; 1 = the packet was discarded, and why. */
const FORMAT_DISCARDED = 1;
const UNKNOWN_LINK = 65_535;
/** Link types by the protocol of a raw header. */
const LINK_TYPES: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [3, 6],
  [4, 10],
  [5, 107],
  [7, 9],
  [11, 228],
  [12, 229],
  [13, 219],
  [14, 50],
  [15, 105],
]);
/** Why a packet was discarded: codes of ICMP unreachable messages below 256, then the agent's own. */
const ACCESS_LIST = 258;
const PROHIBITED: readonly number[] = [9, 10, 13];
const FIRST_OWN = 256;
const UNREACHABLE = [
  ...['no route', 'host unreachable', 'protocol unreachable', 'port unreachable', 'too big'],
  ...['source route failed', 'network unknown', 'host unknown', 'source isolated'],
  ...['network prohibited', 'host prohibited', 'network not for this service'],
  ...['host not for this service', 'prohibited', 'precedence violation', 'precedence cutoff'],
];
const OWN = [
  ...['discarded', 'TTL exceeded', 'access list', 'no buffer', 'random early detection'],
  ...['traffic shaping', 'too big', 'group as source station', 'VLAN tag mismatch', 'VLAN filter'],
  ...['spanning tree', 'no port to send by', 'back to its own port', 'blackhole route', 'not IP'],
  ...['unicast to a group station', 'to loopback', 'from a group', 'from loopback'],
  ...['damaged IP header', 'from broadcast', 'to a reserved group', 'to a group of the interface'],
  ...['neighbour unresolved', 'reverse path of a group', 'not routable', 'decapsulation failed'],
  ...['group as inner source station', 'layer 2', 'layer 3', 'layer 3 exception', 'buffer'],
  ...['tunnel', 'layer 4'],
];

/** A sample: what the agent says about its packet. The same object for all. */
export class FlowSample {
  /** One of so many packets was sampled. */
  rate = 1;
  /** Numbers of interfaces; 0 = none or not known. */
  input = 0;
  output = 0;
  /** The agent dropped the packet by a rule. */
  denied = false;
  /** Why it was dropped; empty when it was not. */
  reason = '';
  domain: ExportDomain | undefined;

  set(from: FlowSample): void {
    this.rate = from.rate;
    this.input = from.input;
    this.output = from.output;
    this.denied = from.denied;
    this.reason = from.reason;
    this.domain = from.domain;
  }
}

/** Addresses and ports that the agent read itself. */
export interface ReadPacket {
  family: 4 | 6;
  readonly source: Int32Array;
  readonly destination: Int32Array;
  protocol: number;
  sourcePort: number;
  destinationPort: number;
  tcpFlags: number;
  /** IP octets. */
  length: number;
}

/** Takes what was sampled; all is borrowed for the call. */
export interface SampleVisitor {
  /** A packet row of `decoder`, at word `at` of its rows. */
  row(sample: FlowSample, at: number): void;
  packet(sample: FlowSample, packet: ReadPacket): void;
  /** A sample in which no IP packet can be found. */
  other(sample: FlowSample): void;
}

/** One for all datagrams of a collector; packets of a sample are borrowed for the call. */
export class SflowDecoder {
  samples = 0;
  truncated = 0;
  /** Samples of other kinds than are known here. */
  unknownSamples = 0;
  readonly domains: ExportDomains;
  private readonly decoder: Decoder;
  private readonly visitor: SampleVisitor;
  private readonly batch = new FrameBatch();
  private readonly links: CaptureInterface[] = [];
  private readonly linkOf = new Map<number, number>();
  /** Of each frame of the datagram: its sample, and whether it gave a packet. */
  private readonly kept = Array.from({ length: MOST_SAMPLES }, () => new FlowSample());
  private readonly answered = new Uint8Array(MOST_SAMPLES);
  private view: DataView = new DataView(new ArrayBuffer(0));
  private readonly sample = new FlowSample();
  private readonly packet: ReadPacket = {
    ...{ family: 4, source: new Int32Array(4), destination: new Int32Array(4), protocol: 0 },
    ...{ sourcePort: 0, destinationPort: 0, tcpFlags: 0, length: 0 },
  };
  /** Drops that each source of samples last stated. */
  private readonly drops = new Map<string, number>();

  /** @param decoder of its own: its rows are those of samples */
  constructor(decoder: Decoder, visitor: SampleVisitor, domains = new ExportDomains()) {
    this.decoder = decoder;
    this.visitor = visitor;
    this.domains = domains;
  }

  /**
   * Reads one datagram from the begin of `bytes`; returns its length, 0 for no datagram.
   * @param seconds when it came, since 1970: agents do not say what time it is
   */
  read(bytes: Uint8Array, seconds: number): number {
    if (bytes.length < 28) return 0;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { view } = this;
    const family = view.getUint32(4);
    if (view.getUint32(0) !== VERSION || (family !== 1 && family !== 2)) return 0;
    let at = family === 1 ? 12 : 24;
    if (bytes.length < at + 16) return 0;
    const count = view.getUint32(at + 12);
    if (count > MOST_SAMPLES) return 0;
    const domain = this.domains.of(this.address(8, family), 'sFlow v5', view.getUint32(at));
    if (domain === undefined) return bytes.length;
    domain.datagrams++;
    domain.sequence(view.getUint32(at + 4), 1);
    at += 16;
    this.batch.reset(bytes, view);
    for (let index = 0; index < count; index++) {
      if (at + 8 > bytes.length) {
        this.truncated++;
        break;
      }
      const length = view.getUint32(at + 4);
      const end = at + 8 + length;
      if (end > bytes.length) this.truncated++;
      this.take(view.getUint32(at), at + 8, Math.min(end, bytes.length), domain, seconds);
      at = Math.min(end, bytes.length);
    }
    this.decode();
    return at;
  }

  private address(at: number, family: number): string {
    const { view } = this;
    if (family === 1) return formatIPv4(view.getInt32(at));
    return formatIPv6([0, 4, 8, 12].map((ahead) => view.getInt32(at + ahead)));
  }

  private take(
    format: number,
    at: number,
    end: number,
    domain: ExportDomain,
    seconds: number,
  ): void {
    if (format === COUNTERS || format === EXPANDED_COUNTERS) {
      domain.counterSamples++;
      return;
    }
    const header = format === EXPANDED_FLOW ? 44 : 32;
    if (format !== FLOW && format !== EXPANDED_FLOW && format !== DISCARDED) {
      this.unknownSamples++;
      return;
    }
    if (at + header > end) {
      this.truncated++;
      return;
    }
    const { sample } = this;
    sample.domain = domain;
    sample.denied = false;
    sample.reason = '';
    if (format === FLOW) this.compact(at);
    else if (format === EXPANDED_FLOW) this.expanded(at);
    else this.discarded(at);
    this.samples++;
    domain.records++;
    domain.sampled(sample.rate);
    this.flowRecords(at + header, end, this.view.getUint32(at + header - 4), seconds);
  }

  /** Sequence, source, rate, pool, drops, input, output, number of records. */
  private compact(at: number): void {
    const { view, sample } = this;
    const input = view.getUint32(at + 20);
    const output = view.getUint32(at + 24);
    sample.rate = Math.max(1, view.getUint32(at + 8));
    this.dropped(`${view.getUint32(at + 4)}`, view.getUint32(at + 16));
    this.ways(input >>> 30, input & 0x3fffffff, output >>> 30, output & 0x3fffffff);
  }

  /** The same with type and number, format and value in words of their own. */
  private expanded(at: number): void {
    const { view, sample } = this;
    sample.rate = Math.max(1, view.getUint32(at + 12));
    this.dropped(`${view.getUint32(at + 4)} ${view.getUint32(at + 8)}`, view.getUint32(at + 20));
    this.ways(
      view.getUint32(at + 24),
      view.getUint32(at + 28),
      view.getUint32(at + 32),
      view.getUint32(at + 36),
    );
  }

  /** Sequence, source (two words), drops, input, output, reason, number of records: all are sent. */
  private discarded(at: number): void {
    const { view, sample } = this;
    sample.rate = 1;
    this.dropped(`d ${view.getUint32(at + 4)} ${view.getUint32(at + 8)}`, view.getUint32(at + 12));
    this.ways(0, view.getUint32(at + 16), FORMAT_DISCARDED, view.getUint32(at + 24));
    sample.output = namedInterface(0, view.getUint32(at + 20));
  }

  private ways(inputFormat: number, input: number, outputFormat: number, output: number): void {
    const { sample } = this;
    sample.input = namedInterface(inputFormat, input);
    sample.output = namedInterface(outputFormat, output);
    if (outputFormat !== FORMAT_DISCARDED) return;
    sample.denied = output === ACCESS_LIST || PROHIBITED.includes(output);
    const known = output < FIRST_OWN ? UNREACHABLE[output] : OWN[output - FIRST_OWN];
    sample.reason = known ?? `code ${output}`;
  }

  /** Drops are counted from the agent's start. */
  private dropped(source: string, drops: number): void {
    const { domain } = this.sample;
    const key = `${domain!.exporter} ${domain!.id} ${source}`;
    const before = this.drops.get(key);
    if (before === undefined && this.drops.size >= MOST_SOURCES) return;
    this.drops.set(key, drops);
    if (before !== undefined && drops > before) domain!.sampleDrops += drops - before;
  }

  /** The header of a packet, else what the agent read of it. */
  private flowRecords(start: number, end: number, count: number, seconds: number): void {
    const { view } = this;
    let at = start;
    let found = false;
    for (let index = 0; index < count && !found && at + 8 <= end; index++) {
      const format = view.getUint32(at);
      const length = view.getUint32(at + 4);
      const stop = Math.min(end, at + 8 + length);
      if (at + 8 + length > end) this.truncated++;
      if (format === RAW_HEADER) found = this.header(at + 8, stop, seconds);
      else if (format === IPV4) found = this.ownPacket(at + 8, stop, 4);
      else if (format === IPV6) found = this.ownPacket(at + 8, stop, 6);
      at += 8 + length;
    }
    if (!found) this.visitor.other(this.sample);
  }

  /** Protocol, length of the frame, octets stripped, octets here, and these. */
  private header(at: number, end: number, seconds: number): boolean {
    const { view, batch } = this;
    if (at + 16 > end) return false;
    const captured = Math.min(view.getUint32(at + 12), end - at - 16);
    const index = batch.count++;
    this.kept[index]!.set(this.sample);
    this.answered[index] = 0;
    batch.offset[index] = at + 16;
    batch.captured[index] = captured;
    batch.original[index] = Math.max(captured, view.getUint32(at + 4) - view.getUint32(at + 8));
    batch.seconds[index] = seconds;
    batch.nanoseconds[index] = 0;
    batch.number[index] = index;
    batch.interface[index] = this.linkIndex(view.getUint32(at));
    return true;
  }

  private linkIndex(protocol: number): number {
    const linkType = LINK_TYPES.get(protocol) ?? UNKNOWN_LINK;
    let index = this.linkOf.get(linkType);
    if (index === undefined) {
      index = this.links.push({ source: 'sFlow', linkType, snapLength: 0 }) - 1;
      this.linkOf.set(linkType, index);
    }
    return index;
  }

  /** Length, protocol, addresses, ports, TCP flags, type of service. */
  private ownPacket(at: number, end: number, family: 4 | 6): boolean {
    const { view, packet } = this;
    const octets = family === 4 ? 4 : 16;
    if (at + 20 + 2 * octets > end) return false;
    packet.family = family;
    packet.length = view.getUint32(at);
    packet.protocol = view.getUint32(at + 4);
    for (let word = 0; word < octets / 4; word++) {
      packet.source[word] = view.getInt32(at + 8 + 4 * word);
      packet.destination[word] = view.getInt32(at + 8 + octets + 4 * word);
    }
    const rest = at + 8 + 2 * octets;
    packet.sourcePort = view.getUint32(rest) & 0xffff;
    packet.destinationPort = view.getUint32(rest + 4) & 0xffff;
    packet.tcpFlags = view.getUint32(rest + 8) & 0xff;
    this.visitor.packet(this.sample, packet);
    return true;
  }

  /** Decodes the frames gathered from a datagram. */
  private decode(): void {
    const { batch, decoder, links } = this;
    if (batch.count === 0) return;
    for (let index = 0; index < batch.count; ) {
      index = decoder.decode(batch, links, index);
      this.rows();
    }
    // The first fragment of a datagram was hardly sampled too: later ones do not wait for it.
    decoder.flush();
    this.rows();
    for (let place = 0; place < batch.count; place++) {
      if (this.answered[place] === 0) this.visitor.other(this.kept[place]!);
    }
    batch.count = 0;
  }

  /** Hands on the decoder's rows: of packets in packets the inner ones, once each. */
  private rows(): void {
    const { decoder, visitor } = this;
    for (let row = 0; row < decoder.rowCount; row++) {
      const at = row * PACKET_WORDS;
      const place = decoder.rows[at + P_FRAME]!;
      if (decoder.rows[at + P_CARRIED] !== 0) continue;
      // The row of an error is about the packet that it quotes, which was not sampled.
      if ((decoder.rows[at + P_MARKS]! & M_ICMP_ERROR) !== 0) continue;
      this.answered[place] = 1;
      visitor.row(this.kept[place]!, at);
    }
    decoder.rowCount = 0;
  }
}

/** Format 0 is an interface; 0 and the largest number mean none, or the agent itself. */
function namedInterface(format: number, value: number): number {
  return format === 0 && value !== 0x3fffffff && value !== 0xffffffff ? value : 0;
}
