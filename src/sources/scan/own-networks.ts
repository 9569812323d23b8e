/**
 * The networks this machine is on, for `--local`. IPv4 networks are asked address by address. IPv6
 * networks are too large for that (RFC 7707): who is there tells the kernel's table of neighbours,
 * and whoever answers an echo request to all nodes of the link (RFC 4291 section 2.7.1).
 */
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatagramReader } from '../../native/datagrams.ts';
import { isRefusal } from '../../native/libc.ts';
import { MessageBatch } from '../../native/message-batch.ts';
import {
  ADDRESS_LENGTH,
  AF_INET6,
  closeSocket,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  socketCalls,
  trySocket,
  writeSocketAddress,
} from '../../native/sockets.ts';
import { formatIPv6, parseAddress } from '../../net/address.ts';
import { eachNeighbour, WAS_THERE } from './neighbour-table.ts';
import { parseTarget, type Span, TargetError } from './targets.ts';

/** Networks wider than this are not "one's own network" in the sense of a short scan. */
const WIDEST_LOCAL = 16;

/** IPv4 networks of this machine's interfaces. Throws `TargetError` for one wider than a /16. */
export function ownNetworks4(): Span[] {
  const spans: Span[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { internal, family, cidr } of addresses ?? []) {
      if (internal || family !== 'IPv4' || cidr === null) continue;
      if (Number(cidr.split('/')[1]) < WIDEST_LOCAL) {
        throw new TargetError(
          cidr,
          `on ${name} is wider than a /${WIDEST_LOCAL}; name what to scan`,
        );
      }
      spans.push(...parseTarget(cidr)!);
    }
  }
  return spans;
}

/** An address of our own on a link. */
interface Seat {
  readonly interfaceName: string;
  readonly index: number;
  readonly words: readonly number[];
  /** Whether it holds on its link only. */
  readonly linkLocal: boolean;
}

function seats(): Seat[] {
  return Object.entries(networkInterfaces()).flatMap(([interfaceName, addresses]) =>
    (addresses ?? []).flatMap((each) => {
      if (each.internal || each.family !== 'IPv6' || /^[0:]+$/.test(each.mac)) return [];
      const { words } = parseAddress(each.address)!;
      const index = socketCalls().if_nametoindex(interfaceName) as number;
      return [{ interfaceName, index, words, linkLocal: isLinkLocal(words[0]!) }];
    }),
  );
}

function isLinkLocal(word: number): boolean {
  return word >>> 22 === 0x3fa;
}

/**
 * IPv6 neighbours on this machine's links, each alone, without its own addresses; none where the
 * system does not tell.
 * @param ask whether the links are asked, which takes a second; else only the kernel's table tells
 */
export async function neighbours6(ask: boolean): Promise<Span[]> {
  try {
    const own = seats();
    const found = new Map<string, Span>();
    const note = (words: ArrayLike<number>, index: number): void => {
      const seat = own.find((each) => each.index === index);
      if (seat === undefined || words[0]! >>> 24 === 0xff || found.size >= MOST_NEIGHBOURS) return;
      if (own.some((each) => each.words.every((word, at) => word === words[at]))) return;
      const zone = isLinkLocal(words[0]!) ? `%${seat.interfaceName}` : '';
      const text = `${formatIPv6(words)}${zone}`;
      if (!found.has(text)) found.set(text, parseTarget(text)![0]!);
    };
    eachNeighbour(6, (words, index, state) => {
      if ((state & WAS_THERE) !== 0) note(words, index);
    });
    if (ask) await callAll(own, note);
    return [...found.values()];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // No FFI, or no IPv6: nobody is known.
    return [];
  }
}

/** More on one link are no hosts, but somebody who makes them up. */
const MOST_NEIGHBOURS = 65_536;

type Note = (words: ArrayLike<number>, interfaceIndex: number) => void;

const IPPROTO_ICMPV6 = 58;
const ECHO_REQUEST = 128;
const ECHO_REPLY = 129;
const IDENTIFIER = 0x7053;
const LENGTH = 16;
const ALL_NODES = [0xff020000, 0, 0, 1];
/** When they are called, after the start; and when listening ends. */
const CALLS_MS = [0, 300];
const LISTEN_MS = 700;
/** Answers read between two pauses. */
const MOST_READ = 4096;

/** Calls all nodes of each link, from each address: hosts answer with one of the same kind. */
async function callAll(own: readonly Seat[], note: Note): Promise<void> {
  const sockets = own.flatMap((seat) => {
    const fd = openBound(seat);
    return fd === undefined ? [] : [{ seat, fd }];
  });
  const message = new MessageBatch(1, 64);
  const reader = new DatagramReader();
  const calls = [...CALLS_MS];
  const begin = performance.now();
  try {
    for (let now = 0; now < LISTEN_MS; now = performance.now() - begin) {
      if (calls.length > 0 && now >= calls[0]!) {
        calls.shift();
        for (const { seat, fd } of sockets) call(message, fd, seat.index);
      }
      await sleep(10);
      for (const { seat, fd } of sockets) listen(reader, fd, seat.index, note);
    }
  } finally {
    for (const { fd } of sockets) closeSocket(fd);
    message.close();
    reader.close();
  }
}

/** Undefined: neither raw nor ping sockets are allowed, or the address went away. */
function openBound({ words, index, linkLocal }: Seat): number | undefined {
  let fd = trySocket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMPV6);
  if (fd < 0) fd = trySocket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_ICMPV6);
  if (fd < 0) return undefined;
  const address = Buffer.alloc(ADDRESS_LENGTH);
  const length = writeSocketAddress(address, 0, words, 0, linkLocal ? index : 0);
  if (socketCalls().bind(fd, address, length) === 0) return fd;
  closeSocket(fd);
  return undefined;
}

function call(message: MessageBatch, fd: number, index: number): void {
  const { packets, addresses } = message;
  packets.fill(0, 0, LENGTH);
  packets[0] = ECHO_REQUEST;
  packets.writeUInt16BE(IDENTIFIER, 4);
  message.setLengths(0, LENGTH, writeSocketAddress(addresses, 0, ALL_NODES, 0, index));
  message.send(fd, 0, 1);
}

function listen(reader: DatagramReader, fd: number, index: number, note: Note): void {
  for (let read = 0; read < MOST_READ; read++) {
    const length = reader.receive(fd);
    if (length < 0) return;
    if (length >= 8 && reader.packet[0] === ECHO_REPLY) note(reader.words, index);
  }
}
