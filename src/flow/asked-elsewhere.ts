/**
 * Datagrams whose question and answer are two flows, so that neither looks answered by itself:
 * a question to a group, answered by a host (DHCP, RFC 2131; SSDP, WS-Discovery, NetBIOS names,
 * LLMNR, mDNS), and a TFTP request, answered from a port of its own (RFC 1350 section 4).
 */
import { FAMILY_6 } from '../wire/packet-batch.ts';
import { EndpointTable } from './endpoint-table.ts';
import {
  MARK_GROUP,
  R_A,
  R_B,
  R_KIND,
  R_PACKETS_A,
  R_PACKETS_B,
  R_PORTS,
  R_STATE,
} from './flow-row.ts';

const UDP = 17;
const TFTP = 69;
const DHCP_SERVER = 67;
const DHCP_CLIENT = 68;
/** Questions remembered of either kind. */
const MOST_QUESTIONS = 1 << 18;

/** What a row turns out to be part of. */
export const ALONE = 0;
/** A's question, which was answered in another flow. */
export const QUESTION = 1;
/** A's answer, whose question is another flow; from and to one port, only a message can tell. */
export const ANSWER = 4;
export const PERHAPS_ANSWER = 5;
/** The transfer that a TFTP request asked for; A, or B, is the one that asked. */
export const TRANSFER_TO_A = 2;
export const TRANSFER_TO_B = 3;

/** Learns from all rows first, then says of each what it belongs to. */
export class AskedElsewhere {
  /** Key: who asked, its port with family, port that the group was asked on. */
  private readonly ofGroups: EndpointTable;
  /** Key: who asked, its port with family, who was asked. */
  private readonly transfers: EndpointTable;
  /** Entries of `transfers` that somebody sent to, from another port. */
  private readonly begun = new Set<number>();

  constructor(seed = 0) {
    this.ofGroups = new EndpointTable(seed);
    this.transfers = new EndpointTable(seed);
  }

  /** Notes a question. A row has A as its first sender. */
  learn(words: Int32Array, base: number): void {
    const kind = words[base + R_KIND]!;
    if ((kind & 0xff) !== UDP || words[base + R_PACKETS_B] !== 0) return;
    const ports = words[base + R_PORTS]!;
    const from = (ports >>> 16) | ((kind & FAMILY_6) << 8);
    const to = ports & 0xffff;
    if ((words[base + R_STATE]! & MARK_GROUP) !== 0) {
      if (this.ofGroups.count < MOST_QUESTIONS) this.ofGroups.intern(words[base + R_A]!, from, to);
    } else if (to === TFTP && this.transfers.count < MOST_QUESTIONS) {
      this.transfers.intern(words[base + R_A]!, from, words[base + R_B]!);
    }
  }

  /** Whether there is anything to look for. */
  get any(): boolean {
    return this.ofGroups.count > 0 || this.transfers.count > 0;
  }

  /** Notes an answer; to be shown every row after all were learned from. */
  survey(words: Int32Array, base: number): void {
    if (this.transfers.count === 0 || (words[base + R_KIND]! & 0xff) !== UDP) return;
    const ports = words[base + R_PORTS]!;
    if ((ports & 0xffff) === TFTP || ports >>> 16 === TFTP) return;
    for (let side = 0; side < 2; side++) {
      if (words[base + R_PACKETS_A + 1 - side] === 0) continue;
      const entry = this.transferOf(words, base, side);
      if (entry >= 0) this.begun.add(entry);
    }
  }

  /** What the row is, by all that was learned and surveyed. */
  judge(words: Int32Array, base: number): number {
    const kind = words[base + R_KIND]!;
    if ((kind & 0xff) !== UDP) return ALONE;
    const ports = words[base + R_PORTS]!;
    const fromB = words[base + R_PACKETS_B] !== 0;
    if ((ports & 0xffff) === TFTP && !fromB) {
      const entry = this.transferOf(words, base, 0);
      return entry >= 0 && this.begun.has(entry) ? QUESTION : ALONE;
    }
    if (this.begun.size > 0) {
      if (fromB && this.transferOf(words, base, 0) >= 0) return TRANSFER_TO_A;
      if (this.transferOf(words, base, 1) >= 0) return TRANSFER_TO_B;
    }
    if (fromB || !this.answersGroup(words, base)) return ALONE;
    return ports >>> 16 === (ports & 0xffff) ? PERHAPS_ANSWER : ANSWER;
  }

  /** Whether A answers, to B, what B asked a group on A's port. */
  private answersGroup(words: Int32Array, base: number): boolean {
    const kind = words[base + R_KIND]!;
    const ports = words[base + R_PORTS]!;
    const from = ports >>> 16;
    const family = (kind & FAMILY_6) << 8;
    const to = (ports & 0xffff) | family;
    // Who has no address yet asks for one from 0.0.0.0.
    if (from === DHCP_SERVER && to === DHCP_CLIENT) return this.ofGroups.find(0, to, from) >= 0;
    if ((words[base + R_STATE]! & MARK_GROUP) !== 0) return false;
    return this.ofGroups.find(words[base + R_B]!, to, from) >= 0;
  }

  /** The request of the end `side` (0 = A) to the other one, or -1. */
  private transferOf(words: Int32Array, base: number, side: number): number {
    const ports = words[base + R_PORTS]!;
    const port = side === 0 ? ports >>> 16 : ports & 0xffff;
    const family = (words[base + R_KIND]! & FAMILY_6) << 8;
    return this.transfers.find(
      words[base + R_A + side]!,
      port | family,
      words[base + R_A + 1 - side]!,
    );
  }
}
