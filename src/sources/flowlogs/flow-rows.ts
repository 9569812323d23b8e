/**
 * Flow records and sampled packets as rows of verdicts. Most exporters only say what they saw: such
 * rows are of unknown verdict. Firewalls say more: `firewallEvent` (233: 1 created, 2 deleted,
 * 3 denied, 5 update) and the high bits of `forwardingStatus` (89: 1 forwarded, 2 dropped; RFC 7270
 * section 4.12); switches that speak sFlow say which packets an access list dropped.
 *
 * Figures of what is sampled are multiplied by the sampling rate.
 */
import { ALLOW, BY_DESTINATION, BY_SOURCE, DENY, END, OPEN, SUMMARY } from '../../model/verdict.ts';
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import type { AddressPool } from '../../net/address-pool.ts';
import {
  FAMILY_6,
  M_LATER_FRAGMENT,
  M_NO_TRANSPORT,
  P_DESTINATION,
  P_FLAGS,
  P_IP_LENGTH,
  P_KIND,
  P_MARKS,
  P_PORTS,
  P_SOURCE,
} from '../../wire/packet-batch.ts';
import type { FlowRecord } from './flow-record.ts';
import * as places from './flow-record.ts';
import type { FlowSample, ReadPacket } from './sflow.ts';

const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;
const SYN = 2;
const ACK = 16;
/** Protocols with ports. */
const WITH_PORTS: readonly number[] = [TCP, 17, 33, 132, 136];
/** Numbers of interfaces whose names are kept. */
const MOST_INTERFACES = 10_000;

/** One for each collector: it remembers the numbers of names. */
export class FlowRows {
  private readonly batch: VerdictBatch;
  private readonly interfaces = new Map<number, number>();
  private exporter = '';
  private device = 0;

  constructor(batch: VerdictBatch) {
    this.batch = batch;
  }

  /** Writes a record as the next row. Interfaces are named by their number. */
  record(record: FlowRecord, exporter: string): void {
    const { batch } = this;
    const { values, family, source, destination } = record;
    const row = batch.begin();
    this.addresses(row, family, source, destination);
    const protocol = values[places.PROTOCOL]!;
    batch.protocol[row] = protocol > 255 ? -1 : protocol;
    ports(record, batch, row, protocol);
    batch.tcpFlags[row] = protocol === TCP ? values[places.TCP_FLAGS]! & 0xff : -1;
    if (values[places.TCP_FLAGS]! < 0) batch.tcpFlags[row] = -1;
    if (protocol === TCP) {
      batch.flagsSent[row] = batch.tcpFlags[row]!;
      batch.flagsBack[row] = values[places.RESPONDER_FLAGS]!;
    }
    batch.sampled[row] = record.rate > 1 ? 1 : 0;
    counters(record, batch, row);
    batch.event[row] = SUMMARY;
    verdict(record, batch, row, protocol);
    batch.inInterface[row] = this.interfaceName(values[places.IN_INTERFACE]!);
    batch.outInterface[row] = this.interfaceName(values[places.OUT_INTERFACE]!);
    batch.device[row] = this.deviceName(exporter);
    batch.timeMs[row] = record.startMs;
    batch.commit();
  }

  /** Writes a packet that the agent read itself. */
  packet(sample: FlowSample, packet: ReadPacket, timeMs: number): void {
    const row = this.sample(sample, packet.protocol, packet.length, timeMs);
    this.addresses(row, packet.family, packet.source, packet.destination);
    const { protocol, sourcePort, destinationPort, tcpFlags } = packet;
    if (protocol === ICMP || protocol === ICMPV6 || WITH_PORTS.includes(protocol)) {
      this.ports(row, sourcePort, destinationPort);
    }
    if (protocol === TCP) this.flags(row, tcpFlags);
    this.batch.commit();
  }

  /** Writes a packet that was decoded into `rows` at word `at`, with addresses of `pool`. */
  decoded(
    sample: FlowSample,
    rows: Int32Array,
    at: number,
    pool: AddressPool,
    timeMs: number,
  ): void {
    const { batch } = this;
    const protocol = rows[at + P_KIND]! & 0xff;
    const row = this.sample(sample, protocol, rows[at + P_IP_LENGTH]!, timeMs);
    const source = rows[at + P_SOURCE]!;
    const destination = rows[at + P_DESTINATION]!;
    const isSix = (rows[at + P_KIND]! & FAMILY_6) !== 0;
    batch.family[row] = isSix ? 6 : 4;
    batch.source[row] = isSix ? this.intern(pool.words, 4 * source) : source;
    batch.destination[row] = isSix ? this.intern(pool.words, 4 * destination) : destination;
    const pair = rows[at + P_PORTS]!;
    const flags = rows[at + P_FLAGS]!;
    const unread = (rows[at + P_MARKS]! & (M_LATER_FRAGMENT | M_NO_TRANSPORT)) !== 0;
    if (protocol === ICMP || protocol === ICMPV6) {
      if (!unread) this.ports(row, (flags >>> 8) & 255, flags & 255);
    } else if (WITH_PORTS.includes(protocol) && (!unread || pair !== 0)) {
      this.ports(row, pair >>> 16, pair & 0xffff);
    }
    if (protocol === TCP && !unread) this.flags(row, flags & 0xff);
    batch.commit();
  }

  /** Begins the row of a sampled packet, which stands for as many as the rate says. */
  private sample(sample: FlowSample, protocol: number, octets: number, timeMs: number): number {
    const { batch } = this;
    const { rate } = sample;
    const row = batch.begin();
    batch.protocol[row] = protocol > 255 ? -1 : protocol;
    batch.events[row] = rate;
    batch.sampled[row] = rate > 1 ? 1 : 0;
    batch.packets[row] = rate;
    batch.bytes[row] = rate * octets;
    batch.timeMs[row] = timeMs;
    batch.device[row] = this.deviceName(sample.domain!.exporter);
    batch.inInterface[row] = this.interfaceName(sample.input);
    batch.outInterface[row] = this.interfaceName(sample.output);
    // A sample is a part of a flow, of which nobody says who began; what was refused is a packet.
    if (sample.denied) batch.action[row] = DENY;
    else batch.event[row] = SUMMARY;
    if (sample.reason !== '') batch.reason[row] = batch.names.internText(sample.reason);
    return row;
  }

  private addresses(
    row: number,
    family: number,
    source: Int32Array,
    destination: Int32Array,
  ): void {
    const { batch } = this;
    batch.family[row] = family;
    if (family === 4) {
      batch.source[row] = source[0]!;
      batch.destination[row] = destination[0]!;
    } else if (family === 6) {
      batch.source[row] = this.intern(source, 0);
      batch.destination[row] = this.intern(destination, 0);
    }
  }

  private intern(words: Int32Array, at: number): number {
    const { addresses } = this.batch;
    return addresses.intern(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  private ports(row: number, source: number, destination: number): void {
    this.batch.sourcePort[row] = source;
    this.batch.destinationPort[row] = destination;
  }

  private flags(row: number, flags: number): void {
    this.batch.tcpFlags[row] = flags;
    if ((flags & (SYN | ACK)) === SYN) this.batch.initiator[row] = BY_SOURCE;
  }

  /** `if 3`; 0 is no interface. */
  private interfaceName(index: number): number {
    if (index <= 0) return 0;
    let name = this.interfaces.get(index);
    if (name === undefined) {
      name = this.batch.names.internText(`if ${index}`);
      if (this.interfaces.size < MOST_INTERFACES) this.interfaces.set(index, name);
    }
    return name;
  }

  /** Mostly the same as before. */
  private deviceName(exporter: string): number {
    if (exporter !== this.exporter) {
      this.exporter = exporter;
      this.device = this.batch.names.internText(exporter);
    }
    return this.device;
  }
}

/** ICMP has type and code in fields of their own, or in place of the destination port. */
function ports({ values }: FlowRecord, batch: VerdictBatch, row: number, protocol: number): void {
  const destination = values[places.DESTINATION_PORT]!;
  if (protocol === ICMP || protocol === ICMPV6) {
    const both = Math.max(values[places.ICMP_TYPE_CODE]!, destination);
    const type = values[places.ICMP_TYPE]!;
    if (type < 0 && both < 0) return;
    batch.sourcePort[row] = type >= 0 ? type & 255 : (both >> 8) & 255;
    batch.destinationPort[row] = type >= 0 ? values[places.ICMP_CODE]! : both & 255;
    return;
  }
  // Version 5 has fields for ports whatever the protocol.
  if (protocol >= 0 && !WITH_PORTS.includes(protocol)) return;
  batch.sourcePort[row] = values[places.SOURCE_PORT]!;
  batch.destinationPort[row] = destination;
}

/** Counters of the record, or those of both ways where it has them. */
function counters({ values, rate }: FlowRecord, batch: VerdictBatch, row: number): void {
  const back = values[places.RESPONDER_BYTES]!;
  const packetsBack = values[places.RESPONDER_PACKETS]!;
  const bytes = Math.max(values[places.BYTES]!, values[places.INITIATOR_BYTES]!);
  const packets = Math.max(values[places.PACKETS]!, values[places.INITIATOR_PACKETS]!);
  if (bytes >= 0) batch.bytes[row] = Math.round(rate * (bytes + Math.max(0, back)));
  if (packets >= 0) batch.packets[row] = Math.round(rate * (packets + Math.max(0, packetsBack)));
  if (back >= 0) batch.bytesBack[row] = Math.round(rate * back);
  if (packetsBack >= 0) batch.packetsBack[row] = Math.round(rate * packetsBack);
}

function verdict({ values }: FlowRecord, batch: VerdictBatch, row: number, protocol: number): void {
  const event = values[places.FIREWALL_EVENT]!;
  const status = values[places.FORWARDING_STATUS]! >> 6;
  if (event === 3) {
    batch.action[row] = DENY;
    batch.event[row] = 0;
  } else if (event === 1 || event === 2 || event === 5) {
    batch.action[row] = ALLOW;
    if (event !== 5) batch.event[row] = event === 1 ? OPEN : END;
  } else if (status === 1) batch.action[row] = ALLOW;
  else if (status === 2) batch.action[row] = DENY;
  const biflow = values[places.BIFLOW_DIRECTION]!;
  // A firewall's record has the side that began as its source.
  if (biflow === 1 || event > 0) batch.initiator[row] = BY_SOURCE;
  else if (biflow === 2) batch.initiator[row] = BY_DESTINATION;
  else if (protocol === TCP && (values[places.TCP_FLAGS]! & (SYN | ACK)) === SYN) {
    batch.initiator[row] = BY_SOURCE;
  }
}
