/**
 * The word of a verdict's row that says what kind of row it is: port, protocol, family, outcome, and
 * what the line shows of the packet's place in a conversation.
 */
import { BY_DESTINATION, DENY } from '../../model/verdict.ts';
import { BY_NAME, NONE } from '../../model/verdict-batch.ts';
import type { VerdictColumns } from '../../model/verdict-columns.ts';
import { hasPort } from './port-shown.ts';

/** Port 0–15, protocol 16–23, family 24–25, action 26–27, shape 28–29, group 30, no port 31. */
export const K_FAMILY = 24;
export const K_ACTION = 26;
export const K_SHAPE = 28;
export const K_GROUP = 30;
/** The protocol has ports, or ICMP's types, and the line states none. */
export const K_PORTLESS = 31;
/** Families as `R_KIND` has them. Of `FAMILY_ZONE` the address words hold zones + 1. */
export const FAMILY_ZONE = 0;
export const FAMILY_NAME = 1;
export const FAMILY_4 = 2;
export const FAMILY_6 = 3;
/** What a packet shows of its place in a conversation. */
export const SHAPE_ANY = 0;
/** It answers: reset, ICMP error or echo reply. The row's port is the sender's. */
export const SHAPE_ANSWER = 1;
/** A TCP segment that opens nothing, or UDP from a port that answers to one that asks. */
export const SHAPE_MIDDLE = 2;
/** The same of a single packet that was not refused: what it is shows beside others (`openings.ts`). */
export const SHAPE_WITHIN = 3;

const SYN = 2;
const RST = 4;
const ACK = 16;
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;
/** Ports up to this one are those of servers. */
export const LAST_SYSTEM_PORT = 1023;

/**
 * Whether a connection of which nobody says who began looks as if the destination had: its port is
 * the higher one. Single packets are never turned round, nor is what was refused: they went where
 * they went.
 */
export function isReversed(batch: VerdictColumns, row: number): boolean {
  if (batch.event[row] === 0 || batch.initiator[row] !== 0) return false;
  if (batch.action[row] === DENY) return false;
  const source = batch.sourcePort[row]!;
  const protocol = batch.protocol[row]!;
  return (
    (protocol === TCP || protocol === UDP) && source >= 0 && batch.destinationPort[row]! > source
  );
}

/** Whether the packet opens, answers, or goes on; only what the line itself shows. */
export function shapeOf(batch: VerdictColumns, row: number, protocol: number): number {
  if (batch.initiator[row] === BY_DESTINATION) return SHAPE_ANSWER;
  if (protocol === TCP) {
    // Of flows they are those of all packets, so that SYN with ACK is no answer for certain.
    const flags = batch.tcpFlags[row]!;
    if (flags < 0 || (flags & SYN) !== 0) return SHAPE_ANY;
    if ((flags & RST) !== 0 && (flags & ACK) === 0) return SHAPE_ANSWER;
    return withinShape(batch, row);
  }
  const type = batch.sourcePort[row]!;
  if (protocol === UDP && batch.initiator[row] === 0) {
    // DNS, NTP, QUIC.
    const answers = type === 53 || type === 123 || type === 443;
    if (!answers || batch.destinationPort[row]! <= LAST_SYSTEM_PORT) return SHAPE_ANY;
    // Whoever wants in may send from such a port: only a question that was seen makes it an answer.
    return isSinglePassed(batch, row) ? SHAPE_WITHIN : SHAPE_MIDDLE;
  }
  // RFC 792 and RFC 4443: unreachable, quench, time exceeded, bad parameters, echo reply.
  if (protocol === ICMP) {
    return type === 0 || type === 3 || type === 4 || type === 11 || type === 12
      ? SHAPE_ANSWER
      : SHAPE_ANY;
  }
  if (protocol === ICMPV6)
    return (type >= 1 && type <= 4) || type === 129 ? SHAPE_ANSWER : SHAPE_ANY;
  return SHAPE_ANY;
}

/**
 * Of a TCP segment that opens nothing: one that was let through belongs to a connection, whose server
 * has the lower port. What goes to the higher one answers.
 */
function withinShape(batch: VerdictColumns, row: number): number {
  if (!isSinglePassed(batch, row) || batch.initiator[row] !== 0) return SHAPE_MIDDLE;
  const source = batch.sourcePort[row]!;
  const destination = batch.destinationPort[row]!;
  const goesBack = source >= 0 && destination > source && destination > LAST_SYSTEM_PORT;
  return goesBack ? SHAPE_ANSWER : SHAPE_WITHIN;
}

/** A packet, no connection or sum, that was not refused. */
function isSinglePassed(batch: VerdictColumns, row: number): boolean {
  return batch.event[row] === 0 && batch.action[row] !== DENY;
}

/** The word itself. */
export function kindOf(
  batch: VerdictColumns,
  row: number,
  protocol: number,
  shape: number,
): number {
  const family = batch.family[row]!;
  const code =
    family === 4
      ? FAMILY_4
      : family === 6
        ? FAMILY_6
        : family === BY_NAME
          ? FAMILY_NAME
          : FAMILY_ZONE;
  return (
    portOf(batch, row, protocol, shape) |
    ((protocol === NONE ? 255 : protocol & 255) << 16) |
    (code << K_FAMILY) |
    (batch.action[row]! << K_ACTION) |
    (shape << K_SHAPE) |
    (batch.group[row]! << K_GROUP) |
    (isPortless(batch, row, protocol, shape) << K_PORTLESS)
  );
}

/** 1 where a port, or the type of ICMP, belongs and none is stated. */
function isPortless(batch: VerdictColumns, row: number, protocol: number, shape: number): number {
  const isIcmp = protocol === ICMP || protocol === ICMPV6;
  const port = isIcmp || shape === SHAPE_ANSWER ? batch.sourcePort : batch.destinationPort;
  return port[row]! < 0 && hasPort(protocol) ? 1 : 0;
}

/** The server's port, the sender's of an answer; of ICMP type and code; 0 without. */
function portOf(batch: VerdictColumns, row: number, protocol: number, shape: number): number {
  const source = batch.sourcePort[row]!;
  const destination = batch.destinationPort[row]!;
  if (protocol === ICMP || protocol === ICMPV6) {
    return source < 0 ? 0 : ((source & 255) << 8) | (destination < 0 ? 0 : destination & 255);
  }
  const port = shape === SHAPE_ANSWER ? source : destination;
  return port < 0 ? 0 : port & 0xffff;
}
