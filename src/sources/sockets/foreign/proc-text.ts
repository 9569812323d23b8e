/**
 * The text of Linux's /proc/net/{tcp,udp,…} saved or pasted, one table or several, as `head` and
 * `tail` print them with `==> /proc/net/tcp <==` between or as `grep . /proc/net/*` does. Where
 * nothing names a table it is told by its heading: that of UDP and raw sockets ends with `drops`. Of
 * these two, IPv4's are told apart by their blanks: raw sockets are numbered in four columns, not five.
 * Inode numbers name no process.
 */
import { formatAddress } from '../../../net/address.ts';
import { type ProcNetTransport, readProcNetLine } from '../proc-net.ts';
import type { ForeignFormat, Gathered, Line } from './row.ts';
import { unread } from './row.ts';

const ROW =
  /^\s*\d+: [\dA-F]{8}(?:[\dA-F]{24})?:[\dA-F]{4} [\dA-F]{8}(?:[\dA-F]{24})?:[\dA-F]{4} [\dA-F]{2} /;
const HEADING = /^\s*sl\s+local_address\s+rem(?:ote)?_address\s+st\s/;
const RAW_HEADING = /^ {2}sl +local_address rem_address /;
const RAW_ROW = /^(?=.{4}:) *\d+:/;
const FILE = /^(?:==> )?\S*\/?proc\/(?:\d+\/|self\/|thread-self\/)?net\/(\w+)(?: <==|:)?\s*$/;
const PREFIX = /^\S*\/net\/(\w+):(?=\s*(?:\d+: |sl ))/;

const STATES = [
  '',
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'closed',
  'close-wait',
  'last-ack',
  'listening',
  'closing',
  'syn-received',
] as const;

export const PROC_TEXT: ForeignFormat = {
  id: 'proc-net',
  name: 'tables of /proc/net',
  recognises: (line) =>
    HEADING.test(line) || ROW.test(line) || FILE.test(line) || PREFIX.test(line),
  read,
};

function read(lines: readonly Line[], gathered: Gathered): void {
  let table: ProcNetTransport | 'other' | undefined;
  let named = false;
  let perhapsRaw = false;
  for (const line of lines) {
    const file = FILE.exec(line.text)?.[1];
    const prefix = PREFIX.exec(line.text);
    if (file !== undefined || prefix !== null) {
      table = tableOf(file ?? prefix![1]!);
      named = true;
      perhapsRaw = false;
      if (file !== undefined) continue;
    }
    const text = prefix === null ? line.text : line.text.slice(prefix[0].length);
    if (HEADING.test(text)) {
      if (!named) {
        table = /\bdrops\s*$/.test(text) ? 'udp' : 'tcp';
        perhapsRaw = table === 'udp' && RAW_HEADING.test(text);
        gathered.remarks.add('table-kind-assumed');
      }
      continue;
    }
    if (table === 'other') gathered.passedOver++;
    else if (perhapsRaw && RAW_ROW.test(text)) readLine({ ...line, text }, 'raw', gathered);
    else readLine({ ...line, text }, table ?? 'tcp', gathered);
  }
}

function tableOf(name: string): ProcNetTransport | 'other' {
  const bare = name.replace(/6$/, '');
  return bare === 'tcp' || bare === 'udp' || bare === 'udplite' || bare === 'raw' ? bare : 'other';
}

function readLine(line: Line, table: ProcNetTransport, gathered: Gathered): void {
  // The machine is not known; those with octets the other way round are rare.
  const row = readProcNetLine(line.text, true);
  if (row === undefined) {
    unread(gathered, line, 'not of the form that Linux documents, or cut off');
    return;
  }
  const { local, remote, remotePort } = row;
  const connected = remotePort !== 0 || remote.words.some((word) => word !== 0);
  const state = STATES[row.state];
  gathered.rows.push({
    transport: table,
    local,
    port: row.port,
    ...(connected ? { remote: { address: formatAddress(remote), port: remotePort } } : {}),
    state:
      table === 'tcp'
        ? state === 'closed' && !connected
          ? 'bound'
          : state || 'unknown'
        : connected
          ? 'connected'
          : 'bound',
    acceptsIPv4: local.family === 4 ? 'yes' : 'judge',
    owner: row.inode === 0 ? 'not-named' : 'not-shown',
    user: { uid: row.uid },
    line: line.number,
  });
}
