/**
 * `ss` of iproute2 in its layouts: with and without heading, `-O`, `-e`, `-i`, `-m`, the columns
 * of old and new versions, one family or all.
 *
 *     tcp LISTEN 0 511 *:443 *:* users:(("nginx",pid=901,fd=6),("nginx",pid=900,fd=6))
 *     udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*
 *
 * `*` takes both families, `[::]` IPv6 alone. A process name is at most 15 octets, too short to
 * hold what separates two owners, so that no name can pass for another process.
 */
import type { Process } from '../../../model/process.ts';
import type { Transport } from '../../../model/transport.ts';
import type { ForeignFormat, ForeignRow, Gathered, Line, Place, Star } from './row.ts';
import { parseHost, parsePeer, parsePlace, parseState, unread } from './row.ts';

const STATE =
  'LISTEN|UNCONN|ESTAB|SYN-SENT|SYN-RECV|FIN-WAIT-1|FIN-WAIT-2|TIME-WAIT|CLOSE-WAIT|LAST-ACK|CLOSING|CLOSED?|UNKNOWN|NEW-SYN-RECV|BOUND-INACTIVE';
const ROW = new RegExp(
  `^\\s*(?:([a-z][a-z0-9_]{1,6})\\s+)?(${STATE})\\s+(\\d+)\\s+(\\d+)\\s+(\\S+)\\s+(\\S.*?)\\s*$`,
);
const HEADING = /^\s*(Netid\s+)?State\s+Recv-Q\s+Send-Q\s/;
const USERS = /(?:^|\s)users:\(\((.*)\)\)/;
const USER = /\("([\s\S]{0,15}?)",(?:pid=)?(\d+),(?:fd=)?(\d+)\)(?=,\("|$)/g;
/** Details on lines of their own: timers, memory, TCP information. */
const DETAIL = /^\s+\S/;

const TRANSPORTS: ReadonlyMap<string, Transport> = new Map([
  ['tcp', 'tcp'],
  ['udp', 'udp'],
  ['sctp', 'sctp'],
  ['dccp', 'dccp'],
  ['raw', 'raw'],
  ['icmp6', 'raw'],
  ['udplite', 'udplite'],
]);

export const SS: ForeignFormat = {
  id: 'ss',
  name: 'ss of Linux',
  recognises: (line) => HEADING.test(line) || ROW.test(line),
  read,
};

function read(lines: readonly Line[], gathered: Gathered): void {
  const rows: { match: RegExpExecArray; line: Line }[] = [];
  let processColumn = false;
  for (const line of lines) {
    if (HEADING.test(line.text)) {
      processColumn ||= /\bProcess\s*$/.test(line.text);
      continue;
    }
    const match = ROW.exec(line.text);
    if (match !== null) rows.push({ match, line });
    else if (rows.length === 0 || !DETAIL.test(line.text)) unread(gathered, line, 'no row');
  }
  const listens = rows.some(({ match }) => match[1] === undefined && match[2] === 'LISTEN');
  const waits = rows.some(({ match }) => match[1] === undefined && match[2] === 'UNCONN');
  const owners = rows.some(({ match }) => USERS.test(match[6] ?? ''));
  const star = rows.some(isOld) ? 'ipv4' : 'ipv6';
  for (const { match, line } of rows) {
    const netid = match[1];
    const assumed = match[2] === 'UNCONN' || (waits && !listens) ? 'udp' : 'tcp';
    const transport = TRANSPORTS.get(netid ?? assumed);
    if (netid === undefined) gathered.remarks.add('transport-assumed');
    if (transport === undefined) gathered.passedOver++;
    else readRow(match, line, { transport, star, ownersShown: owners || processColumn }, gathered);
  }
}

/** Versions before iproute2 4.x: `*` is IPv4 alone, IPv6 stands without brackets. */
function isOld({ match }: { match: RegExpExecArray }): boolean {
  return match[5]!.startsWith(':::') || /users:\(\(".*?",\d+,\d+\)/.test(match[6]!);
}

interface Layout {
  readonly transport: Transport;
  /** What `*` in place of an address means. */
  readonly star: Star;
  readonly ownersShown: boolean;
}

function readRow(
  match: RegExpExecArray,
  line: Line,
  { transport, star, ownersShown }: Layout,
  gathered: Gathered,
): void {
  const [, , stateText = '', , sendQueue = '', localText = '', tail = ''] = match;
  const cut = tail.search(/\s/);
  const peerText = cut < 0 ? tail : tail.slice(0, cut);
  const rest = cut < 0 ? '' : tail.slice(cut);
  const place = placeOf(localText, transport, star);
  if (typeof place === 'string') {
    unread(gathered, line, place);
    return;
  }
  const remote = parsePeer(peerText, transport);
  const processes = parseUsers(rest);
  if (processes === undefined) {
    unread(gathered, line, 'the list of processes is cut off or not of the known form');
  }
  const details = rest.replace(USERS, '');
  const uid = /(?:^|\s)uid:(\d+)/.exec(details)?.[1];
  const unit = unitOf(/(?:^|\s)cgroup:(\S+)/.exec(details)?.[1]);
  const state = stateOf(transport, stateText, remote !== undefined);
  gathered.rows.push({
    transport,
    local: place.address,
    port: place.port,
    ...(remote === undefined ? {} : { remote }),
    state,
    acceptsIPv4:
      transport === 'raw' && place.address.family === 6 ? 'no' : acceptsOf(place, localText),
    owner:
      processes === undefined || processes.length === 0
        ? ownersShown
          ? 'not-named'
          : 'not-shown'
        : processes.map((each) => (unit === undefined ? each : { ...each, unit })),
    ...(uid === undefined
      ? /(?:^|\s)ino:[1-9]/.test(details)
        ? { user: { uid: 0 } }
        : {}
      : { user: { uid: Number(uid) } }),
    ...(place.device === undefined ? {} : { device: place.device }),
    ...(state === 'listening' ? { backlog: Number(sendQueue) } : {}),
    line: line.number,
  });
}

/** Raw sockets have a protocol by name or number in place of the port. */
function placeOf(text: string, transport: Transport, star: Star): Place | string {
  if (transport !== 'raw') return parsePlace(text, transport, star);
  const at = text.lastIndexOf(':');
  const word = text.slice(at + 1);
  const protocol = RAW_NAMES.get(word) ?? (/^\d{1,3}$/.test(word) ? Number(word) : 256);
  if (protocol > 255) return 'the protocol is a name: use ss -n';
  return parseHost(text.slice(0, at), protocol, 'ipv6');
}

const RAW_NAMES: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['ipv6-icmp', 58],
  ['ospf', 89],
]);

function acceptsOf({ address }: Place, text: string): ForeignRow['acceptsIPv4'] {
  if (address.family === 4 || /^\*(%[^:]*)?:/.test(text)) return 'yes';
  // Old versions print both kinds as `:::22`.
  return text.startsWith(':::') ? 'judge' : 'no';
}

function stateOf(transport: Transport, word: string, connected: boolean): ForeignRow['state'] {
  const known = parseState(word);
  if (transport === 'tcp' || transport === 'sctp' || transport === 'dccp') {
    if (word === 'UNCONN') return connected ? 'closed' : 'bound';
    return known ?? (connected ? 'unknown' : 'bound');
  }
  return connected ? 'connected' : 'bound';
}

/** One entry a process, whichever of its files; undefined where the list is not of its form. */
function parseUsers(text: string): Process[] | undefined {
  if (!text.includes('users:(')) return [];
  const inner = USERS.exec(text)?.[1];
  if (inner === undefined) return undefined;
  const list = `(${inner})`;
  const processes = new Map<number, Process>();
  let end = 0;
  for (const match of list.matchAll(USER)) {
    if (match.index !== end) return undefined;
    end = match.index + match[0].length + 1;
    const pid = Number(match[2]);
    processes.set(pid, { pid, name: match[1]!, commandLine: [] });
  }
  return end === list.length + 1 ? [...processes.values()] : undefined;
}

function unitOf(cgroup: string | undefined): string | undefined {
  const last = cgroup?.split('/').at(-1);
  return last !== undefined && /\.(service|socket|scope)$/.test(last) ? last : undefined;
}
