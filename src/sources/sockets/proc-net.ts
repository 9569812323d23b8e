/**
 * Reads the text of Linux's /proc/net/{tcp,udp,udplite,raw}{,6} (kernel: `get_tcp4_sock`,
 * `udp4_format_sock`, `raw_sock_seq_show` and their IPv6 twins). One line per socket:
 *
 *     sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
 *      0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 1000 0 88 …
 *
 * Addresses are 32-bit words printed as the processor holds them: the octets are swapped on
 * little-endian machines and only there. Ports are plain. Nothing here touches the system, so the
 * same text may come from a file or another machine.
 */
import type { Address } from '../../net/address.ts';
import type { SocketRow, SocketText } from './socket-row.ts';
import { faultOf } from './socket-row.ts';

export type ProcNetTransport = 'tcp' | 'udp' | 'udplite' | 'raw';

/** TCP_LISTEN and TCP_CLOSE of the kernel; a UDP or raw socket connected to nobody is “closed”. */
const LISTEN = 10;
const UNCONNECTED = 7;

const ROW =
  /^ *\d+: ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) ([\dA-F]{2}) [\dA-F]+:[\dA-F]+ [\dA-F]+:[\dA-F]+ [\dA-F]+ +(\d+) +\d+ +(\d+) /;

/** One line of a table, whatever its state. */
export interface ProcNetLine {
  readonly local: Address;
  readonly port: number;
  readonly remote: Address;
  readonly remotePort: number;
  /** Number of the kernel's TCP state, which all transports use: 10 listens, 7 is closed. */
  readonly state: number;
  readonly uid: number;
  readonly inode: number;
}

/** Undefined when the line is no row, or cut off. */
export function readProcNetLine(line: string, littleEndian: boolean): ProcNetLine | undefined {
  const match = ROW.exec(line);
  if (match === null) return undefined;
  return {
    local: parseAddressWords(match[1]!, littleEndian),
    port: Number.parseInt(match[2]!, 16),
    remote: parseAddressWords(match[3]!, littleEndian),
    remotePort: Number.parseInt(match[4]!, 16),
    state: Number.parseInt(match[5]!, 16),
    uid: Number(match[6]),
    inode: Number(match[7]),
  };
}

/**
 * Sockets that wait to be spoken to, in the text's order. Sockets with a peer are counted in
 * `connected`, and listed too when asked for; lines that are no rows are in `faults`.
 *
 * @param littleEndian byte order of the machine that printed the text
 */
export function parseProcNet(
  text: string,
  transport: ProcNetTransport,
  littleEndian: boolean,
  connections = false,
): SocketText {
  const waiting = transport === 'tcp' ? LISTEN : UNCONNECTED;
  const rows: SocketRow[] = [];
  const faults: SocketText['faults'][number][] = [];
  let connected = 0;
  let lineNumber = 0;
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const line = text.slice(start, end);
    start = end + 1;
    lineNumber++;
    if (line.trimStart() === '' || isHeading(line)) continue;
    const found = readProcNetLine(line, littleEndian);
    if (found === undefined) {
      faults.push(faultOf(line, lineNumber));
      continue;
    }
    const { local: address, port, uid, inode, remote, remotePort, state } = found;
    const row = { transport, address, port, uid, inode };
    if (state === waiting) rows.push(row);
    else {
      connected++;
      if (connections) rows.push({ ...row, remote, remotePort, state });
    }
  }
  return { rows, connected, faults };
}

function isHeading(line: string): boolean {
  return line.trimStart().startsWith('sl ');
}

/** An IPv4-mapped address becomes the IPv4 address: such a socket takes IPv4 only. */
function parseAddressWords(hex: string, littleEndian: boolean): Address {
  const words: number[] = [];
  for (let at = 0; at < hex.length; at += 8) {
    const word = Number.parseInt(hex.slice(at, at + 8), 16);
    words.push(littleEndian ? swapOctets(word) : word);
  }
  if (words.length === 1) return { family: 4, words };
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) {
    return { family: 4, words: [words[3]!] };
  }
  return { family: 6, words };
}

function swapOctets(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
