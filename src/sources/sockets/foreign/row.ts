/**
 * What every reader of others' output yields, and the small parts they share. A row is what one
 * line said about one socket, before owners are joined and waiting sockets told from connections.
 */
import { servicePorts } from '../../../catalog/services.ts';
import type { ConnectionState } from '../../../model/connection.ts';
import type { AcceptsIPv4, OwnerUnknown } from '../../../model/listener.ts';
import type { Process } from '../../../model/process.ts';
import type { Transport } from '../../../model/transport.ts';
import type { User } from '../../../model/user.ts';
import { type Address, isMappedIPv4, parseAddress } from '../../../net/address.ts';

export interface Line {
  /** From 1, in the input as it came. */
  readonly number: number;
  readonly text: string;
}

export interface ForeignRow {
  readonly transport: Transport;
  readonly local: Address;
  readonly port: number;
  /** Absent: nobody. The address may be a name. */
  readonly remote?: { readonly address: string; readonly port: number };
  readonly state: 'listening' | 'bound' | ConnectionState;
  readonly stateText?: string;
  /** `judge`: by the other rows, since the output does not say. */
  readonly acceptsIPv4: AcceptsIPv4 | 'judge';
  readonly owner: readonly Process[] | OwnerUnknown | 'kernel';
  readonly user?: User;
  readonly device?: string;
  readonly backlog?: number;
  readonly line: number;
}

/** A line that was not understood. */
export interface Unread {
  readonly line: number;
  /** The beginning of the line, as it stands: escape before showing it. */
  readonly text: string;
  readonly why: string;
}

/** Readers add to this. */
export interface Gathered {
  readonly rows: ForeignRow[];
  /** Counted beyond `SAMPLES`, of which the lines are kept. */
  readonly unread: Unread[];
  unreadCount: number;
  /** Sockets that have no IP port (Unix, netlink): passed over. */
  passedOver: number;
  /** Names and services by process id, from `tasklist` and its like. */
  readonly processes: Map<number, { name?: string; services?: readonly string[] }>;
  /** What the readers have to say about the input, each once. */
  readonly remarks: Set<Remark>;
}

export type Remark =
  | 'not-elevated'
  | 'state-words-unknown'
  | 'addresses-cut'
  | 'osquery-remote-port-zero'
  | 'transport-assumed'
  | 'table-kind-assumed';

export interface ForeignFormat {
  readonly id: string;
  /** For people: `netstat of Windows`. */
  readonly name: string;
  /** Whether this line can only be the heading or a row of this format. */
  recognises(line: string): boolean;
  read(lines: readonly Line[], gathered: Gathered): void;
}

const SAMPLES = 20;
const SAMPLE_LENGTH = 160;

/** Counts a line that cannot be read; the first few are kept, cut to a length that can be shown. */
export function unread(gathered: Gathered, line: Line, why: string): void {
  gathered.unreadCount++;
  if (gathered.unread.length < SAMPLES) {
    gathered.unread.push({ line: line.number, text: line.text.slice(0, SAMPLE_LENGTH), why });
  }
}

/** How the lines of a table look, of which each row stands on one. */
export interface TableLines {
  readonly heading: RegExp;
  readonly row: RegExp;
  /** Sockets without an IP port. */
  readonly otherRow: RegExp;
}

/** Reads such a table; `read` hears of each row. */
export function readRows(
  lines: readonly Line[],
  gathered: Gathered,
  { heading, row, otherRow }: TableLines,
  read: (match: RegExpExecArray, line: Line, gathered: Gathered) => void,
): void {
  for (const line of lines) {
    if (heading.test(line.text)) continue;
    const match = row.exec(line.text);
    if (match !== null) read(match, line, gathered);
    else if (otherRow.test(line.text)) gathered.passedOver++;
    else unread(gathered, line, 'no row');
  }
}

export interface Place {
  readonly address: Address;
  readonly port: number;
  readonly device?: string;
}

/** What an asterisk in place of an address stands for. */
export type Star = 'ipv4' | 'ipv6';

const EVERY: Readonly<Record<Star, Address>> = {
  ipv4: { family: 4, words: [0] },
  ipv6: { family: 6, words: [0, 0, 0, 0] },
};

/**
 * `0.0.0.0:22`, `[::1%lo]:22`, `:::22`, `*:22`, `127.0.0.53%lo:53`, or with a dot before the port.
 * An IPv4-mapped address becomes the IPv4 address. The reason, as text, where it is none.
 *
 * @param separator what stands before the port
 */
export function parsePlace(
  text: string,
  transport: Transport,
  star: Star = 'ipv4',
  separator: ':' | '.' = ':',
): Place | string {
  const at = text.lastIndexOf(separator);
  if (at < 0) return 'no port in the local address';
  const port = parsePort(text.slice(at + 1), transport);
  if (port === undefined)
    return 'the port is a name that the registry has not, or twice: show numbers';
  return parseHost(text.slice(0, at), port, star);
}

/** The same for an address and a port that stand apart. */
export function parseHost(text: string, port: number, star: Star = 'ipv4'): Place | string {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (bare === '*' || bare === '') return { address: EVERY[star], port };
  const percent = bare.indexOf('%');
  const device = percent < 0 ? '' : bare.slice(percent + 1).replace(/\]$/, '');
  const host = (percent < 0 ? bare : bare.slice(0, percent)).replace(/^\[/, '').replace(/\]$/, '');
  if (host === '*') return { address: EVERY[star], port, device };
  const address = parseAddress(host);
  if (address === undefined) return 'the local address is a name or cut off: show numbers, in full';
  if (address.family === 6 && isMappedIPv4(address.words)) {
    return { address: { family: 4, words: [address.words[3]!] }, port };
  }
  // `%0` is Windows' way to say: no zone.
  return device === '' || device === '0' ? { address, port } : { address, port, device };
}

/** A port in digits or by its registered name; undefined where it is neither. */
export function parsePort(text: string, transport: Transport): number | undefined {
  if (/^\d{1,5}$/.test(text)) return Number(text) <= 65535 ? Number(text) : undefined;
  if (text === '*') return 0;
  if (!/^[\w.+-]{1,40}$/.test(text)) return undefined;
  const wanted = transport === 'udplite' ? 'udp' : transport;
  const found = servicePorts(text.toLowerCase()).filter((each) => each.transport === wanted);
  return found.length === 1 ? found[0]!.port : undefined;
}

/** The far end; undefined when there is nobody (`0.0.0.0:0`, `*:*`, `[::]:0`). */
export function parsePeer(
  text: string,
  transport: Transport,
  separator: ':' | '.' = ':',
): { address: string; port: number } | undefined {
  const at = text.lastIndexOf(separator);
  if (at < 0) return undefined;
  const port = parsePort(text.slice(at + 1), transport) ?? 0;
  if (port === 0 && (text.endsWith('*') || text.slice(at + 1) === '0')) return undefined;
  return { address: text.slice(0, at).replace(/^\[|\]$/g, ''), port };
}

const STATES: ReadonlyMap<string, ForeignRow['state']> = new Map([
  ['listen', 'listening'],
  ['listening', 'listening'],
  ['unconn', 'bound'],
  ['bound', 'bound'],
  ['idle', 'bound'],
  ['established', 'established'],
  ['estab', 'established'],
  ['synsent', 'syn-sent'],
  ['synrecv', 'syn-received'],
  ['synrcvd', 'syn-received'],
  ['synreceived', 'syn-received'],
  ['finwait1', 'fin-wait-1'],
  ['finwait2', 'fin-wait-2'],
  ['closewait', 'close-wait'],
  ['closing', 'closing'],
  ['lastack', 'last-ack'],
  ['timewait', 'time-wait'],
  ['close', 'closed'],
  ['closed', 'closed'],
  ['deletetcb', 'closed'],
]);

/** A state by its English word in any tool's spelling (`SYN_RECV`, `SynReceived`, `FIN-WAIT-1`). */
export function parseState(word: string): ForeignRow['state'] | undefined {
  return STATES.get(word.toLowerCase().replace(/[\s_()-]/g, ''));
}
