/**
 * Listens to the first payloads of every conversation, on the decoder's side of the pipeline, and
 * notes what is spoken. A direct-mapped cache over a hash of the conversation's ends remembers how
 * far each was listened to, so that the packets after the first ones cost one look into it. A
 * conversation that lost its place to another is listened to anew: which ones do is the same in
 * every run, since the hash is.
 */

import type { Decoder } from '../wire/decoder.ts';
import {
  P_DESTINATION,
  P_FRAME,
  P_INTERFACE,
  P_KIND,
  P_PAYLOAD,
  P_PORTS,
  P_SEQUENCE,
  P_SOURCE,
} from '../wire/packet-batch.ts';
import { Identifier, TENTATIVE } from '../wire/payload/identify.ts';
import { ASKS, CERTAIN, type Detector, Payload } from '../wire/payload/payload.ts';
import { skipProxyHeader } from '../wire/payload/proxy-header.ts';
import { Departed } from './departed.ts';
import { Heard } from './heard.ts';
import {
  CLIENT_IS_1,
  CLIENT_KNOWN,
  FOLLOWS,
  hashOf,
  LOOKED,
  LOOKED_SHIFT,
  MEMORY,
  MEMORY_SHIFT,
  PROTOCOL,
  SERVER_IS_1,
  serverSends,
  serverSide,
  sideOf,
  TENTATIVE_SHIFT,
  UNFINISHED_SHIFT,
} from './listened.ts';
import { GONE, MORE, Unfinished } from './unfinished.ts';

/** Conversations remembered: two words each, half a megabyte, which stays in a core's cache. */
const SLOTS = 1 << 16;
const MASK = SLOTS - 1;

const TCP = 6;
const ARP_REQUEST = 1;
/** Payloads of one side that are looked at for a protocol, and for facts once it is known. */
const TRIES = 3;
const ENOUGH = LOOKED;

/**
 * One for each decoder: it borrows the packet's octets for the call, and its `heard` numbers IPv6
 * addresses as the decoder does.
 */
export class Listener {
  readonly heard: Heard;
  readonly identifier: Identifier;
  /** Payloads that detectors were shown. */
  listened = 0;
  private readonly slots = new Int32Array(2 * SLOTS);
  private readonly departed = new Departed();
  private readonly unfinished = new Unfinished();
  private readonly payload = new Payload();
  private readonly tls: number;
  private readonly http: number;
  /** Positions of the protocols on top of each. */
  private readonly uppers: readonly Uint8Array[];

  constructor(decoder: Decoder, identifier = new Identifier()) {
    this.heard = new Heard(decoder.addresses, decoder.seed);
    this.identifier = identifier;
    const { detectors } = identifier;
    this.tls = detectors.findIndex(({ protocol }) => protocol === 'tls');
    this.http = detectors.findIndex(({ protocol }) => protocol === 'http');
    this.uppers = detectors.map(({ protocol }) =>
      Uint8Array.from(detectors.flatMap(({ over }, index) => (over === protocol ? [index] : []))),
    );
  }

  /** A connection is being opened; the row is the SYN's, or the SYN-ACK's with `accepted`. */
  open(d: Decoder, row: number, accepted: boolean): void {
    const sender = sideOf(d.rows, row);
    const hash = hashOf(d.rows, row, sender);
    const slot = 2 * (hash & MASK);
    const side = accepted ? 1 - sender : sender;
    this.slots[slot] = hash;
    this.noteSender(d);
    this.slots[slot + 1] = CLIENT_KNOWN | (side === 1 ? CLIENT_IS_1 : 0);
  }

  /** A packet with payload, which begins at `at`; its row was just made. */
  hear(d: Decoder, row: number, at: number): void {
    const side = sideOf(d.rows, row);
    const hash = hashOf(d.rows, row, side);
    const slot = 2 * (hash & MASK);
    const slots = this.slots;
    const owner = slots[slot]!;
    let state = 0;
    if (owner === hash) state = slots[slot + 1]!;
    else if (owner !== 0) {
      if (this.departed.has(hash)) return;
      this.departed.add(owner);
    }
    const looked = (state >>> (LOOKED_SHIFT + 3 * side)) & LOOKED;
    const goesOn = FOLLOWS | (1 << (UNFINISHED_SHIFT + side));
    if (looked === ENOUGH && (state & goesOn) === 0) return;
    slots[slot] = hash;
    this.payload.memory = (state >>> MEMORY_SHIFT) & MEMORY;
    const after = this.listen(d, row, at, state, side, looked);
    slots[slot + 1] = (after & ~(MEMORY << MEMORY_SHIFT)) | (this.payload.memory << MEMORY_SHIFT);
  }

  /** ARP says of its sender which MAC address is the host's own, and whom it looks for. */
  arp(d: Decoder, at: number): void {
    const address = d.view.getInt32(at + 14);
    if (address === 0) return;
    const { questions } = this.heard;
    questions.spoke(address, d.interface);
    if (d.view.getUint16(at + 6) === ARP_REQUEST) {
      questions.ask(address, d.view.getInt32(at + 24), d.interface, d.frame, d.now);
    }
    const high = d.view.getUint16(at + 8);
    this.heard.links.note(high, d.view.getInt32(at + 10), address, 0, true);
  }

  private noteSender(d: Decoder): void {
    const at = d.macAt;
    if (at < 0) return;
    const { view, source, family } = d;
    const { links } = this.heard;
    const high = view.getUint16(at + 6);
    const low = view.getInt32(at + 8);
    if (links.remembers(high, low, source, family)) return;
    const local = family === 0 ? isLocal4(source) : isLocal6(d.addresses.words[4 * source]!);
    links.note(high, low, source, family, local);
  }

  /** Looks at a payload; returns the conversation's new state. */
  private listen(
    d: Decoder,
    row: number,
    at: number,
    before: number,
    side: number,
    looked: number,
  ): number {
    this.listened++;
    const { payload, heard } = this;
    const rows = d.rows;
    const kind = rows[row + P_KIND]!;
    const ports = rows[row + P_PORTS]!;
    if (payload.bytes !== d.bytes) {
      payload.bytes = d.bytes;
      payload.view = d.view;
    }
    payload.at = at;
    payload.length = rows[row + P_PAYLOAD]!;
    payload.end = Math.min(d.end, at + payload.length);
    if (looked === 0) skipProxyHeader(payload);
    payload.transport = kind & 0xff;
    payload.sourcePort = ports >>> 16;
    payload.destinationPort = ports & 0xffff;
    heard.aim(
      rows[row + P_SOURCE]!,
      rows[row + P_DESTINATION]!,
      kind,
      rows[row + P_INTERFACE]!,
      rows[row + P_FRAME]!,
    );
    if (looked === 0 && (before & CLIENT_KNOWN) === 0) this.noteSender(d);
    let state = before;
    if (looked < ENOUGH) state += 1 << (LOOKED_SHIFT + 3 * side);
    if ((state & PROTOCOL) !== 0) return this.goOn(rows, row, state, side, looked === 0);
    return this.find(rows, row, state, side, looked);
  }

  /** Looks for the protocol of a conversation. */
  private find(
    rows: Int32Array,
    row: number,
    before: number,
    side: number,
    looked: number,
  ): number {
    const { identifier, payload } = this;
    let state = before;
    const found = identifier.identify(payload, ((state >>> TENTATIVE_SHIFT) & PROTOCOL) - 1);
    if (found === 0 || (found & TENTATIVE) !== 0) {
      if (looked + 1 >= TRIES) state |= ENOUGH << (LOOKED_SHIFT + 3 * side);
      if (found === 0) return state;
      const cleared = state & ~(PROTOCOL << TENTATIVE_SHIFT);
      return cleared | ((identifier.protocol + 1) << TENTATIVE_SHIFT);
    }
    const { protocol } = identifier;
    const detector = identifier.detectors[protocol]!;
    state |= protocol + 1;
    if (detector.follows) state |= FOLLOWS;
    let server = serverSide(state, side, found, payload, detector.ports);
    if (detector.answersFromNewPort === true && !detector.ports.includes(payload.destinationPort)) {
      // Which end asked was announced.
      if (this.heard.expectsAt(detector.protocol, 'source', payload.sourcePort)) server = 1 - side;
      else if (this.heard.expectsAt(detector.protocol, 'destination', payload.destinationPort))
        server = side;
    }
    if (server === 1) state |= SERVER_IS_1;
    this.note(rows, row, state, side, protocol, found, 1);
    payload.fromServer = serverSends(state, side);
    const both = ((state >>> (LOOKED_SHIFT + 3 * (1 - side))) & LOOKED) !== 0;
    if (payload.fromServer || both) this.heard.answer();
    detector.facts?.(payload, this.heard);
    return this.wait(rows, row, state, side, detector);
  }

  /** Reads facts from a later payload, of its side perhaps the `first`, when the protocol is known. */
  private goOn(
    rows: Int32Array,
    row: number,
    before: number,
    side: number,
    first: boolean,
  ): number {
    const { identifier, payload, heard, tls } = this;
    const { detectors } = identifier;
    let state = before;
    if ((state & (1 << (UNFINISHED_SHIFT + side))) !== 0) {
      return this.finish(rows, row, state, side);
    }
    let protocol = (state & PROTOCOL) - 1;
    const answer = identifier.detect(protocol, payload);
    const upper = this.upper(protocol);
    if (upper >= 0) {
      // It is not what it seemed at first.
      this.note(rows, row, state, side, protocol, answer, -1);
      protocol = upper;
      state = (state & ~PROTOCOL) | (protocol + 1);
      this.note(rows, row, state, side, protocol, CERTAIN, 1);
    } else this.resume(rows, row, state, side, protocol);
    payload.fromServer = serverSends(state, side);
    const known = answer !== 0 || upper >= 0;
    const secret =
      !known && tls >= 0 && protocol !== tls && identifier.detect(tls, payload) >= CERTAIN;
    if (first && payload.fromServer) {
      if (!known && !secret && this.contradicts(protocol)) {
        return this.correct(rows, row, state, side, protocol);
      }
      heard.answer();
    } else if (known && payload.fromServer) heard.answer();
    if (known) detectors[protocol]!.facts?.(payload, heard);
    else if (secret) {
      // The conversation went on encrypted: STARTTLS and its like.
      heard.service('upgrade', 'tls');
      heard.within('tls');
      // Through a proxy it is about another server than the one that is spoken to.
      if (protocol !== this.http) detectors[tls]!.facts?.(payload, heard);
      return state & ~FOLLOWS;
    }
    return answer === 0 ? state : this.wait(rows, row, state, side, detectors[protocol]!);
  }

  /** Whether the server's first payload is certainly of another protocol, and no question in it. */
  private contradicts(protocol: number): boolean {
    const { identifier, payload } = this;
    const said = identifier.identify(payload, -1);
    return (said & (CERTAIN | ASKS)) === CERTAIN && identifier.protocol !== protocol;
  }

  /** A server asked in a protocol that is not its own: what it answers in is spoken here. */
  private correct(
    rows: Int32Array,
    row: number,
    before: number,
    side: number,
    asked: number,
  ): number {
    const { identifier, payload, heard } = this;
    const { protocol } = identifier;
    const detector = identifier.detectors[protocol]!;
    this.note(rows, row, before, side, asked, 0, -1);
    let state = (before & ~(PROTOCOL | FOLLOWS)) | (protocol + 1);
    if (detector.follows) state |= FOLLOWS;
    this.note(rows, row, state, side, protocol, CERTAIN, 1);
    heard.answer();
    detector.facts?.(payload, heard);
    return this.wait(rows, row, state, side, detector);
  }

  /** Keeps a message that goes on in the next packet. */
  private wait(
    rows: Int32Array,
    row: number,
    state: number,
    side: number,
    { wants }: Detector,
  ): number {
    const { payload } = this;
    if (wants === undefined || payload.transport !== TCP) return state;
    const wanted = wants(payload);
    if (wanted === 0) return state;
    const next = rows[row + P_SEQUENCE]! + rows[row + P_PAYLOAD]!;
    const hash = hashOf(rows, row, side);
    const kept = this.unfinished.keep(hash, side, next, payload, wanted);
    return kept ? state | (1 << (UNFINISHED_SHIFT + side)) : state;
  }

  /** Reads the facts of a message when its last segment has come. */
  private finish(rows: Int32Array, row: number, before: number, side: number): number {
    const { payload } = this;
    const sequence = rows[row + P_SEQUENCE]!;
    const hash = hashOf(rows, row, side);
    const got = this.unfinished.take(hash, side, sequence, payload);
    if (got === MORE) return before;
    const detector = this.identifier.detectors[(before & PROTOCOL) - 1]!;
    if (got !== GONE && this.unfinished.waitOn(hash, payload, detector.wants?.(payload) ?? 0)) {
      return before;
    }
    const state = before & ~(1 << (UNFINISHED_SHIFT + side));
    if (got === GONE) return this.goOn(rows, row, state, side, false);
    const protocol = (state & PROTOCOL) - 1;
    this.resume(rows, row, state, side, protocol);
    payload.fromServer = serverSends(state, side);
    detector.facts?.(payload, this.heard);
    return state;
  }

  /** A protocol on top of the one known so far that the payload shows, or -1. */
  private upper(protocol: number): number {
    const uppers = this.uppers[protocol]!;
    for (let next = 0; next < uppers.length; next++) {
      if (this.identifier.detect(uppers[next]!, this.payload) >= CERTAIN) return uppers[next]!;
    }
    return -1;
  }

  private note(
    rows: Int32Array,
    row: number,
    state: number,
    side: number,
    protocol: number,
    detection: number,
    count: number,
  ): void {
    const fromServer = serverSends(state, side);
    const ports = rows[row + P_PORTS]!;
    this.heard.speaks(
      rows[row + (fromServer ? P_SOURCE : P_DESTINATION)]!,
      fromServer ? ports >>> 16 : ports & 0xffff,
      protocol,
      detection,
      count,
    );
  }

  private resume(
    rows: Int32Array,
    row: number,
    state: number,
    side: number,
    protocol: number,
  ): void {
    const fromServer = serverSends(state, side);
    const ports = rows[row + P_PORTS]!;
    this.heard.about(
      rows[row + (fromServer ? P_SOURCE : P_DESTINATION)]!,
      fromServer ? ports >>> 16 : ports & 0xffff,
      protocol,
    );
  }
}

/** Private (RFC 1918) and link-local addresses. */
function isLocal4(address: number): boolean {
  const two = address >>> 16;
  if (two >>> 8 === 10 || two === 0xc0a8 || two === 0xa9fe) return true;
  return two >>> 4 === 0xac1;
}

/** Link-local and unique local addresses (RFC 4291, RFC 4193), by the first word. */
function isLocal6(word: number): boolean {
  return word >>> 22 === 0x3fa || word >>> 25 === 0x7e;
}
