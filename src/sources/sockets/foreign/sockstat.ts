/**
 * `sockstat` of FreeBSD, with or without `-l`, `-4`, `-6`, `-s` (state at the end):
 *
 *     USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS         FOREIGN ADDRESS
 *     root     sshd         700 3   tcp6   *:22                  *:*
 *
 * IPv6 addresses carry no brackets; the port follows the last colon. `?` stands for what belongs
 * to no process. The columns are matched from the right, so that a command's blanks do no harm.
 */
import type { Transport } from '../../../model/transport.ts';
import type { ForeignFormat, ForeignRow, Gathered, Line } from './row.ts';
import { parsePeer, parsePlace, parseState, readRows, unread } from './row.ts';

const HEADING = /^USER\s+COMMAND\s+PID\s+FD\s+PROTO\s/;
const ROW =
  /^(\S+)\s+(\S.*)\s+(\d+|\?)\s+(\d+|\?)\s+(tcp|udp|sctp|udplite)(4|6|46)?\s+(\S+:\S+)\s+(\S+:\S+)((?:\s+\S+)*)\s*$/;
const OTHER_ROW = /\s(?:stream|dgram|seqpac|divert\d?|icm\d?|raw\d?)\b/;

export const SOCKSTAT: ForeignFormat = {
  id: 'sockstat',
  name: 'sockstat of FreeBSD',
  recognises: (line) => HEADING.test(line) || ROW.test(line),
  read: (lines, gathered) =>
    readRows(lines, gathered, { heading: HEADING, row: ROW, otherRow: OTHER_ROW }, readRow),
};

function readRow(match: RegExpExecArray, line: Line, gathered: Gathered): void {
  const [
    ,
    userText = '',
    command = '',
    pid = '',
    ,
    name = '',
    family = '',
    localText = '',
    peerText = '',
    rest = '',
  ] = match;
  const transport = name as Transport;
  const place = parsePlace(localText, transport, family.includes('6') ? 'ipv6' : 'ipv4');
  if (typeof place === 'string') {
    unread(gathered, line, place);
    return;
  }
  const remote = parsePeer(peerText, transport);
  const user =
    userText === '?'
      ? undefined
      : /^\d+$/.test(userText)
        ? { uid: Number(userText) }
        : { name: userText };
  gathered.rows.push({
    transport,
    local: place.address,
    port: place.port,
    ...(remote === undefined ? {} : { remote }),
    state: stateOf(transport, rest, remote !== undefined),
    acceptsIPv4: family === '46' || place.address.family === 4 ? 'yes' : 'no',
    owner:
      pid === '?'
        ? 'not-named'
        : [
            {
              pid: Number(pid),
              name: command.trim(),
              commandLine: [],
              ...(user === undefined ? {} : { user }),
            },
          ],
    ...(user === undefined ? {} : { user }),
    ...(place.device === undefined ? {} : { device: place.device }),
    line: line.number,
  });
}

/** Without `-s` a socket that has no peer is taken for a listening one. */
function stateOf(transport: Transport, rest: string, connected: boolean): ForeignRow['state'] {
  if (transport !== 'tcp' && transport !== 'sctp') return connected ? 'connected' : 'bound';
  for (const word of rest.split(/\s+/)) {
    const state = word === '' ? undefined : parseState(word);
    if (state !== undefined) return state;
  }
  return connected ? 'unknown' : 'listening';
}
