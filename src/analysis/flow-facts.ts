/**
 * What the analysis needs of one flow, read from its row: who serves, what was counted, and
 * whether the server answered. One record is re-aimed at every flow; nothing is allocated.
 */

import type { Chunk } from '../flow/chunk.ts';
import { CLIENT_IS_B, confidenceOf, OTHER_HALF_ELSEWHERE, reasonOf } from '../flow/decision.ts';
import type { ExtensionWords } from '../flow/extensions.ts';
import {
  E_CARRIED_HIGH,
  E_CARRIED_LOW,
  E_CARRIED_PACKETS,
  E_ICMP_ERRORS,
  E_ICMP_KIND,
  E_MISSED,
  EXTENSION_WORDS,
  F_OCTETS_A,
  F_PAYLOAD_A,
  MARK_ACCEPT_FROM_A,
  MARK_ACCEPT_FROM_B,
  MARK_DENIED,
  MARK_GROUP,
  MARK_LOGGED,
  MARK_OPEN_FROM_A,
  MARK_OPEN_FROM_B,
  R_A,
  R_EXTENSION,
  R_FIRST_NANOSECONDS,
  R_FIRST_SECONDS,
  R_FRAME,
  R_INTERFACE,
  R_KIND,
  R_LAST_NANOSECONDS,
  R_LAST_SECONDS,
  R_LENGTHS_A,
  R_PACKETS_A,
  R_PORTS,
  R_SEEN,
  R_STATE,
} from '../flow/flow-row.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';

/** What came of a flow. The order is that of how much it says about a service. */
export const OUTCOMES = [
  /** A connection was accepted: SYN-ACK, INIT ACK, DCCP response. */
  'handshake',
  /** The server answered, and more than port numbers says that it is the server. */
  'reply',
  /** Both ends spoke or one went on as if answered, but only port numbers say who serves. */
  'likely',
  /** Sent to a group address: nobody can be said to answer. */
  'group',
  /** A log has it that cannot show answers. */
  'logged',
  /** Reset, or an ICMP error came back. */
  'refused',
  /** A firewall says that it let nothing of it through. */
  'denied',
  /** Asked, and nothing came back. */
  'unanswered',
  /** An answer to a question nobody asked here: spoofed source, or one half of a mirror. */
  'backscatter',
  /** It is not known which end serves. */
  'unknown',
  /** Without ports: ICMP and other protocols. */
  'portless',
] as const;
export const HANDSHAKE = 0;
export const REPLY = 1;
export const LIKELY = 2;
export const GROUP_SENT = 3;
export const LOGGED = 4;
export const REFUSED = 5;
export const DENIED = 6;
export const UNANSWERED = 7;
export const BACKSCATTER = 8;
export const UNKNOWN = 9;
const PORTLESS = 10;

/** What a flow is listed under. */
export const BY_PORT = 0;
/** A port, but which end serves is not known: the lower of the two ports. */
export const BY_LOWER_PORT = 1;
/** An ICMP message type. */
export const BY_TYPE = 2;
/** An IP protocol without ports, or whose ports could not be read. */
export const BY_PROTOCOL = 3;

/** Bits of what a TCP end has sent, as history.ts numbers its letters. */
const SYN = 1;
const SYN_ACK = 2;
const DATA = 8;
/** Acknowledgment, data, FIN. */
const FIN = 16;
const SPOKE = 4 | DATA | FIN;
const RST = 32;

/** Packets into silence that need not be part of a connection. */
const MOST_PROBES = 3;

const DIRECTION_BY_PORT_CLASS = 'port-class';
const DIRECTION_BY_MESSAGE = 'message';

/** A field that is a float from the start keeps its shape, and the code that was compiled for it. */
const A_FLOAT = Number.NaN;

/**
 * Valid until `read` is called for the next flow. Octets are those of IP packets, times ms since
 * 1970.
 */
export class FlowFacts {
  client = 0;
  server = 0;
  /** 0 or `FAMILY_6`. */
  family = 0;
  protocol = 0;
  /** Port of the server, ICMP type, or 0, as `listing` says. */
  port = 0;
  listing = BY_PORT;
  /** Port of the client; ICMP: of no meaning. */
  clientPort = 0;
  /** Whether the client sent the first packet. */
  clientBegan = true;
  outcome = UNKNOWN;
  packetsToServer = 0;
  packetsToClient = 0;
  bytesToServer = A_FLOAT;
  bytesToClient = A_FLOAT;
  /** Shortest and longest IP packet of the end that began, octets; 65,535 stands for more. */
  shortestOfFirst = 0;
  longestOfFirst = 0;
  /** Payload octets of the end that began, and those to the server. */
  payloadOfFirst = A_FLOAT;
  payloadToServer = A_FLOAT;
  /** The direction was read from a message. */
  byMessage = false;
  /** Type (bits 8–15) and code of the last ICMP error that quoted it, or -1. */
  icmpError = -1;
  /** TCP: octets that were acknowledged and not captured, before or after. */
  missed = 0;
  firstMs = A_FLOAT;
  lastMs = A_FLOAT;
  /** Interface and number of its first frame. */
  interface = 0;
  frame = 0;
  /** The server's side is a group address. */
  toGroup = false;
  /** A TCP connection beyond its opening of which only one end's packets were captured. */
  oneSided = false;
  /** A TCP connection beyond its opening, however captured. */
  conversation = false;
  /** Over TCP the server's side sent resets and nothing else. */
  onlyReset = false;
  /** Found while it is taken: its row in the port table, its service (-1 = none), whether its
   * conversation is new or answered for the first time, and the zones of its ends. */
  row = 0;
  service = -1;
  newConversation = false;
  clientZone = 0;
  serverZone = 0;

  /** Reads the row at `base`; `decision` comes from the direction ladder. */
  read(chunk: Chunk, base: number, decision: number, extensions: ExtensionWords): void {
    const words = chunk.words;
    const kind = words[base + R_KIND]!;
    const ports = words[base + R_PORTS]!;
    this.protocol = kind & 0xff;
    this.family = kind & FAMILY_6;
    let serverSide = (decision & CLIENT_IS_B) === 0 ? 1 : 0;
    const unknown = confidenceOf(decision) === 'unknown';
    const protocol = this.protocol;
    if (protocol === 1 || protocol === 58) {
      this.listing = BY_TYPE;
      this.port = (serverSide === 1 ? ports >>> 16 : ports & 0xffff) & 0xff;
    } else if (ports === 0) {
      this.listing = BY_PROTOCOL;
      this.port = 0;
    } else {
      // The lower port is only a name for the row: it makes no service.
      if (unknown) serverSide = ports >>> 16 < (ports & 0xffff) ? 0 : 1;
      this.listing = unknown ? BY_LOWER_PORT : BY_PORT;
      this.port = serverSide === 1 ? ports & 0xffff : ports >>> 16;
    }
    this.clientPort = serverSide === 1 ? ports >>> 16 : ports & 0xffff;
    this.clientBegan = serverSide === 1;
    this.client = words[base + R_A + 1 - serverSide]!;
    this.server = words[base + R_A + serverSide]!;
    this.readCounters(chunk, base, serverSide, extensions);
    this.toGroup = (words[base + R_STATE]! & MARK_GROUP) !== 0;
    this.byMessage = reasonOf(decision) === DIRECTION_BY_MESSAGE;
    this.conversation = false;
    this.onlyReset = false;
    this.oneSided = false;
    this.outcome =
      this.listing >= BY_TYPE
        ? PORTLESS
        : this.asLogged(
            words[base + R_STATE]!,
            this.outcomeOf(words, base, serverSide, decision, extensions),
          );
  }

  /** What a log can say of an outcome: one that shows no answers cannot say that there was none. */
  private asLogged(state: number, outcome: number): number {
    if ((state & MARK_DENIED) !== 0) return DENIED;
    if ((state & MARK_LOGGED) === 0) return outcome;
    const claims = outcome === UNANSWERED || outcome === BACKSCATTER || outcome === LIKELY;
    return claims ? LOGGED : outcome;
  }

  private readCounters(
    chunk: Chunk,
    base: number,
    serverSide: number,
    extensions: ExtensionWords,
  ): void {
    const words = chunk.words;
    const octets = (base >>> 1) + F_OCTETS_A;
    this.packetsToServer = words[base + R_PACKETS_A + 1 - serverSide]! >>> 0;
    this.packetsToClient = words[base + R_PACKETS_A + serverSide]! >>> 0;
    this.bytesToServer = chunk.floats[octets + 1 - serverSide]!;
    this.bytesToClient = chunk.floats[octets + serverSide]!;
    const lengths = words[base + R_LENGTHS_A]!;
    this.shortestOfFirst = lengths & 0xffff;
    this.longestOfFirst = lengths >>> 16;
    this.payloadOfFirst = chunk.floats[(base >>> 1) + F_PAYLOAD_A]!;
    this.payloadToServer = chunk.floats[(base >>> 1) + F_PAYLOAD_A + 1 - serverSide]!;
    this.icmpError = -1;
    this.missed = 0;
    const index = words[base + R_EXTENSION]!;
    if (index !== 0) this.readExtension(extensions.words, index * EXTENSION_WORDS);
    this.firstMs =
      (words[base + R_FIRST_SECONDS]! >>> 0) * 1000 + words[base + R_FIRST_NANOSECONDS]! / 1e6;
    this.lastMs =
      (words[base + R_LAST_SECONDS]! >>> 0) * 1000 + words[base + R_LAST_NANOSECONDS]! / 1e6;
    this.interface = words[base + R_INTERFACE]! & 0xffff;
    this.frame = words[base + R_FRAME]! >>> 0;
  }

  private readExtension(words: Int32Array, at: number): void {
    if (words[at + E_ICMP_ERRORS]! !== 0) this.icmpError = words[at + E_ICMP_KIND]!;
    this.missed = words[at + E_MISSED]!;
    this.uncarry(words, at);
  }

  /** Leaves to the flows inside a tunnel what is counted there, so that every octet counts once. */
  private uncarry(words: Int32Array, at: number): void {
    const packets = words[at + E_CARRIED_PACKETS]!;
    if (packets === 0) return;
    const bytes = words[at + E_CARRIED_HIGH]! * 2 ** 32 + (words[at + E_CARRIED_LOW]! >>> 0);
    // The row does not say in which direction they went: in proportion to the packets.
    const all = this.packetsToServer + this.packetsToClient;
    const up = Math.round((packets * this.packetsToServer) / all);
    const bytesUp = Math.round(
      (bytes * this.bytesToServer) / (this.bytesToServer + this.bytesToClient),
    );
    this.packetsToServer -= up;
    this.packetsToClient -= packets - up;
    this.bytesToServer -= bytesUp;
    this.bytesToClient -= bytes - bytesUp;
  }

  private outcomeOf(
    words: Int32Array,
    base: number,
    serverSide: number,
    decision: number,
    extensions: ExtensionWords,
  ): number {
    const asked = words[base + R_PACKETS_A + 1 - serverSide]! !== 0;
    const answered = words[base + R_PACKETS_A + serverSide]! !== 0;
    const index = words[base + R_EXTENSION]!;
    const errors = index !== 0 && extensions.words[index * EXTENSION_WORDS + E_ICMP_ERRORS]! !== 0;
    const byClass = reasonOf(decision) === DIRECTION_BY_PORT_CLASS;
    if (this.protocol === 6) {
      const seen = words[base + R_SEEN]!;
      const a = seen & 0xff;
      const b = (seen >>> 8) & 0xff;
      return this.tcpOutcome(serverSide === 1 ? a : b, serverSide === 1 ? b : a, errors, byClass);
    }
    if (this.listing === BY_LOWER_PORT) return UNKNOWN;
    // Its question went to a group, or its answer came from another port.
    if ((decision & OTHER_HALF_ELSEWHERE) !== 0) return REPLY;
    if (this.toGroup) return GROUP_SENT;
    if (!answered) return errors ? REFUSED : UNANSWERED;
    if (!asked) return BACKSCATTER;
    if (this.protocol !== 17) {
      const state = words[base + R_STATE]!;
      if ((state & (MARK_ACCEPT_FROM_A | MARK_ACCEPT_FROM_B)) !== 0) return HANDSHAKE;
      if ((state & (MARK_OPEN_FROM_A | MARK_OPEN_FROM_B)) !== 0) return REFUSED;
    }
    return byClass ? LIKELY : REPLY;
  }

  /** @param client, server what each end has sent, bits as above */
  private tcpOutcome(client: number, server: number, errors: boolean, byClass: boolean): number {
    const spoke = ((client | server) & SPOKE) !== 0;
    const isOneSided = spoke && (client === 0 || server === 0);
    const isLittle = isOneSided && this.isLittle(client | server);
    // A FIN that is sent again closes a connection whose other end is gone.
    const isProbe = isLittle && (((client | server) & FIN) === 0 || this.packets === 1);
    this.conversation = spoke && !isLittle;
    this.onlyReset = (server & (RST | SYN | SYN_ACK | SPOKE)) === RST;
    this.oneSided = isOneSided && !isLittle;
    if ((server & SYN_ACK) !== 0) {
      if ((client & (SYN | SPOKE)) !== 0 || (server & SPOKE) !== 0) return HANDSHAKE;
      return BACKSCATTER;
    }
    // A reset alone, or a SYN-ACK alone from an end not known to serve; what has no flags asked too.
    if (client === 0 && this.packetsToServer === 0 && (server & SPOKE) === 0) return BACKSCATTER;
    const isAnswer = (client & (RST | SYN_ACK)) !== 0;
    if (server === 0 && isAnswer && (client & (SYN | SPOKE)) === 0) return BACKSCATTER;
    if (this.listing === BY_LOWER_PORT) return UNKNOWN;
    if ((server & SPOKE) !== 0) {
      // Who asked is not known: bare acknowledgments keep connections alive as well.
      if (client === 0) return isProbe ? UNKNOWN : LIKELY;
      return byClass ? LIKELY : REPLY;
    }
    if ((server & RST) !== 0 || errors) return REFUSED;
    return (client & SPOKE) !== 0 && !isProbe ? LIKELY : UNANSWERED;
  }

  /**
   * Whether what one end sent into silence is no more than an acknowledgment or FIN or two without an
   * opening and without content, as scanners send them. In a capture of one direction a connection
   * has more.
   *
   * @param sent what it sent, bits as above
   */
  private isLittle(sent: number): boolean {
    if ((sent & (SYN | SYN_ACK | DATA)) !== 0) return false;
    return this.packets <= MOST_PROBES;
  }

  private get packets(): number {
    return this.packetsToServer + this.packetsToClient;
  }
}
