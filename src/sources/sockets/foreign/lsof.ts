/**
 * `lsof -i` as a table, and as fields (`-F`, also with NUL between them).
 *
 *     sshd  700 root  3u  IPv4  12345  0t0  TCP *:22 (LISTEN)
 *
 * Fields: a letter and its value a line; `p` begins a process, `f` a file. Where `f` was not asked
 * for, the first repeated letter begins the next file.
 */
import type { Process } from '../../../model/process.ts';
import type { Transport } from '../../../model/transport.ts';
import type { User } from '../../../model/user.ts';
import type { ForeignFormat, ForeignRow, Gathered, Line } from './row.ts';
import { parsePeer, parsePlace, parseState, readRows, unread } from './row.ts';

const HEADING = /^COMMAND\s+PID\s.*\bNAME\s*$/;
const ROW =
  /^(\S+)\s+(\d+)(?:\s+\d+)*\s+(\S+)\s+\d+[a-zA-Z ]?\s*(?:[a-zA-Z]\s+)?(IPv[46])\s+\S+\s+\S+\s+(TCP|UDP|UDPLITE|SCTP)\s+(\S+)(?:\s+\((.*?)\))?.*$/;
const OTHER_ROW = /^\S+\s+\d+(?:\s+\d+)*\s+\S+\s+(?:\d+[a-zA-Z]?|cwd|rtd|txt|mem|NOFD)\s+\S+\s/;

export const LSOF: ForeignFormat = {
  id: 'lsof',
  name: 'lsof',
  recognises: (line) => HEADING.test(line) || ROW.test(line),
  read: (lines, gathered) =>
    readRows(lines, gathered, { heading: HEADING, row: ROW, otherRow: OTHER_ROW }, readRow),
};

function readRow(match: RegExpExecArray, line: Line, gathered: Gathered): void {
  const [, command = '', pid, userText = '', type = '', protocol = '', name = '', state] = match;
  const user = /^\d+$/.test(userText) ? { uid: Number(userText) } : { name: userText };
  const process: Process = { pid: Number(pid), name: unescapeName(command), commandLine: [], user };
  addFile({ type, protocol, name, state: state ?? '', process, user, line }, gathered);
}

/** lsof writes a blank in a name as `\x20`, control characters as `\n`, `^[` and so on. */
function unescapeName(text: string): string {
  return text.replace(/\\x([\da-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

export interface LsofFile {
  readonly type: string;
  readonly protocol: string;
  readonly name: string;
  readonly state: string;
  readonly process: Process;
  readonly user?: User;
  readonly line: Line;
}

/** Adds one Internet socket as lsof shows it, from a table, fields or JSON. */
export function addFile(file: LsofFile, gathered: Gathered): void {
  const transport = file.protocol.toLowerCase() as Transport;
  if (!/^(tcp|udp|udplite|sctp)$/.test(transport)) {
    gathered.passedOver++;
    return;
  }
  const arrow = file.name.indexOf('->');
  const localText = (arrow < 0 ? file.name : file.name.slice(0, arrow)).trim();
  const six = file.type === 'IPv6';
  const place = parsePlace(localText, transport, six ? 'ipv6' : 'ipv4');
  if (typeof place === 'string') {
    unread(gathered, file.line, place);
    return;
  }
  const remote = arrow < 0 ? undefined : parsePeer(file.name.slice(arrow + 2).trim(), transport);
  gathered.rows.push({
    transport,
    local: place.address,
    port: place.port,
    ...(remote === undefined ? {} : { remote }),
    state: stateOf(transport, file.state, remote !== undefined),
    acceptsIPv4: six && place.address.family === 6 ? 'judge' : 'yes',
    owner: [file.process],
    ...(file.user === undefined ? {} : { user: file.user }),
    ...(place.device === undefined ? {} : { device: place.device }),
    line: file.line.number,
  });
}

function stateOf(transport: Transport, word: string, connected: boolean): ForeignRow['state'] {
  if (transport !== 'tcp' && transport !== 'sctp') return connected ? 'connected' : 'bound';
  return parseState(word) ?? (connected ? 'unknown' : 'bound');
}

const FIELD = /^([a-zA-Z0])(.*)$/s;

export const LSOF_FIELDS: ForeignFormat = {
  id: 'lsof-fields',
  name: 'lsof -F',
  recognises: (line) => /^p\d+$/.test(line) || /^TST=\w+$/.test(line),
  read(lines, gathered) {
    let process: Map<string, Line> = new Map();
    let file: Map<string, Line> = new Map();
    let inFile = false;
    const close = (): void => {
      if (file.size > 0) closeFile(process, file, gathered);
      file = new Map();
    };
    for (const line of lines) {
      const match = FIELD.exec(line.text);
      if (match === null) {
        unread(gathered, line, 'no field');
        continue;
      }
      const letter = match[1] === 'T' ? (line.text.startsWith('TST=') ? 'TST' : 'T') : match[1]!;
      if (letter === 'p') {
        close();
        process = new Map([['p', line]]);
        inFile = false;
      } else if (!inFile && /^[cuLgRKMZ]$/.test(letter)) {
        process.set(letter, line);
      } else {
        if (letter === 'f' || (letter !== 'T' && file.has(letter))) close();
        inFile = true;
        file.set(letter, line);
      }
    }
    close();
  },
};

function closeFile(
  process: ReadonlyMap<string, Line>,
  file: ReadonlyMap<string, Line>,
  gathered: Gathered,
): void {
  const value = (fields: ReadonlyMap<string, Line>, letter: string): string | undefined =>
    fields.get(letter)?.text.slice(1);
  const name = file.get('n');
  const pid = value(process, 'p');
  const protocol = value(file, 'P');
  if (name === undefined || pid === undefined || protocol === undefined) {
    const [first] = file.values();
    const incomplete = protocol !== undefined || /^[^/]*:\d+(->|$)/.test(value(file, 'n') ?? '');
    if (first !== undefined && incomplete)
      unread(gathered, first, 'a file without its process, protocol or name');
    else gathered.passedOver++;
    return;
  }
  const uid = value(process, 'u');
  const login = value(process, 'L');
  const user: User | undefined =
    uid === undefined && login === undefined
      ? undefined
      : {
          ...(uid === undefined ? {} : { uid: Number(uid) }),
          ...(login === undefined ? {} : { name: login }),
        };
  addFile(
    {
      type: value(file, 't') ?? '',
      protocol,
      name: name.text.slice(1),
      state: file.get('TST')?.text.slice(4) ?? '',
      process: {
        pid: Number(pid),
        name: unescapeName(value(process, 'c') ?? ''),
        commandLine: [],
        ...(user === undefined ? {} : { user }),
      },
      ...(user === undefined ? {} : { user }),
      line: name,
    },
    gathered,
  );
}
