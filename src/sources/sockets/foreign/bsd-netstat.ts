/**
 * `netstat -an`, `-anv` of macOS and FreeBSD: the port follows the last dot. With `-v` macOS adds
 * columns, of which three layouts are known; which one it is stands in the heading:
 *
 *     … (state) rhiwat shiwat pid epid …                        up to Sonoma
 *     … (state) rxbytes txbytes rhiwat shiwat pid epid …        Sequoia
 *     … (state) rxbytes txbytes rhiwat shiwat process:pid …     Tahoe; names may have spaces
 */
import type { Transport } from '../../../model/transport.ts';
import type { ForeignFormat, ForeignRow, Gathered, Line } from './row.ts';
import { parsePeer, parsePlace, parseState, unread } from './row.ts';

const ROW =
  /^\s*(tcp|udp|sctp|udplite)(4|6|46|6\(vrf\))?\s+\d+\s+\d+\s+((?:\S+\.)(?:\d{1,5}|\*|[\w-]+))\s+(\S+\.(?:\d{1,5}|\*|[\w-]+))(?:\s+(\S.*?))?\s*$/;
const HEADING = /^\s*Proto\s+Recv-Q\s+Send-Q\s+Local Address\s+Foreign Address\s+\(state\)(.*)$/;
const SECTION = /^(Active|Registered)\s/;
const INTERNET = /^Active Internet connections/;

export const BSD_NETSTAT: ForeignFormat = {
  id: 'bsd-netstat',
  name: 'netstat of macOS or FreeBSD',
  recognises: (line) => ROW.test(line) || HEADING.test(line),
  read,
};

/** Where the process stands among the numeric columns after the state. */
type Layout =
  | { readonly kind: 'pid'; readonly at: number }
  | { readonly kind: 'process'; readonly at: number }
  | undefined;

function layoutOf(columns: string): Layout {
  const names = columns.trim().split(/\s+/);
  const merged = names.indexOf('process:pid');
  if (merged >= 0) return { kind: 'process', at: merged };
  const at = names.indexOf('pid');
  return at < 0 ? undefined : { kind: 'pid', at };
}

function read(lines: readonly Line[], gathered: Gathered): void {
  let layout: Layout;
  let skipping = false;
  for (const line of lines) {
    const heading = HEADING.exec(line.text);
    if (heading !== null) {
      layout = layoutOf(heading[1] ?? '');
      skipping = false;
      continue;
    }
    if (SECTION.test(line.text)) {
      skipping = !INTERNET.test(line.text);
      continue;
    }
    const match = ROW.exec(line.text);
    if (match !== null) readRow(match, line, layout, gathered);
    else if (skipping) gathered.passedOver++;
    else unread(gathered, line, 'no row');
  }
}

function readRow(match: RegExpExecArray, line: Line, layout: Layout, gathered: Gathered): void {
  const [, name = '', family = '', localText = '', peerText = '', rest = ''] = match;
  const transport = name as Transport;
  const six = family.startsWith('6') || family === '46';
  const place = parsePlace(localText, transport, six ? 'ipv6' : 'ipv4', '.');
  if (typeof place === 'string') {
    unread(gathered, line, place);
    return;
  }
  const stateText = /^[A-Z][A-Z_0-9]+(?=\s|$)/.exec(rest)?.[0] ?? '';
  const remote = parsePeer(peerText, transport, '.');
  gathered.rows.push({
    transport,
    local: place.address,
    port: place.port,
    ...(remote === undefined ? {} : { remote }),
    state: stateOf(transport, stateText, remote !== undefined),
    acceptsIPv4: family === '46' || place.address.family === 4 ? 'yes' : 'no',
    owner: ownerOf(rest.slice(stateText.length), layout),
    ...(place.device === undefined ? {} : { device: place.device }),
    line: line.number,
  });
}

function stateOf(transport: Transport, word: string, connected: boolean): ForeignRow['state'] {
  if (transport !== 'tcp' && transport !== 'sctp') return connected ? 'connected' : 'bound';
  return parseState(word) ?? (connected ? 'unknown' : 'bound');
}

function ownerOf(columns: string, layout: Layout): ForeignRow['owner'] {
  if (layout === undefined) return 'not-shown';
  if (layout.kind === 'pid') {
    const pid = columns.trim().split(/\s+/)[layout.at] ?? '';
    if (!/^\d{1,10}$/.test(pid)) return 'not-named';
    return pid === '0' ? 'kernel' : [{ pid: Number(pid), name: '', commandLine: [] }];
  }
  // Numbers before, hexadecimal columns behind: what lies between is the name, colons and all.
  const all = ` ${columns}`;
  const before = new RegExp(`^(?:\\s+\\d+){${layout.at}}\\s+`).exec(all)?.[0] ?? '';
  const match = /^(.*):(\d{1,10})(?:\s+[\da-fx]+)*\s*$/.exec(all.slice(before.length));
  if (match === null) return 'not-named';
  const pid = Number(match[2]);
  return pid === 0 ? 'kernel' : [{ pid, name: match[1]!, commandLine: [] }];
}
