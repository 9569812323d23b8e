/**
 * `netstat -a[bnoqt]` of Windows in any language: columns are told by their shape, since headings
 * and state words are translated and code pages garble them.
 *
 *     TCP    [::]:445               [::]:0                 LISTENING       4
 *     UDP    [fe80::1%12]:1900      *:*                                    5216
 *
 * A TCP socket without a peer (port 0) listens, unless the word says that it is bound only (`-q`).
 * With `-b` the lines below a row name the services and, in brackets, the program; a sentence in
 * their place says that the owner could not be obtained.
 */
import type { Process } from '../../../model/process.ts';
import {
  type ForeignFormat,
  type ForeignRow,
  type Gathered,
  type Line,
  parsePeer,
  parsePlace,
  parseState,
  unread,
} from './row.ts';

const ROW = /^\s*(TCP|UDP)(?:v6)?\s+(\S+:\S+)\s+(\S+:\S+)(?:\s+(\S.*))?$/;
const PROGRAM = /^\s*\[([^\]]{1,260})\]\s*$/;
const SERVICE = /^\s+([\w.$-]{1,80})\s*$/;
/** A heading in any language: four columns or more without a digit in them. */
const HEADING = /^\s*[^\d\s]+(?:\s{2,}[^\d\s]+(?:\s[^\d\s]+)*){3,}\s*$/;
/** Stacks of modules, which old versions print with -b. */
const MODULE = /^\s*([A-Za-z]:\\|--)/;

/** Listening and bound in languages whose Windows translates them. */
const WAITING: ReadonlyMap<string, ForeignRow['state']> = new Map([
  ['ABHÖREN', 'listening'],
  ['GEBUNDEN', 'bound'],
  ['ESCUTANDO', 'listening'],
  ['ESCUCHANDO', 'listening'],
  ['NASŁUCHIWANIE', 'listening'],
  ['NASLOUCHÁNÍ', 'listening'],
]);
const CONNECTED: ReadonlyMap<string, ForeignRow['state']> = new Map([
  ['HERGESTELLT', 'established'],
  ['WARTEND', 'time-wait'],
  ['SCHLIESSEN_WARTEN', 'close-wait'],
  ['SYN_GESENDET', 'syn-sent'],
  ['FIN_WARTEN_1', 'fin-wait-1'],
  ['FIN_WARTEN_2', 'fin-wait-2'],
  ['USTANOWIONO', 'established'],
  ['NAVÁZÁNO', 'established'],
]);

/** A row whose owner may follow on the next lines. */
interface Open {
  readonly row: ForeignRow;
  readonly pid: number | undefined;
  readonly services: string[];
  program?: string;
  refused: boolean;
}

export const WINDOWS_NETSTAT: ForeignFormat = {
  id: 'windows-netstat',
  name: 'netstat of Windows',
  recognises: (line) => ROW.test(line),
  read,
};

function read(lines: readonly Line[], gathered: Gathered): void {
  const opened: Open[] = [];
  let last: Open | undefined;
  lines.forEach((line, index) => {
    const match = ROW.exec(line.text);
    if (match !== null) {
      const row = parseRow(match, line, gathered);
      last = row;
      if (row !== undefined) opened.push(row);
    } else if (!isHeading(line.text, lines[index + 1]?.text) && !readOwner(line, last)) {
      unread(gathered, line, 'no row');
    }
  });
  settleWords(opened, gathered);
  for (const each of opened) gathered.rows.push({ ...each.row, owner: ownerOf(each) });
}

/** A row of headings, or the title above one. */
function isHeading(text: string, next: string | undefined): boolean {
  return HEADING.test(text) || (!/\d/.test(text) && next !== undefined && HEADING.test(next));
}

function parseRow(
  [, proto = '', localText = '', peerText = '', rest = '']: RegExpExecArray,
  line: Line,
  gathered: Gathered,
): Open | undefined {
  const transport = proto === 'TCP' ? 'tcp' : 'udp';
  const place = parsePlace(localText, transport);
  if (typeof place === 'string') {
    unread(gathered, line, place);
    return undefined;
  }
  const words = rest.split(/\s+/).filter((word) => word !== '');
  const at = words.findIndex((word) => /^\d{1,10}$/.test(word));
  const stateText = (at < 0 ? words : words.slice(0, at)).join(' ');
  const remote = parsePeer(peerText, transport);
  const row: ForeignRow = {
    transport,
    local: place.address,
    port: place.port,
    ...(remote === undefined ? {} : { remote }),
    ...stateOf(transport, stateText, remote !== undefined),
    // A dual-stack socket has a row of its own for IPv4.
    acceptsIPv4: place.address.family === 4 ? 'yes' : 'no',
    owner: 'not-shown',
    ...(place.device === undefined ? {} : { device: place.device }),
    line: line.number,
  };
  return { row, pid: at < 0 ? undefined : Number(words[at]), services: [], refused: false };
}

function stateOf(
  transport: string,
  word: string,
  connected: boolean,
): Pick<ForeignRow, 'state' | 'stateText'> {
  if (transport === 'udp') return { state: connected ? 'connected' : 'bound' };
  const known = parseState(word) ?? (connected ? CONNECTED : WAITING).get(word.toUpperCase());
  if (connected) {
    return known === undefined || known === 'listening'
      ? { state: 'unknown', ...(word === '' ? {} : { stateText: word }) }
      : { state: known };
  }
  if (known === undefined) return { state: 'listening', stateText: word };
  return { state: known };
}

/**
 * With `-q` sockets that are bound only stand beside listening ones. Where two words that nobody
 * knows occur without a peer, which of them means listening cannot be told.
 */
function settleWords(opened: readonly Open[], gathered: Gathered): void {
  const words = new Set<string>();
  for (const { row } of opened) {
    if (row.transport === 'tcp' && row.remote === undefined && row.stateText !== undefined) {
      words.add(row.stateText);
    }
  }
  if (words.size > 1) gathered.remarks.add('state-words-unknown');
}

/** Whether the line belongs to the row above. */
function readOwner({ text }: Line, last: Open | undefined): boolean {
  if (last === undefined) return false;
  const program = PROGRAM.exec(text)?.[1];
  if (program !== undefined) {
    last.program = program;
    return true;
  }
  if (MODULE.test(text)) return true;
  const service = SERVICE.exec(text)?.[1];
  if (service !== undefined && last.program === undefined) {
    last.services.push(service);
    return true;
  }
  // A sentence of several words, indented or not, right below a row: no owner could be obtained.
  if (last.program === undefined && !last.refused && /^\s?\S+(\s\S+){2,}\s*$/.test(text)) {
    last.refused = true;
    return true;
  }
  return false;
}

function ownerOf({ pid, program, services, refused }: Open): ForeignRow['owner'] {
  if (pid === undefined && program === undefined) return refused ? 'not-named' : 'not-shown';
  const process: Process = {
    ...(pid === undefined ? {} : { pid }),
    name: program ?? (pid === 4 ? 'System' : ''),
    commandLine: [],
    ...(services.length === 0 ? {} : { services }),
  };
  return [process];
}
