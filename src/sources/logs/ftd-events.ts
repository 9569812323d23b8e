/**
 * Connection events of Cisco Secure Firewall Threat Defense (`%FTD-6-430002: …` where a connection
 * begins, `430003` where it ends; `%NGIPS-` on older sensors), pairs of key and value:
 *
 *   EventPriority: Low, DeviceUUID: …, AccessControlRuleAction: Allow, SrcIP: A, DstIP: B,
 *   SrcPort: p, DstPort: p, Protocol: tcp, IngressInterface: …, AccessControlRuleName: …, …
 *
 * Traps: values hold blanks, colons and commas, so that a pair ends only where a comma and the next
 * key follow; ICMP's type and code are words (`ICMPType: Echo Request`), or numbers; what the
 * device's data plane logs itself has the messages of an ASA, in the same file; `Allow` with the
 * reason `Intrusion Block` was let through by the rule and stopped later.
 */
import { ALLOW, BY_SOURCE, DENY, END, OPEN } from '../../model/verdict.ts';
import { numberIn, putAddress } from './fields.ts';
import {
  BAD_ACTION,
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  CUT_OFF,
  type Line,
  READ,
} from './format.ts';
import { KeyTable } from './key-table.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import type { Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const COMMA = 0x2c;
const LONGEST_KEY = 40;

const KEYS = [
  ...['AccessControlRuleAction', 'SrcIP', 'DstIP', 'Protocol', 'SrcPort', 'DstPort', 'ICMPType'],
  ...['ICMPCode', 'InitiatorPackets', 'ResponderPackets', 'InitiatorBytes', 'ResponderBytes'],
  ...['AccessControlRuleName', 'Tunnel or Prefilter Rule', 'AccessControlRuleReason'],
  ...['IngressInterface', 'EgressInterface', 'IngressZone', 'EgressZone', 'ApplicationProtocol'],
  ...['FirstPacketSecond'],
] as const;
type Key = (typeof KEYS)[number];
const TABLE = new KeyTable(KEYS);
const starts = new Int32Array(KEYS.length);
const ends = new Int32Array(KEYS.length);
const at = (name: Key): number => KEYS.indexOf(name);
const [ACTION, SOURCE, DESTINATION, PROTOCOL] = [0, 1, 2, 3] as const;
const NEEDED = [ACTION, SOURCE, DESTINATION, PROTOCOL] as const;
const RULE = at('AccessControlRuleName');
const PREFILTER_RULE = at('Tunnel or Prefilter Rule');
const FIRST_SECOND = at('FirstPacketSecond');
/** Up to this key nothing may be cut short, except for the counter that may end a line. */
const LAST_EXACT = PREFILTER_RULE;
const LAST_COUNTER = at('ResponderBytes');

const ACTIONS = new KeyTable([
  ...['Allow', 'Trust', 'Fastpath'],
  ...['Block', 'Block with reset', 'Interactive Block', 'Interactive Block with reset'],
]);
const FIRST_DENIAL = 3;

/** Types that have the same name in both families, with their numbers. */
const TYPES = new KeyTable([
  ...['Echo Request', 'Echo Reply', 'Destination Unreachable', 'Time Exceeded'],
]);
const TYPE_NUMBERS = { 1: [8, 0, 3, 11], 58: [128, 129, 1, 3] } as const;
const NO_CODE = new KeyTable(['No Code']);

/** Reads a connection event, the cursor behind its number; an outcome. */
export function ftdConnection(line: Line, isBeginning: boolean): number {
  const cut = readPairs(line.scan);
  if (NEEDED.some((key) => starts[key] === -1)) return CUT_OFF;
  if (cut >= 0 && cut <= LAST_EXACT && cut !== LAST_COUNTER) return CUT_OFF;
  return connection(line, isBeginning);
}

/** Takes the line apart; the wanted key whose value touches the end of the line, or -1. */
function readPairs(scan: Scan): number {
  const { bytes, end } = scan;
  starts.fill(-1);
  let from = scan.at;
  while (from < end && bytes[from] === SPACE) from++;
  for (;;) {
    const colon = keyEnd(scan, from);
    if (colon < 0) return -1;
    const key = TABLE.of(bytes, from, colon);
    const start = Math.min(colon + 2, end);
    let stop = start;
    while (stop < end && !(bytes[stop] === COMMA && keyEnd(scan, stop + 2) >= 0)) stop++;
    if (key >= 0 && starts[key] === -1) {
      starts[key] = start;
      ends[key] = stop;
      if (stop >= end) return key;
    }
    if (stop >= end) return -1;
    from = stop + 2;
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

function connection(line: Line, isBeginning: boolean): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  const row = batch.begin();
  const action = ACTIONS.of(bytes, starts[ACTION]!, ends[ACTION]!);
  if (action < 0) return BAD_ACTION;
  batch.action[row] = action < FIRST_DENIAL ? ALLOW : DENY;
  if (action < FIRST_DENIAL) batch.event[row] = isBeginning ? OPEN : END;
  batch.initiator[row] = BY_SOURCE;
  if (!putAddress(scan, batch, row, true, starts[SOURCE]!, ends[SOURCE]!)) return BAD_ADDRESS;
  if (!putAddress(scan, batch, row, false, starts[DESTINATION]!, ends[DESTINATION]!)) {
    return BAD_ADDRESS;
  }
  const protocol = protocolIn(scan, starts[PROTOCOL]!, ends[PROTOCOL]!);
  if (protocol === -2) return BAD_NUMBER;
  batch.protocol[row] = protocol;
  const fault = hasPorts(protocol) ? ports(line, row) : message(line, row, protocol);
  if (fault !== 0) return fault;
  if (!counters(line, row)) return BAD_NUMBER;
  batch.rule[row] = word(line, starts[RULE] === -1 ? PREFILTER_RULE : RULE);
  batch.reason[row] = word(line, at('AccessControlRuleReason'));
  batch.inInterface[row] = word(line, at('IngressInterface'));
  batch.outInterface[row] = word(line, at('EgressInterface'));
  batch.inZone[row] = word(line, at('IngressZone'));
  batch.outZone[row] = word(line, at('EgressZone'));
  batch.application[row] = word(line, at('ApplicationProtocol'));
  // Devices send no stamp of their own unless told to; a relay's is as good.
  if (Number.isNaN(line.head.timeMs)) batch.timeMs[row] = firstPacket(line);
  batch.commit();
  return READ;
}

function word({ names, scan }: Line, key: number): number {
  return starts[key] === -1 ? 0 : names.intern(scan.bytes, starts[key]!, ends[key]!);
}

/** The number under the key, -1 without the key, -2 for no number. */
function numberOf({ scan }: Line, key: number, most: number): number {
  if (starts[key] === -1) return -1;
  const value = numberIn(scan.bytes, starts[key]!, ends[key]!, most);
  return value < 0 ? -2 : value;
}

function ports(line: Line, row: number): number {
  const { batch } = line;
  const source = numberOf(line, at('SrcPort'), 65_535);
  const destination = numberOf(line, at('DstPort'), 65_535);
  if (source === -2 || destination === -2) return BAD_PORT;
  batch.sourcePort[row] = source;
  batch.destinationPort[row] = destination;
  return destination < 0 ? CUT_OFF : 0;
}

/** Type and code, as numbers or in words; those without a number here are left out. */
function message(line: Line, row: number, protocol: number): number {
  if (protocol !== 1 && protocol !== 58) return 0;
  const { batch, scan } = line;
  const [typeKey, codeKey] = [at('ICMPType'), at('ICMPCode')];
  const named = TYPES.of(scan.bytes, starts[typeKey]!, ends[typeKey]!);
  const type = named < 0 ? numberOf(line, typeKey, 255) : TYPE_NUMBERS[protocol][named]!;
  const noCode = NO_CODE.of(scan.bytes, starts[codeKey]!, ends[codeKey]!) === 0;
  const code = noCode ? 0 : numberOf(line, codeKey, 255);
  batch.sourcePort[row] = Math.max(-1, type);
  batch.destinationPort[row] = Math.max(-1, code);
  return 0;
}

/** Packets and octets of both ends, where the line has them. */
function counters(line: Line, row: number): boolean {
  const { batch } = line;
  const most = Number.MAX_SAFE_INTEGER;
  const packets = numberOf(line, at('InitiatorPackets'), most);
  const packetsBack = numberOf(line, at('ResponderPackets'), most);
  const octets = numberOf(line, at('InitiatorBytes'), most);
  const octetsBack = numberOf(line, at('ResponderBytes'), most);
  if (Math.min(packets, packetsBack, octets, octetsBack) === -2) return false;
  if (packets >= 0) batch.packets[row] = packets + Math.max(0, packetsBack);
  if (octets >= 0) batch.bytes[row] = octets + Math.max(0, octetsBack);
  batch.packetsBack[row] = packetsBack;
  batch.bytesBack[row] = octetsBack;
  return true;
}

/** `FirstPacketSecond`; NaN without. */
function firstPacket({ scan, clock }: Line): number {
  const start = starts[FIRST_SECOND]!;
  const end = ends[FIRST_SECOND]!;
  if (start === -1 || end - start < 19) return Number.NaN;
  return clock.joined(scan.bytes, start, start + 10, start + 11, start + 19, start + 19, end);
}
