/**
 * Service names by port and port by service name: IANA's Service Name and Transport Protocol Port
 * Number Registry (RFC 6335). One name per port and transport, the one in common use.
 *
 * A name here is what the number was registered for, not what runs there. The registry is two
 * long strings with a line per 256 ports; a line is decoded when one of its ports is first asked
 * for, so that naming the ports of one machine costs next to nothing at start.
 */
import { descriptionsText, namesText } from './iana.generated.ts';

/** The records of 256 ports, in order of port; a port may have several, by transport. */
interface Block {
  readonly ports: readonly number[];
  /** Sums of `TRANSPORT_BITS`. */
  readonly transports: readonly number[];
  readonly names: readonly string[];
  /** By the low octet of a port: index of its first record, and one more; 0: none. */
  readonly first: Uint16Array;
}

/** A place where a service is registered. */
export interface RegisteredPort {
  readonly transport: string;
  readonly port: number;
}

/** As in scripts/compile-catalog.mjs. */
const TRANSPORT_BITS: ReadonlyMap<string, number> = new Map([
  ['tcp', 1],
  ['udp', 2],
  ['sctp', 4],
  ['dccp', 8],
]);
const TCP_AND_UDP = 3;

let nameLines: readonly string[] | undefined;
let descriptionLines: readonly string[] | undefined;
const blocks: Block[] = [];

/** The block of ports with the given high octet. */
function blockOf(high: number): Block {
  const known = blocks[high];
  if (known !== undefined) return known;
  nameLines ??= namesText().split('\n');
  const line = nameLines[high] ?? '';
  const block = decode(line === '' ? [] : line.split(' '), high * 256 - 1);
  blocks[high] = block;
  return block;
}

/**
 * Reads tokens `name`, `gap:name`, `gap/transports:name` (see scripts/compile-catalog.mjs), the
 * first gap counted from `port`. Keeps the array and strips its tokens down to the names.
 */
function decode(names: string[], port: number): Block {
  const ports: number[] = [];
  const transports: number[] = [];
  const first = new Uint16Array(256);
  let last = port;
  names.forEach((token, index) => {
    const colon = token.indexOf(':');
    const slash = colon < 0 ? -1 : token.indexOf('/');
    last += colon < 0 ? 1 : Number.parseInt(token, 10);
    ports.push(last);
    if (first[last & 255] === 0) first[last & 255] = index + 1;
    transports.push(slash < 0 ? TCP_AND_UDP : Number.parseInt(token.slice(slash + 1), 10));
    if (colon >= 0) names[index] = token.slice(colon + 1);
  });
  return { ports, transports, names, first };
}

/** Index of the record for the transport and port, or -1. */
function find({ ports, transports, first }: Block, transport: string, port: number): number {
  const start = first[port & 255]!;
  if (start === 0) return -1;
  const bit = TRANSPORT_BITS.get(transport) ?? 0;
  for (let index = start - 1; ports[index] === port; index++) {
    if ((transports[index]! & bit) !== 0) return index;
  }
  return -1;
}

/**
 * The registered name, such as `https` for TCP port 443. `transport` is an IANA keyword in lower
 * case (`tcp`, `udp`, `sctp`, `dccp`); undefined for any other, and for ports that are reserved
 * or were never assigned.
 */
export function serviceName(transport: string, port: number): string | undefined {
  const block = blockOf(port >> 8);
  const index = find(block, transport, port);
  return index < 0 ? undefined : block.names[index];
}

/** What the registry says about the port beyond its name: one line, in its own words. */
export function serviceDescription(transport: string, port: number): string | undefined {
  const index = find(blockOf(port >> 8), transport, port);
  if (index < 0) return undefined;
  descriptionLines ??= descriptionsText().split('\n');
  return descriptionLines[port >> 8]?.split('\t')[index] || undefined;
}

/**
 * All ports registered under the name, in order of port, then tcp, udp, sctp, dccp. Letter case
 * does not matter (RFC 6335 section 5.1). Empty when nothing has the name.
 */
export function servicePorts(name: string): RegisteredPort[] {
  const wanted = name.toLowerCase();
  const found: RegisteredPort[] = [];
  for (let high = 0; high < 256; high++) {
    const { ports, transports, names } = blockOf(high);
    names.forEach((each, index) => {
      if (each.toLowerCase() !== wanted) return;
      for (const [transport, bit] of TRANSPORT_BITS) {
        if ((transports[index]! & bit) !== 0) found.push({ transport, port: ports[index]! });
      }
    });
  }
  return found;
}
