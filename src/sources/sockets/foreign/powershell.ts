/**
 * `Get-NetTCPConnection` and `Get-NetUDPEndpoint` of PowerShell as a table or as a list. A cell of
 * a table stands below its heading, text from where the heading begins, numbers to where it ends:
 *
 *     LocalAddress LocalPort RemoteAddress RemotePort State  OwningProcess
 *     ------------ --------- ------------- ---------- -----  -------------
 *     ::               49668 ::                     0 Listen          1234
 *
 * Names of properties and states are English everywhere.
 */
import { addRecord, type Value } from './records.ts';
import type { ForeignFormat, Gathered, Line } from './row.ts';
import { unread } from './row.ts';

const HEADING = /^\s*(?:\w+\s+)*Local(?:Address|Port)\b(?:\s+\w+)+\s*$/;
const RULE = /^\s*-{3,}(?:\s+-{3,})+\s*$/;
const PAIR = /^\s*(\w{2,40})\s*: ?(.*?)\s*$/;
const BARE_ROW =
  /^([\da-f:.]*[:.][\da-f:.%\w]*)\s+(\d{1,5})\s+([\da-f:.]*[:.][\da-f:.%\w]*)\s+(\d{1,5})\s+(Listen|Bound|Established|TimeWait|CloseWait|SynSent|SynReceived|FinWait[12]|Closing|LastAck|Closed|DeleteTCB)\b(.*)$/;

interface Column {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export const POWERSHELL: ForeignFormat = {
  id: 'powershell',
  name: 'Get-NetTCPConnection or Get-NetUDPEndpoint',
  recognises: (line) =>
    HEADING.test(line) || BARE_ROW.test(line) || /^\s*LocalAddress\s*: /.test(line),
  read,
};

function read(lines: readonly Line[], gathered: Gathered): void {
  let columns: readonly Column[] | undefined;
  let record: Map<string, Value> | undefined;
  let first: Line | undefined;
  const close = (): void => {
    if (record !== undefined && first !== undefined) addRecord(record, first, gathered);
    record = undefined;
  };
  for (const line of lines) {
    if (line.text.trim() === '') close();
    else if (HEADING.test(line.text)) columns = columnsOf(line.text);
    else if (RULE.test(line.text)) continue;
    else if (columns !== undefined) addRecord(cellsOf(line.text, columns), line, gathered);
    else {
      const bare = BARE_ROW.exec(line.text);
      const pair = PAIR.exec(line.text);
      if (bare !== null) addRecord(bareRecord(bare), line, gathered);
      else if (pair === null) unread(gathered, line, 'no row');
      else {
        const [, key = '', value = ''] = pair;
        if (record?.has(key)) close();
        if (record === undefined) {
          record = new Map();
          first = line;
        }
        record.set(key, value);
      }
    }
  }
  close();
}

function columnsOf(heading: string): Column[] {
  return [...heading.matchAll(/\w+/g)].map((match) => ({
    name: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** Each word belongs to the heading that begins or ends where it does, or else lies nearest. */
function cellsOf(text: string, columns: readonly Column[]): Map<string, Value> {
  const cells = new Map<string, Value>();
  const words = [...text.matchAll(/\S+/g)];
  const exact = words.length === columns.length;
  words.forEach((match, index) => {
    const start = match.index;
    const end = start + match[0].length;
    const column = exact
      ? columns[index]
      : (columns.find((each) => each.start === start || each.end === end) ??
        columns.findLast((each) => each.start <= start));
    if (column !== undefined && !cells.has(column.name)) cells.set(column.name, match[0]);
  });
  return cells;
}

/** Rows that were pasted without their heading, in the order that PowerShell prints. */
function bareRecord([
  ,
  local = '',
  port = '',
  remote = '',
  remotePort = '',
  state = '',
  rest = '',
]: RegExpExecArray): Map<string, Value> {
  const pid = /\s(\d+)\s*$/.exec(rest)?.[1];
  return new Map<string, Value>([
    ['LocalAddress', local],
    ['LocalPort', port],
    ['RemoteAddress', remote],
    ['RemotePort', remotePort],
    ['State', state],
    ...(pid === undefined ? [] : ([['OwningProcess', pid]] as const)),
  ]);
}
