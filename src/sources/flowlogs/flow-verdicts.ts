/**
 * Flow records as verdicts. Most exporters only say what they saw: such records are of unknown
 * verdict. Firewalls say more: `firewallEvent` (233: 1 created, 2 deleted, 3 denied, 5 update) and the
 * high bits of `forwardingStatus` (89: 1 forwarded, 2 dropped; RFC 7270 section 4.12).
 */
import { ALLOW, BY_DESTINATION, BY_SOURCE, DENY, END, OPEN, SUMMARY } from '../../model/verdict.ts';
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import * as netflow from './netflow.ts';

const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;

/** Writes a record as the next row. Interfaces are named by their number. */
export function putFlow(record: netflow.FlowRecord, batch: VerdictBatch): void {
  const { values, family, source, destination } = record;
  const row = batch.begin();
  batch.family[row] = family;
  if (family === 4) {
    batch.source[row] = source[0]!;
    batch.destination[row] = destination[0]!;
  } else if (family === 6) {
    batch.source[row] = intern(batch, source);
    batch.destination[row] = intern(batch, destination);
  }
  const protocol = values[netflow.PROTOCOL]!;
  batch.protocol[row] = protocol > 255 ? -1 : protocol;
  ports(record, batch, row, protocol);
  batch.tcpFlags[row] = Math.min(values[netflow.TCP_FLAGS]!, 0xff);
  counters(record, batch, row);
  batch.event[row] = SUMMARY;
  verdict(record, batch, row, protocol);
  batch.inInterface[row] = interfaceName(batch, values[netflow.IN_INTERFACE]!);
  batch.outInterface[row] = interfaceName(batch, values[netflow.OUT_INTERFACE]!);
  batch.timeMs[row] = record.startMs;
  batch.commit();
}

function intern(batch: VerdictBatch, words: Int32Array): number {
  return batch.addresses.intern(words[0]!, words[1]!, words[2]!, words[3]!);
}

/** ICMP has type and code in place of the destination port. */
function ports(
  { values }: netflow.FlowRecord,
  batch: VerdictBatch,
  row: number,
  protocol: number,
): void {
  const destination = values[netflow.DESTINATION_PORT]!;
  if (protocol === ICMP || protocol === ICMPV6) {
    if (destination < 0) return;
    batch.sourcePort[row] = (destination >> 8) & 255;
    batch.destinationPort[row] = destination & 255;
    return;
  }
  batch.sourcePort[row] = values[netflow.SOURCE_PORT]!;
  batch.destinationPort[row] = destination;
}

/** Counters of the record, or those of both ways where it has them. */
function counters({ values }: netflow.FlowRecord, batch: VerdictBatch, row: number): void {
  const back = values[netflow.RESPONDER_BYTES]!;
  const packetsBack = values[netflow.RESPONDER_PACKETS]!;
  const bytes = Math.max(values[netflow.BYTES]!, values[netflow.INITIATOR_BYTES]!);
  const packets = Math.max(values[netflow.PACKETS]!, values[netflow.INITIATOR_PACKETS]!);
  if (bytes >= 0) batch.bytes[row] = bytes + Math.max(0, back);
  if (packets >= 0) batch.packets[row] = packets + Math.max(0, packetsBack);
  batch.bytesBack[row] = back;
  batch.packetsBack[row] = packetsBack;
}

function verdict(
  { values }: netflow.FlowRecord,
  batch: VerdictBatch,
  row: number,
  protocol: number,
): void {
  const event = values[netflow.FIREWALL_EVENT]!;
  const status = values[netflow.FORWARDING_STATUS]! >> 6;
  if (event === 3) {
    batch.action[row] = DENY;
    batch.event[row] = 0;
  } else if (event === 1 || event === 2 || event === 5) {
    batch.action[row] = ALLOW;
    if (event !== 5) batch.event[row] = event === 1 ? OPEN : END;
  } else if (status === 1) batch.action[row] = ALLOW;
  else if (status === 2) batch.action[row] = DENY;
  const biflow = values[netflow.BIFLOW_DIRECTION]!;
  // A firewall's record has the side that began as its source.
  if (biflow === 1 || event > 0) batch.initiator[row] = BY_SOURCE;
  else if (biflow === 2) batch.initiator[row] = BY_DESTINATION;
  else if (protocol === TCP && (values[netflow.TCP_FLAGS]! & 0x12) === 2) {
    batch.initiator[row] = BY_SOURCE;
  }
}

/** `if 3`; 0 is no interface. */
function interfaceName(batch: VerdictBatch, index: number): number {
  return index > 0 ? batch.names.internText(`if ${index}`) : 0;
}
