/**
 * `netstat -anp`, `-tulpn` of Linux net-tools and BusyBox, with `-e` (user, inode) and `-o`
 * (timer). Columns after the addresses are told by shape:
 *
 *     tcp6       0      0 :::22                   :::*                    LISTEN      700/sshd: /usr/sbin
 *     udp        0      0 0.0.0.0:68              0.0.0.0:*                           -
 */
import type { Transport } from '../../../model/transport.ts';
import type { ForeignFormat, ForeignRow, Gathered, Line, Place } from './row.ts';
import { parseHost, parsePeer, parsePlace, parseState, unread } from './row.ts';

const ROW =
  /^\s*(tcp|udp|udplite|raw|sctp)(6?)\s+\d+\s+\d+\s+(\S+:[\w*-]+)\s+(\S+:[\w*-]+)(?:\s+(\S.*?))?\s*$/;
const UNIX_ROW = /^unix\s+\d+\s/;
const UNIX_TITLE = /^Active UNIX domain sockets\b/;
const HEADING = /^\s*Proto\s+(Recv-Q|RefCnt)\b|^Active .*\b(connections|sockets)\b/i;
const OWNER = /(?:^|\s)(?:(\d+)\/(.*?)|-)$/;
const TIMER = /\s+\w+ \([\d.]+\/\d+\/\d+\)$/;
/** net-tools prints at most so many characters of address and port, unless asked with -W. */
const CUT = 23;

export const LINUX_NETSTAT: ForeignFormat = {
  id: 'linux-netstat',
  name: 'netstat of Linux',
  recognises: (line) => ROW.test(line) || UNIX_ROW.test(line) || UNIX_TITLE.test(line),
  read,
};

function read(lines: readonly Line[], gathered: Gathered): void {
  let ownersShown = false;
  lines.forEach((line, index) => {
    const { text } = line;
    if (/PID\/Program/.test(text)) ownersShown = true;
    if (/have to be root|not all processes could be identified/i.test(text)) {
      gathered.remarks.add('not-elevated');
      return;
    }
    // A translated title stands right above the headings.
    if (HEADING.test(text) || (!/\d/.test(text) && HEADING.test(lines[index + 1]?.text ?? '')))
      return;
    if (UNIX_ROW.test(text)) {
      gathered.passedOver++;
      return;
    }
    const match = ROW.exec(text);
    if (match === null) unread(gathered, line, 'no row');
    else readRow(match, line, ownersShown, gathered);
  });
}

function readRow(
  match: RegExpExecArray,
  line: Line,
  ownersShown: boolean,
  gathered: Gathered,
): void {
  const [, name = '', six = '', localText = '', peerText = '', rest = ''] = match;
  const transport = name as Transport;
  const place = placeOf(localText, transport, six === '6');
  if (typeof place === 'string') {
    unread(gathered, line, place);
    return;
  }
  if (place.address.family === 6 && localText.length === CUT) gathered.remarks.add('addresses-cut');
  const remote = transport === 'raw' ? rawPeer(peerText) : parsePeer(peerText, transport);
  const { stateText, ...tail } = parseRest(rest, ownersShown);
  const connected = remote !== undefined;
  gathered.rows.push({
    transport,
    local: place.address,
    port: place.port,
    ...(remote === undefined ? {} : { remote }),
    ...stateOf(transport, stateText, connected),
    acceptsIPv4: place.address.family === 4 ? 'yes' : 'judge',
    ...tail,
    ...(place.device === undefined ? {} : { device: place.device }),
    line: line.number,
  });
}

/** A raw socket shows its protocol where others show the port, by name unless asked for numbers. */
function placeOf(text: string, transport: Transport, six: boolean): Place | string {
  const star = six ? 'ipv6' : 'ipv4';
  if (transport !== 'raw') return parsePlace(text, transport, star);
  const at = text.lastIndexOf(':');
  const protocol = RAW_NAMES.get(text.slice(at + 1)) ?? Number(text.slice(at + 1));
  if (!(protocol >= 0 && protocol <= 255)) return 'the protocol is a name: show numbers instead';
  return parseHost(text.slice(0, at), protocol, star);
}

const RAW_NAMES: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['ipv6-icmp', 58],
  ['ospf', 89],
  ['vrrp', 112],
]);

function rawPeer(text: string): ForeignRow['remote'] {
  const host = text.slice(0, text.lastIndexOf(':'));
  return host === '0.0.0.0' || host === '::' || host === '*'
    ? undefined
    : { address: host, port: 0 };
}

function stateOf(
  transport: Transport,
  word: string,
  connected: boolean,
): Pick<ForeignRow, 'state' | 'stateText'> {
  if (transport !== 'tcp' && transport !== 'sctp')
    return { state: connected ? 'connected' : 'bound' };
  const known = parseState(word);
  if (known !== undefined) return { state: known };
  // Translated: without a peer only a listening socket is shown.
  return connected ? { state: 'unknown', stateText: word } : { state: 'listening' };
}

/** `LISTEN  0  12345  700/sshd  off (0.00/0/0)`, each part of which may lack. */
function parseRest(
  rest: string,
  ownersShown: boolean,
): Pick<ForeignRow, 'owner' | 'user'> & { stateText: string } {
  let text = rest.replace(TIMER, '');
  const owner = OWNER.exec(text);
  if (owner !== null) text = text.slice(0, owner.index);
  const words = text.split(/\s+/).filter((word) => word !== '');
  const inode = /^\d+$/.test(words.at(-1) ?? '') && words.length >= 2 ? words.pop() : undefined;
  const user = inode === undefined ? undefined : words.pop();
  return {
    stateText: words.join(' '),
    owner: ownerOf(owner, ownersShown),
    ...(user === undefined
      ? {}
      : { user: /^\d+$/.test(user) ? { uid: Number(user) } : { name: user } }),
  };
}

function ownerOf(match: RegExpExecArray | null, ownersShown: boolean): ForeignRow['owner'] {
  const [, pid, name = ''] = match ?? [];
  if (pid !== undefined) return [{ pid: Number(pid), name, commandLine: [] }];
  return match !== null || ownersShown ? 'not-named' : 'not-shown';
}
