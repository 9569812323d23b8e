/**
 * Events that a Cisco Secure Firewall Threat Defense sends itself (`%FTD-6-430002: …` where a
 * connection begins, `430003` where it ends; `430001` an intrusion, `430004` and `430005` a file;
 * `%NGIPS-` on older sensors), pairs of key and value:
 *
 *   EventPriority: Low, DeviceUUID: …, AccessControlRuleAction: Allow, SrcIP: A, DstIP: B,
 *   SrcPort: p, DstPort: p, Protocol: tcp, IngressInterface: …, AccessControlRuleName: …, …
 *
 * Traps: values hold blanks, colons and commas, so that a pair ends only where a comma and the next
 * key follow; ICMP's type and code are words (`ICMPType: Echo Request`), or numbers; what the
 * device's data plane logs itself has the messages of an ASA, in the same file; `Allow` with the
 * reason `Intrusion Block` was let through by the rule and stopped later; `Monitor` decides nothing;
 * intrusions and files are refused only where `InlineResult` or `FileAction` says so, and only seen
 * otherwise, in a connection that has its own events.
 */
import { ALLOW, BY_SOURCE, DENY, END, OPEN } from '../../model/verdict.ts';
import { BAD_ACTION, CUT_OFF, type Line, READ, SILENT } from './format.ts';
import { KeyTable } from './key-table.ts';
import { KeyedValues, type Pairs } from './keyed-values.ts';
import type { Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const COMMA = 0x2c;
const LONGEST_KEY = 40;

/** Pairs whose values end where a comma, a blank and the next key follow, or with the line. */
class CommaPairs implements Pairs {
  key = -1;
  valueStart = 0;
  valueEnd = 0;
  cut = false;
  private readonly table: KeyTable;
  private isFirst = true;

  constructor(table: KeyTable) {
    this.table = table;
  }

  begin(): void {
    this.isFirst = true;
  }

  next(scan: Scan): boolean {
    const { bytes, end } = scan;
    if (this.isFirst) while (scan.at < end && bytes[scan.at] === SPACE) scan.at++;
    this.isFirst = false;
    const colon = keyEnd(scan, scan.at);
    if (colon < 0) return false;
    this.key = this.table.of(bytes, scan.at, colon);
    this.valueStart = Math.min(colon + 2, end);
    let stop = this.valueStart;
    while (stop < end && !(bytes[stop] === COMMA && keyEnd(scan, stop + 2) >= 0)) stop++;
    this.valueEnd = stop;
    this.cut = stop >= end;
    scan.at = Math.min(stop + 2, end);
    return true;
  }
}

/** The colon behind the key that begins here, after a blank and with a capital; -1 where none does. */
function keyEnd({ bytes, end }: Scan, from: number): number {
  if (from >= end || !isCapital(bytes[from]!) || bytes[from - 1] !== SPACE) return -1;
  const last = Math.min(end, from + LONGEST_KEY);
  for (let next = from + 1; next < last; next++) {
    const octet = bytes[next]!;
    if (octet === COLON) return next + 1 >= end || bytes[next + 1] === SPACE ? next : -1;
    if (octet === COMMA) return -1;
  }
  return -1;
}

function isCapital(octet: number): boolean {
  return octet >= 0x41 && octet <= 0x5a;
}

const KEYS = [
  ...['AccessControlRuleAction', 'SrcIP', 'DstIP', 'Protocol', 'SrcPort', 'DstPort', 'ICMPType'],
  ...['ICMPCode', 'InitiatorPackets', 'ResponderPackets', 'InitiatorBytes'],
  ...['AccessControlRuleName', 'Tunnel or Prefilter Rule', 'InlineResult', 'FileAction'],
  ...['ResponderBytes', 'AccessControlRuleReason', 'Message'],
  ...['IngressInterface', 'EgressInterface', 'IngressZone', 'EgressZone', 'ApplicationProtocol'],
  ...['FirstPacketSecond'],
];
const values = new KeyedValues(KEYS, (table) => new CommaPairs(table));
const { starts, ends } = values;
const at = (name: string): number => values.key(name);
const [ACTION, SOURCE, DESTINATION, PROTOCOL] = [0, 1, 2, 3] as const;
const ENDS = [SOURCE, DESTINATION, PROTOCOL] as const;
const SOURCE_PORT = at('SrcPort');
const DESTINATION_PORT = at('DstPort');
const RULE = at('AccessControlRuleName');
const PREFILTER_RULE = at('Tunnel or Prefilter Rule');
const REASON = at('AccessControlRuleReason');
const INLINE_RESULT = at('InlineResult');
const FILE_ACTION = at('FileAction');
const FIRST_SECOND = at('FirstPacketSecond');
/** Up to this key nothing may be cut short. */
const LAST_EXACT = PREFILTER_RULE;

const ACTIONS = new KeyTable([
  ...['Allow', 'Trust', 'Fastpath', 'Monitor'],
  ...['Block', 'Block with reset', 'Interactive Block', 'Interactive Block with reset'],
]);
const MONITOR = 3;
/** What an intrusion's packet and a file met where they did not pass. */
const REFUSALS = new KeyTable([
  ...['Dropped', 'Block', 'Blocked', 'Block with reset', 'Malware Block'],
  ...['Malware Block with reset', 'Block Malware', 'Block Malware with Reset'],
]);

/** Types that have the same name in both families, with their numbers. */
const TYPES = new KeyTable([
  ...['Echo Request', 'Echo Reply', 'Destination Unreachable', 'Time Exceeded'],
]);
const TYPE_NUMBERS = { 1: [8, 0, 3, 11], 58: [128, 129, 1, 3] } as const;
const NO_CODE = new KeyTable(['No Code']);

/** Reads an event of the connection, the cursor behind its number; an outcome. */
export function ftdConnection(line: Line, isBeginning: boolean): number {
  const { batch, scan } = line;
  values.read(scan);
  if (!values.has(ACTION) || isCut()) return CUT_OFF;
  const row = batch.begin();
  const action = ACTIONS.of(scan.bytes, starts[ACTION]!, ends[ACTION]!);
  if (action < 0) return BAD_ACTION;
  if (action < MONITOR) batch.action[row] = ALLOW;
  else if (action > MONITOR) batch.action[row] = DENY;
  if (action <= MONITOR) batch.event[row] = isBeginning ? OPEN : END;
  const fault = shared(line, row);
  if (fault !== 0) return fault;
  batch.reason[row] = values.word(line, REASON);
  batch.commit();
  return READ;
}

/** Reads an event of an intrusion or a file; silent where nothing was refused. */
export function ftdInspection(line: Line, isFile: boolean): number {
  const { batch, scan } = line;
  values.read(scan);
  const result = isFile ? FILE_ACTION : INLINE_RESULT;
  if (!values.has(result) || REFUSALS.of(scan.bytes, starts[result]!, ends[result]!) < 0) {
    if (values.cutKey === result) return CUT_OFF;
    line.label = isFile ? 'file that was not refused' : 'intrusion that was not refused';
    return SILENT;
  }
  if (isCut()) return CUT_OFF;
  const row = batch.begin();
  batch.action[row] = DENY;
  const fault = shared(line, row);
  if (fault !== 0) return fault;
  batch.reason[row] = values.word(line, isFile ? FILE_ACTION : at('Message'));
  batch.commit();
  return READ;
}

/** Whether the line ends before or within what it must say. */
function isCut(): boolean {
  const cut = values.cutKey;
  return ENDS.some((key) => !values.has(key)) || (cut >= 0 && cut <= LAST_EXACT);
}

/** What all events say alike; 0, or a fault. */
function shared(line: Line, row: number): number {
  const { batch } = line;
  batch.initiator[row] = BY_SOURCE;
  const fault =
    values.putEnds(line, row, SOURCE, DESTINATION, PROTOCOL) ||
    values.putPorts(line, row, SOURCE_PORT, DESTINATION_PORT) ||
    values.putCounters(
      ...([line, row, at('InitiatorPackets'), at('ResponderPackets')] as const),
      ...([at('InitiatorBytes'), at('ResponderBytes')] as const),
    );
  if (fault !== 0) return fault;
  if (values.has(SOURCE_PORT) && !values.has(DESTINATION_PORT)) return CUT_OFF;
  message(line, row);
  batch.rule[row] = values.word(line, values.has(RULE) ? RULE : PREFILTER_RULE);
  batch.inInterface[row] = values.word(line, at('IngressInterface'));
  batch.outInterface[row] = values.word(line, at('EgressInterface'));
  batch.inZone[row] = values.word(line, at('IngressZone'));
  batch.outZone[row] = values.word(line, at('EgressZone'));
  batch.application[row] = values.word(line, at('ApplicationProtocol'));
  // Devices send no stamp of their own unless told to; a relay's is as good.
  if (Number.isNaN(line.head.timeMs)) batch.timeMs[row] = firstPacket(line);
  return 0;
}

/** Type and code, as numbers or in words; those without a number here are left out. */
function message({ batch, scan }: Line, row: number): void {
  const protocol = batch.protocol[row];
  if (protocol !== 1 && protocol !== 58) return;
  const [typeKey, codeKey] = [at('ICMPType'), at('ICMPCode')];
  const named = TYPES.of(scan.bytes, starts[typeKey]!, ends[typeKey]!);
  const type = named < 0 ? values.number(scan.bytes, typeKey, 255) : TYPE_NUMBERS[protocol][named]!;
  const noCode = NO_CODE.of(scan.bytes, starts[codeKey]!, ends[codeKey]!) === 0;
  const code = noCode ? 0 : values.number(scan.bytes, codeKey, 255);
  batch.sourcePort[row] = Math.max(-1, type);
  batch.destinationPort[row] = Math.max(-1, code);
}

/** `FirstPacketSecond`; NaN without. */
function firstPacket({ scan, clock }: Line): number {
  const start = starts[FIRST_SECOND]!;
  const end = ends[FIRST_SECOND]!;
  if (start === -1 || end - start < 19) return Number.NaN;
  return clock.joined(scan.bytes, start, start + 10, start + 11, start + 19, start + 19, end);
}
