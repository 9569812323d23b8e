/**
 * Suricata's EVE log, one JSON object a line: `flow`, `netflow` and `drop` events. All others say
 * nothing about what passed, and are counted as silent under their type.
 *
 * Traps: `flow` events are of both ways and `netflow` events of one; bytes include the link header;
 * only an inline Suricata drops, and only then a flow has an `action` or a `verdict`; the side of
 * the first packet seen is the source, which of TCP counts as the one that began only when it sent
 * a SYN.
 */
import { ALLOW, BY_SOURCE, DENY, SUMMARY } from '../../model/verdict.ts';
import {
  BAD_ACTION,
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  BAD_SHAPE,
  type Line,
  type LogFormat,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import { JsonLine, MOST, NO_NUMBER, WITHOUT } from './json-line.ts';
import { KeyTable } from './key-table.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const NAMES = [
  ...['timestamp', 'event_type', 'src_ip', 'src_port', 'dest_ip', 'dest_port', 'proto'],
  ...['icmp_type', 'icmp_code', 'in_iface', 'app_proto', 'host', 'flow.pkts_toserver'],
  ...['flow.pkts_toclient', 'flow.bytes_toserver', 'flow.bytes_toclient', 'flow.start'],
  ...['flow.action', 'netflow.pkts', 'netflow.bytes', 'netflow.start', 'tcp.tcp_flags'],
  ...['tcp.tcp_flags_ts', 'drop.len', 'drop.reason', 'drop.fin', 'drop.syn', 'drop.rst'],
  ...['drop.psh', 'drop.ack', 'drop.urg', 'verdict.action', 'alert.signature', 'tcp.tcp_flags_tc'],
] as const;
const place = (name: (typeof NAMES)[number]): number => NAMES.indexOf(name);
const TIME = place('timestamp');
const TYPE = place('event_type');
const SOURCE = place('src_ip');
const DESTINATION = place('dest_ip');
const PROTOCOL = place('proto');
const ALERT_SIGNATURE = place('alert.signature');
const APP_PROTO = place('app_proto');
const DEST_PORT = place('dest_port');
const DROP_LEN = place('drop.len');
const DROP_REASON = place('drop.reason');
const FLOW_ACTION = place('flow.action');
const FLOW_BYTES_TOCLIENT = place('flow.bytes_toclient');
const FLOW_BYTES_TOSERVER = place('flow.bytes_toserver');
const FLOW_PKTS_TOCLIENT = place('flow.pkts_toclient');
const FLOW_PKTS_TOSERVER = place('flow.pkts_toserver');
const FLOW_START = place('flow.start');
const HOST = place('host');
const ICMP_CODE = place('icmp_code');
const ICMP_TYPE = place('icmp_type');
const IN_IFACE = place('in_iface');
const NETFLOW_BYTES = place('netflow.bytes');
const NETFLOW_PKTS = place('netflow.pkts');
const NETFLOW_START = place('netflow.start');
const SRC_PORT = place('src_port');
const TCP_TCP_FLAGS = place('tcp.tcp_flags');
const TCP_TCP_FLAGS_TS = place('tcp.tcp_flags_ts');
const TCP_TCP_FLAGS_TC = place('tcp.tcp_flags_tc');
const VERDICT_ACTION = place('verdict.action');
const TYPES = new KeyTable(['flow', 'netflow', 'drop']);
const FLOW = 0;
const NETFLOW = 1;
const DROP = 2;
const ACTIONS = new KeyTable(['accept', 'pass', 'drop', 'reject', 'alert']);
/** It was noticed, which decides nothing. */
const NOTICED = 4;
const FAILED = octetsOf('failed');
/** FIN first, as in the header's octet. */
const DROP_FLAGS = [
  ...(['drop.fin', 'drop.syn', 'drop.rst', 'drop.psh', 'drop.ack', 'drop.urg'] as const),
].map(place);
const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;
const SYN = 2;
const ACK = 16;

export class Suricata implements LogFormat {
  readonly name = 'suricata';
  private readonly json = new JsonLine(NAMES);

  read(line: Line): number {
    const { json } = this;
    const { leaves } = json;
    const outcome = json.read(line);
    if (outcome === -1 || !leaves.has(TYPE) || !leaves.has(TIME)) return OTHER;
    if (outcome !== 0) return outcome;
    const { bytes } = line.scan;
    const type = TYPES.of(bytes, leaves.starts[TYPE]!, leaves.ends[TYPE]!);
    if (type < 0) {
      const name = leaves.text(line.scan, leaves.starts[TYPE]!, leaves.ends[TYPE]!);
      line.label = name.slice(0, 40);
      return SILENT;
    }
    return this.event(line, type);
  }

  private event(line: Line, type: number): number {
    const { json } = this;
    const { batch, scan } = line;
    const { leaves } = json;
    const row = batch.begin();
    if (!json.address(line, row, SOURCE, true)) return BAD_ADDRESS;
    if (!json.address(line, row, DESTINATION, false)) return BAD_ADDRESS;
    if (!leaves.has(PROTOCOL)) return BAD_SHAPE;
    const protocol = protocolIn(scan, leaves.starts[PROTOCOL]!, leaves.ends[PROTOCOL]!);
    // A name that is not known here is a protocol all the same.
    batch.protocol[row] = Math.max(protocol, WITHOUT);
    const fault =
      this.ports(line, row, protocol) ||
      this.counters(line, row, type) ||
      this.verdict(line, row, type) ||
      this.time(line, row, type);
    if (fault !== 0) return fault;
    this.initiator(line, row, type, protocol);
    batch.inInterface[row] = json.name(line, IN_IFACE);
    batch.device[row] = json.name(line, HOST);
    if (!leaves.is(scan, APP_PROTO, FAILED)) {
      batch.application[row] = json.name(line, APP_PROTO);
    }
    batch.commit();
    return READ;
  }

  private ports(line: Line, row: number, protocol: number): number {
    const { json } = this;
    const { batch } = line;
    const icmp = protocol === ICMP || protocol === ICMPV6;
    if (!icmp && !hasPorts(protocol)) return 0;
    const most = icmp ? 255 : 65_535;
    const source = json.number(line, icmp ? ICMP_TYPE : SRC_PORT, most);
    const destination = json.number(line, icmp ? ICMP_CODE : DEST_PORT, most);
    // Fragments have no ports.
    if (Math.min(source, destination) === NO_NUMBER) return icmp ? BAD_NUMBER : BAD_PORT;
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
    return 0;
  }

  private counters(line: Line, row: number, type: number): number {
    const { json } = this;
    const { batch } = line;
    if (type === DROP) {
      const length = json.number(line, DROP_LEN, MOST);
      if (length === NO_NUMBER) return BAD_NUMBER;
      batch.bytes[row] = length;
      batch.packets[row] = length === WITHOUT ? WITHOUT : 1;
      return 0;
    }
    const oneWay = type === NETFLOW;
    const packets = json.number(line, oneWay ? NETFLOW_PKTS : FLOW_PKTS_TOSERVER, MOST);
    const bytes = json.number(line, oneWay ? NETFLOW_BYTES : FLOW_BYTES_TOSERVER, MOST);
    const packetsBack = oneWay ? WITHOUT : json.number(line, FLOW_PKTS_TOCLIENT, MOST);
    const bytesBack = oneWay ? WITHOUT : json.number(line, FLOW_BYTES_TOCLIENT, MOST);
    if (Math.min(packets, bytes, packetsBack, bytesBack) === NO_NUMBER) return BAD_NUMBER;
    if (packets >= 0) batch.packets[row] = packets + Math.max(0, packetsBack);
    if (bytes >= 0) batch.bytes[row] = bytes + Math.max(0, bytesBack);
    if (packets >= 0) batch.packetsBack[row] = packetsBack;
    if (bytes >= 0) batch.bytesBack[row] = bytesBack;
    if (type === FLOW && packets < 0 && packetsBack >= 0) return BAD_SHAPE;
    return 0;
  }

  private verdict(line: Line, row: number, type: number): number {
    const { json } = this;
    const { leaves } = json;
    const { batch, scan } = line;
    if (type === DROP) {
      batch.action[row] = DENY;
      batch.reason[row] = json.name(line, DROP_REASON);
      batch.rule[row] = json.name(line, ALERT_SIGNATURE);
      return 0;
    }
    batch.event[row] = SUMMARY;
    const key = leaves.has(FLOW_ACTION) ? FLOW_ACTION : VERDICT_ACTION;
    if (!leaves.has(key)) return 0;
    const action = ACTIONS.of(scan.bytes, leaves.starts[key]!, leaves.ends[key]!);
    if (action < 0) return BAD_ACTION;
    if (action !== NOTICED) batch.action[row] = action < 2 ? ALLOW : DENY;
    return 0;
  }

  private time(line: Line, row: number, type: number): number {
    const { json } = this;
    const key = type === FLOW ? FLOW_START : NETFLOW_START;
    const begun = type !== DROP && json.leaves.has(key) ? key : TIME;
    const timeMs = json.time(line, begun);
    line.batch.timeMs[row] = timeMs;
    return Number.isNaN(timeMs) ? BAD_SHAPE : 0;
  }

  private initiator({ scan, batch }: Line, row: number, type: number, protocol: number): void {
    const { leaves } = this.json;
    if (protocol !== TCP) {
      if (type === FLOW) batch.initiator[row] = BY_SOURCE;
      return;
    }
    let flags = -1;
    if (type === DROP) {
      if (DROP_FLAGS.some((key) => leaves.kinds[key] !== 0)) {
        flags = DROP_FLAGS.reduce((sum, key, bit) => sum | (leaves.isTrue(key) ? 1 << bit : 0), 0);
      }
    } else {
      const key = type === FLOW ? TCP_TCP_FLAGS_TS : TCP_TCP_FLAGS;
      if (leaves.has(key)) flags = hex(scan.bytes, leaves.starts[key]!, leaves.ends[key]!);
    }
    if (flags < 0) return;
    if (type !== FLOW) batch.tcpFlags[row] = flags;
    batch.flagsSent[row] = flags;
    if (type === FLOW && leaves.has(TCP_TCP_FLAGS_TC)) {
      const [start, end] = [leaves.starts[TCP_TCP_FLAGS_TC]!, leaves.ends[TCP_TCP_FLAGS_TC]!];
      batch.flagsBack[row] = hex(scan.bytes, start, end);
    }
    // Of a whole flow all flags of the side are put together.
    const began = type === FLOW ? (flags & SYN) !== 0 : (flags & (SYN | ACK)) === SYN;
    if (began) batch.initiator[row] = BY_SOURCE;
  }
}

/** One or two hexadecimal digits; -1 for anything else. */
function hex(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 1 || end - start > 2) return -1;
  const value = Number.parseInt(String.fromCharCode(...bytes.subarray(start, end)), 16);
  return Number.isNaN(value) ? -1 : value;
}
