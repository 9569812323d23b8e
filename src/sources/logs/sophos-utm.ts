/**
 * Sophos UTM's packet filter, key and value:
 *
 *   2026:10:03-10:00:01 utm ulogd[9]: id="2001" severity="info" sys="SecureNet" sub="packetfilter"
 *   name="Packet dropped" action="drop" fwrule="60002" initf="eth1" outitf="eth0" srcip="A" dstip="B"
 *   proto="6" length="40" … srcport="p" dstport="p" tcpflags="SYN"
 *
 * Traps: numbers of rules from 60000 on are the device's own; ICMP has `type` and `code` where ports
 * stand; requests of DNS and the like, which are also noted here, are no verdict.
 */
import { ALLOW, BY_SOURCE, DENY } from '../../model/verdict.ts';
import { BAD_NUMBER, CUT_OFF, type Line, READ, SILENT } from './format.ts';
import { KeyTable } from './key-table.ts';
import { KeyedValues, NO_NUMBER } from './keyed-values.ts';
import { octetsOf } from './scan.ts';

const values = new KeyedValues([
  ...['action', 'fwrule', 'initf', 'outitf', 'srcip', 'dstip', 'proto', 'length', 'srcport'],
  ...['dstport', 'type', 'code', 'tcpflags', 'name'],
]);
const key = (name: string): number => values.key(name);
const ACTION = key('action');
const NEEDED = [ACTION, key('srcip'), key('dstip'), key('proto')];
const LENGTH = key('length');
const FLAGS = key('tcpflags');
const ACTIONS = new KeyTable(['accept', 'drop', 'reject']);
const FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'].map(octetsOf);
const TCP = 6;

/** Reads the message the cursor is at. */
export function readUtm(line: Line): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  values.read(scan);
  if (values.cut || NEEDED.some((number) => !values.has(number))) {
    if (values.cut || !values.has(ACTION)) return CUT_OFF;
    line.label = values.text(line, key('name'));
    return SILENT;
  }
  const action = ACTIONS.of(bytes, values.starts[ACTION]!, values.ends[ACTION]!);
  if (action < 0) {
    line.label = values.text(line, ACTION);
    return SILENT;
  }
  const row = batch.begin();
  batch.action[row] = action === 0 ? ALLOW : DENY;
  const fault =
    values.putEnds(line, row, key('srcip'), key('dstip'), key('proto')) ||
    values.putPorts(line, row, key('srcport'), key('dstport')) ||
    values.putMessage(line, row, key('type'), key('code'));
  if (fault !== 0) return fault;
  const length = values.number(bytes, LENGTH, 0xffffffff);
  if (length === NO_NUMBER) return BAD_NUMBER;
  batch.bytes[row] = length;
  batch.packets[row] = length < 0 ? -1 : 1;
  batch.rule[row] = values.word(line, key('fwrule'));
  batch.inInterface[row] = values.word(line, key('initf'));
  batch.outInterface[row] = values.word(line, key('outitf'));
  if (batch.protocol[row] === TCP && values.has(FLAGS)) flags(line, row);
  batch.commit();
  return READ;
}

/** `ACK SYN`. */
function flags({ scan, batch }: Line, row: number): void {
  let sum = 0;
  for (let at = values.starts[FLAGS]!; at < values.ends[FLAGS]!; at++) {
    FLAG_NAMES.forEach((name, bit) => {
      if (scan.isAt(name, at)) sum |= 1 << bit;
    });
  }
  batch.tcpFlags[row] = sum;
  if ((sum & 0x12) === 2) batch.initiator[row] = BY_SOURCE;
  else if ((sum & 0x12) === 0x12) batch.initiator[row] = 2;
}
