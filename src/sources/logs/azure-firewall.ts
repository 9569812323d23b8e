/**
 * Azure Firewall: network rules, rules of address translation, threat intelligence and intrusions, as
 * records of diagnostics (`properties`) or rows of their tables (`AZFWNetworkRule`), in JSON:
 *
 *   {"time":"…","resourceId":"…/AZUREFIREWALLS/FW1","category":"AZFWNetworkRule","properties":{
 *    "Protocol":"TCP","SourceIp":"A","SourcePort":p,"DestinationIp":"B","DestinationPort":p,
 *    "Action":"Deny","Policy":"","RuleCollectionGroup":"","RuleCollection":"","Rule":"", …}}
 *
 * and before those, as a sentence in `properties.msg` (`msg_s`):
 *
 *   TCP request from A:p to B:p. Action: Deny. …     … to B:p was DNAT'ed to C:p
 *
 * Traps: the type of ICMP is in the protocol (`ICMP Type=8`); a rule that translates lets through what it
 * translates and says no action; an alert refuses nothing; rules for applications know the server by name
 * only, and are silent.
 */
import { ALLOW, BY_SOURCE, DENY } from '../../model/verdict.ts';
import { numberIn, putAddress } from './fields.ts';
import {
  BAD_ACTION,
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  BAD_SHAPE,
  type Line,
  type LogFormat,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import { JsonLine, mayBeObject, NO_NUMBER } from './json-line.ts';
import { KeyTable } from './key-table.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf, type Scan } from './scan.ts';

const NAMES = [
  ...['Protocol', 'SourceIp', 'SourcePort', 'DestinationIp', 'DestinationPort', 'Action', 'Rule'],
  ...['RuleCollection', 'ActionReason', 'msg', 'category', 'resourceId', 'time'],
];
const IN_PROPERTIES = 10;
/** Of rows of a table; the older one has all kinds of logs, with letters for types behind the names. */
const ALSO: Readonly<Record<string, string>> = {
  ...{ msg: 'msg_s', category: 'Category|Type', resourceId: '_ResourceId|ResourceId' },
  ...{ time: 'TimeGenerated' },
};
const json = new JsonLine(
  NAMES.map((name, index) => {
    const own = index < IN_PROPERTIES ? `properties.${name}|${name}` : name;
    return name in ALSO ? `${own}|${ALSO[name]}` : own;
  }),
);
const [PROTOCOL, SOURCE, SOURCE_PORT, DESTINATION, DESTINATION_PORT, ACTION] = [
  ...([0, 1, 2, 3, 4, 5] as const),
] as const;
const [RULE, COLLECTION, REASON, MESSAGE, CATEGORY, RESOURCE, TIME] = [
  ...([6, 7, 8, 9, 10, 11, 12] as const),
] as const;
const MARKS = ['AZFW', 'AzureFirewall'].map(octetsOf);
const CATEGORIES = new KeyTable([
  ...['AZFWNetworkRule', 'AZFWNatRule', 'AZFWThreatIntel', 'AZFWIdpsSignature'],
  ...['AzureFirewallNetworkRule', 'AzureFirewallApplicationRule'],
]);
const [NAT, FIRST_OLD] = [1, 4] as const;
const VERDICTS = new KeyTable(['Allow|allow', 'Deny|deny|Drop|drop', 'Alert|alert']);
const TYPE = octetsOf(' Type=');
const SLASH = 0x2f;
const SPACE = 0x20;
const SENTENCE =
  /^(\S+(?: Type=\d+)?) request from ([0-9a-fA-F.:]+?)(?::(\d+))? to ([0-9a-fA-F.:]+?)(?::(\d+))?(?:\.? Action: (\w+)|( was DNAT'ed to ))/;

export const azureFirewall: LogFormat = { name: 'azure-firewall', read };

function read(line: Line): number {
  const { scan, head } = line;
  scan.at = head.messageStart;
  if (!mayBeObject(scan) || !MARKS.some((mark) => scan.find(mark) >= 0)) return OTHER;
  const outcome = json.read(line);
  const { leaves } = json;
  if (outcome < 0 || !leaves.has(CATEGORY)) return OTHER;
  const { starts, ends } = leaves;
  if (!MARKS.some((mark) => scan.isAt(mark, starts[CATEGORY]!))) return OTHER;
  if (outcome !== 0) return outcome;
  const category = CATEGORIES.of(scan.bytes, starts[CATEGORY]!, ends[CATEGORY]!);
  line.label = leaves.text(scan, starts[CATEGORY]!, ends[CATEGORY]!);
  if (category < 0) return SILENT;
  return category >= FIRST_OLD ? sentence(line, category) : properties(line, category);
}

/** What the members say. */
function properties(line: Line, category: number): number {
  const { scan, batch } = line;
  const { leaves } = json;
  const { starts, ends } = leaves;
  const verdict = category === NAT ? 0 : VERDICTS.of(scan.bytes, starts[ACTION]!, ends[ACTION]!);
  if (category !== NAT && (!leaves.has(ACTION) || verdict < 0)) return BAD_ACTION;
  line.label = 'Alert';
  if (verdict > 1) return SILENT;
  line.label = leaves.text(scan, starts[CATEGORY]!, ends[CATEGORY]!);
  if (category > NAT && !leaves.has(DESTINATION)) return SILENT;
  const row = batch.begin();
  batch.action[row] = verdict === 0 ? ALLOW : DENY;
  if (!json.address(line, row, SOURCE, true)) return BAD_ADDRESS;
  if (!json.address(line, row, DESTINATION, false)) return BAD_ADDRESS;
  if (!leaves.has(PROTOCOL)) return BAD_SHAPE;
  if (!transport(line, row, scan, starts[PROTOCOL]!, ends[PROTOCOL]!)) return BAD_NUMBER;
  if (hasPorts(batch.protocol[row]!)) {
    const source = json.number(line, SOURCE_PORT, 65_535);
    const destination = json.number(line, DESTINATION_PORT, 65_535);
    if (source === NO_NUMBER || destination === NO_NUMBER) return BAD_PORT;
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
  }
  batch.rule[row] = json.name(line, RULE) || json.name(line, COLLECTION);
  batch.reason[row] = json.name(line, REASON);
  return commit(line, row);
}

/** Protocol, of ICMP with its type: `TCP`, `ICMP Type=8`. */
function transport(line: Line, row: number, scan: Scan, start: number, end: number): boolean {
  const { batch } = line;
  const { bytes } = scan;
  let stop = start;
  while (stop < end && bytes[stop] !== SPACE) stop++;
  const protocol = protocolIn(scan, start, stop);
  if (protocol < 0) return false;
  batch.protocol[row] = protocol;
  if (stop === end) return true;
  if (!scan.isAt(TYPE, stop)) return false;
  const type = numberIn(bytes, stop + TYPE.length, end, 255);
  if (type >= 0 && !hasPorts(protocol)) batch.sourcePort[row] = type;
  return type >= 0;
}

/** What a sentence says. */
function sentence(line: Line, category: number): number {
  const { scan, batch } = line;
  const { leaves } = json;
  if (!leaves.has(MESSAGE)) return BAD_SHAPE;
  const start = leaves.starts[MESSAGE]!;
  const text = Buffer.from(scan.bytes.subarray(start, leaves.ends[MESSAGE]!)).toString('latin1');
  const found = SENTENCE.exec(text);
  // Rules for applications name the server, as do some of the service's own messages.
  if (found === null) return SILENT;
  const [, protocol, source, sourcePort, destination, destinationPort, action, translated] = found;
  const verdict = VERDICTS.of(octetsOf(action ?? ''), 0, (action ?? '').length);
  if (translated === undefined && verdict < 0) return BAD_ACTION;
  line.label = 'Alert';
  if (verdict > 1) return SILENT;
  const row = batch.begin();
  batch.action[row] = verdict === 1 ? DENY : ALLOW;
  const from = start + text.indexOf(' from ') + 6;
  const to = start + text.indexOf(' to ') + 4;
  if (!putAddress(scan, batch, row, true, from, from + source!.length)) return BAD_ADDRESS;
  if (!putAddress(scan, batch, row, false, to, to + destination!.length)) {
    // A name may have letters alone that are digits too.
    line.label = 'AzureFirewallApplicationRule';
    return category > FIRST_OLD ? SILENT : BAD_ADDRESS;
  }
  if (!transport(line, row, scan, start, start + protocol!.length)) return BAD_NUMBER;
  if (hasPorts(batch.protocol[row]!)) {
    const [first, second] = [Number(sourcePort ?? -1), Number(destinationPort ?? -1)];
    if (first < 0 || second < 0 || Math.max(first, second) > 65_535) return BAD_PORT;
    batch.sourcePort[row] = first;
    batch.destinationPort[row] = second;
  }
  const rule = /\. Rule: (.+?)\.?$/.exec(text);
  if (rule !== null) {
    const at = start + rule.index + 8;
    batch.rule[row] = json.nameIn(scan, line.names, at, at + rule[1]!.length);
  }
  return commit(line, row);
}

/** What all kinds have in common: the firewall's name and the time. */
function commit(line: Line, row: number): number {
  const { scan, batch, names } = line;
  const { leaves } = json;
  batch.initiator[row] = BY_SOURCE;
  if (leaves.has(RESOURCE)) {
    const end = leaves.ends[RESOURCE]!;
    let start = end;
    while (start > leaves.starts[RESOURCE]! && scan.bytes[start - 1] !== SLASH) start--;
    batch.device[row] = json.nameIn(scan, names, start, end);
  }
  batch.timeMs[row] = json.time(line, TIME);
  batch.commit();
  return READ;
}
