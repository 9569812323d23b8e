/** What every table of sockets yields, whichever tool or kernel file printed it. */

import type { Transport } from '../../model/transport.ts';
import type { Address } from '../../net/address.ts';

/** A socket before its owner is known. */
export interface SocketRow {
  readonly transport: Transport;
  readonly address: Address;
  /** For `raw` the IP protocol number. */
  readonly port: number;
  /** Who created it. */
  readonly uid: number;
  /** Number of the socket file: Linux gives them 32 bits. 0: the kernel has no file for it. */
  readonly inode: number;
  /** The peer; absent: the socket waits for whoever comes. */
  readonly remote?: Address | undefined;
  readonly remotePort?: number | undefined;
  /** With a peer: number of the kernel's TCP state. */
  readonly state?: number | undefined;
  /** Known from netlink only. */
  readonly v6Only?: boolean | undefined;
  readonly device?: string | undefined;
  readonly backlog?: number | undefined;
}

/** A line that could not be read. */
export interface LineFault {
  /** From 1. */
  readonly line: number;
  /** The beginning of the line, as it stands: escape before showing it. */
  readonly text: string;
}

export interface SocketText {
  readonly rows: readonly SocketRow[];
  /** Sockets that have a peer and therefore are not among the rows. */
  readonly connected: number;
  readonly faults: readonly LineFault[];
}

const SAMPLE_LENGTH = 120;

/** @param lineNumber from 1 */
export function faultOf(line: string, lineNumber: number): LineFault {
  return { line: lineNumber, text: line.slice(0, SAMPLE_LENGTH) };
}
