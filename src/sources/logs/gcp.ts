/**
 * Google Cloud: firewall rules logging (`disposition`) and VPC flow logs (`reporter`), as entries of
 * Cloud Logging in JSON, one a line or as a list.
 *
 * Traps: counts are numbers or text; a flow is reported by each end that is in the network, one way
 * each, and sampled, and says nothing of a verdict; a firewall entry stands for a connection, whose
 * source began it.
 */
import { ALLOW, BY_SOURCE, DENY, INBOUND, OPEN, OUTBOUND, SUMMARY } from '../../model/verdict.ts';
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
} from './format.ts';
import { JsonLine, MOST, NO_NUMBER } from './json-line.ts';
import { KeyTable } from './key-table.ts';
import { hasPorts } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const NAMES = [
  ...['connection.src_ip', 'connection.src_port', 'connection.dest_ip', 'connection.dest_port'],
  ...['connection.protocol', 'disposition', 'rule_details.reference', 'rule_details.direction'],
  ...['instance.vm_name', 'reporter', 'bytes_sent', 'packets_sent', 'start_time'],
  ...['src_instance.vm_name', 'dest_instance.vm_name'],
];
const place = (name: string): number => NAMES.indexOf(name);
const SOURCE = place('connection.src_ip');
const SOURCE_PORT = place('connection.src_port');
const DESTINATION = place('connection.dest_ip');
const DESTINATION_PORT = place('connection.dest_port');
const PROTOCOL = place('connection.protocol');
const DISPOSITION = place('disposition');
const RULE = place('rule_details.reference');
const DIRECTION = place('rule_details.direction');
const INSTANCE = place('instance.vm_name');
const REPORTER = place('reporter');
const BYTES = place('bytes_sent');
const PACKETS = place('packets_sent');
const START = place('start_time');
const SOURCE_INSTANCE = place('src_instance.vm_name');
const DESTINATION_INSTANCE = place('dest_instance.vm_name');
const TIME = NAMES.length;
// Exports of BigQuery may have the payload's members alone.
const PATHS = [...NAMES.map((name) => `jsonPayload.${name}|${name}`), 'timestamp'];

const DISPOSITIONS = new KeyTable(['ALLOWED', 'DENIED']);
const INGRESS = octetsOf('INGRESS');
const EGRESS = octetsOf('EGRESS');
const FROM = octetsOf('SRC');

export class Gcp implements LogFormat {
  readonly name = 'gcp';
  private readonly json = new JsonLine(PATHS);

  read(line: Line): number {
    const { json } = this;
    const { leaves } = json;
    const outcome = json.read(line);
    if (outcome === -1 || !leaves.has(SOURCE)) return OTHER;
    const isRule = leaves.has(DISPOSITION);
    const isFlow = leaves.has(REPORTER);
    if (outcome !== 0) return outcome;
    if (!isRule && !isFlow) return BAD_SHAPE;
    const { batch } = line;
    const row = batch.begin();
    const fault = this.ends(line, row) || (isRule ? this.rule(line, row) : this.flow(line, row));
    if (fault !== 0) return fault;
    batch.commit();
    return READ;
  }

  private ends(line: Line, row: number): number {
    const { json } = this;
    const { batch } = line;
    if (!json.address(line, row, SOURCE, true)) return BAD_ADDRESS;
    if (!json.address(line, row, DESTINATION, false)) return BAD_ADDRESS;
    const protocol = json.number(line, PROTOCOL, 255);
    if (protocol < 0) return BAD_NUMBER;
    batch.protocol[row] = protocol;
    if (!hasPorts(protocol)) return 0;
    const source = json.number(line, SOURCE_PORT, 65_535);
    const destination = json.number(line, DESTINATION_PORT, 65_535);
    if (Math.min(source, destination) < 0) return BAD_PORT;
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
    return 0;
  }

  /** What a firewall rule did. */
  private rule(line: Line, row: number): number {
    const { json } = this;
    const { leaves } = json;
    const { batch, scan } = line;
    const [start, end] = [leaves.starts[DISPOSITION]!, leaves.ends[DISPOSITION]!];
    const disposition = DISPOSITIONS.of(scan.bytes, start, end);
    if (disposition < 0) return BAD_ACTION;
    batch.action[row] = disposition === 0 ? ALLOW : DENY;
    if (disposition === 0) batch.event[row] = OPEN;
    batch.initiator[row] = BY_SOURCE;
    if (leaves.is(scan, DIRECTION, INGRESS)) batch.direction[row] = INBOUND;
    else if (leaves.is(scan, DIRECTION, EGRESS)) batch.direction[row] = OUTBOUND;
    batch.rule[row] = json.name(line, RULE);
    batch.device[row] = json.name(line, INSTANCE);
    return this.time(line, row, TIME);
  }

  /** What one end of a flow saw. */
  private flow(line: Line, row: number): number {
    const { json } = this;
    const { batch, scan } = line;
    batch.event[row] = SUMMARY;
    const bytes = json.number(line, BYTES, MOST);
    const packets = json.number(line, PACKETS, MOST);
    if (Math.min(bytes, packets) === NO_NUMBER) return BAD_NUMBER;
    batch.bytes[row] = bytes;
    batch.packets[row] = packets;
    const sent = json.leaves.is(scan, REPORTER, FROM);
    batch.direction[row] = sent ? OUTBOUND : INBOUND;
    batch.device[row] = json.name(line, sent ? SOURCE_INSTANCE : DESTINATION_INSTANCE);
    return this.time(line, row, json.leaves.has(START) ? START : TIME);
  }

  private time(line: Line, row: number, key: number): number {
    const timeMs = this.json.time(line, key);
    line.batch.timeMs[row] = timeMs;
    return Number.isNaN(timeMs) ? BAD_SHAPE : 0;
  }
}
