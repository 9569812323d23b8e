/**
 * The Log Event Extended Format, by IBM's description; Check Point, Palo Alto Networks and others
 * export it:
 *
 *   LEEF:1.0|vendor|product|version|event id|src=A<tab>srcPort=p<tab>dst=B<tab>dstPort=p<tab>proto=TCP …
 *   LEEF:2.0|vendor|product|version|event id|^|src=A^srcPort=p^…
 *
 * Traps: version 2 names what stands between pairs, as itself (`^`), by its code (`x5E`, `0x5E`), or
 * not at all; relays write a tab as `#011`; some write `|` between pairs of version 1; the event's id
 * is the action with firewalls, which the format has no key for; the form of `devTime` is the
 * sender's own; nothing says that a line is whole.
 */
import { DelimitedPairs } from './delimited-pairs.ts';
import { EventColumns } from './event-columns.ts';
import { CUT_OFF, type Line, type LogFormat, OTHER } from './format.ts';
import { octetsOf, type Scan } from './scan.ts';

const TAB = 0x09;
const SPACE = 0x20;
const PIPE = 0x7c;
const MARK = octetsOf('LEEF:');
const ESCAPED_TAB = octetsOf('#011');
const ONE = octetsOf('1.0|');
const TWO = octetsOf('2.0|');

export class Leef implements LogFormat {
  readonly name = 'leef';
  private pairs: DelimitedPairs | undefined;
  private readonly columns = new EventColumns(
    {
      ...{ source: 'src', destination: 'dst', sourcePort: 'srcPort', destinationPort: 'dstPort' },
      ...{ protocol: 'proto', action: 'action|act', count: 'RepeatCount', category: 'cat' },
      ...{ rule: 'rule_name|RuleName|Rule|policy', ruleId: 'rule_uid', interface: 'ifname' },
      ...{ inInterface: 'IngressInterface|InboundInterface', direction: 'ifdir' },
      ...{ outInterface: 'EgressInterface|OutboundInterface', reason: 'SessionEndReason' },
      ...{ inZone: 'SourceZone|FromZone|srcZone|inzone', device: 'DeviceName|dvchost' },
      ...{ outZone: 'DestinationZone|ToZone|dstZone|outzone', subtype: 'Subtype|SubType' },
      ...{
        application: 'Application|appi_name',
        service: 'app',
        time: 'devTime',
        type: 'icmp_type',
      },
      ...{ code: 'icmp_code', packets: 'totalPackets', packetsSent: 'srcPackets' },
      ...{ packetsBack: 'dstPackets', bytes: 'totalBytes|Bytes', bytesSent: 'srcBytes' },
      ...{ bytesBack: 'dstBytes', deltaSent: 'sentdelta', deltaBack: 'rcvddelta' },
    },
    [],
    (table) => {
      this.pairs = new DelimitedPairs(table);
      return this.pairs;
    },
  );

  read(line: Line): number {
    const { scan, head } = line;
    const found = scan.find(MARK, head.lineStart);
    if (found < 0) return OTHER;
    scan.at = found + MARK.length;
    scan.skipSpaces();
    const isSecond = scan.takeText(TWO);
    if (!isSecond && !scan.takeText(ONE)) return OTHER;
    if (!this.head(scan)) return CUT_OFF;
    this.pairs!.delimiter = isSecond ? stated(scan) : usual(scan);
    this.columns.values.read(scan);
    return this.columns.read(line);
  }

  /** Vendor, product, version and event id, each before `|`. */
  private head(scan: Scan): boolean {
    const { parts } = this.columns;
    for (let index = 0; index < 4; index++) {
      const end = scan.until(PIPE);
      if (end === scan.end) return false;
      parts[index]!.start = scan.at;
      parts[index]!.end = end;
      scan.at = end + 1;
    }
    return true;
  }
}

/** Version 1 has tabs, but some put `|` there. */
function usual(scan: Scan): number {
  const { bytes, at, end } = scan;
  let pipe = -1;
  for (let next = at; next < end; next++) {
    if (bytes[next] === TAB) return TAB;
    if (bytes[next] === ESCAPED_TAB[0] && scan.isAt(ESCAPED_TAB, next)) return TAB;
    if (bytes[next] === PIPE && pipe < 0) pipe = next;
  }
  return pipe < 0 ? TAB : PIPE;
}

/** Passes the delimiter that version 2 names before another `|`; a tab where it names none. */
function stated(scan: Scan): number {
  const { bytes, at } = scan;
  const end = scan.until(PIPE);
  const length = end - at;
  if (end === scan.end || length > 4) return usual(scan);
  scan.at = end + 1;
  if (length === 1) return bytes[at] === SPACE ? usual(scan) : bytes[at]!;
  const code = /^(?:0?[xX])([0-9a-fA-F]{1,2})$/.exec(
    String.fromCharCode(...bytes.subarray(at, end)),
  );
  if (code !== null) return Number.parseInt(code[1]!, 16);
  // A pair such as `a=b` is none.
  if (length > 0) scan.at = at;
  return length > 0 ? usual(scan) : TAB;
}
