/**
 * Palo Alto Networks' Strata Logging Service (Cortex Data Lake): the TRAFFIC log of firewalls as JSON, an
 * object a line, mostly behind a syslog header, or within `event` as collectors of Splunk's take it:
 *
 *   {"TimeReceived":"…Z","LogType":"TRAFFIC","Subtype":"end","SourceAddress":"A","DestinationAddress":"B",
 *    "Rule":"web","Protocol":"tcp","Action":"allow","SourcePort":p,"DestinationPort":p,"Bytes":n,…}
 *
 * Who sets up the forwarding chooses the fields. Traps: what a session was allowed says its start or its
 * end, and both may be logged; counters are of both ways where only `Bytes` is chosen.
 */
import { ALLOW, BY_SOURCE, DENY, END, OPEN } from '../../model/verdict.ts';
import {
  BAD_ACTION,
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  type Line,
  type LogFormat,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import { JsonLine, MOST, mayBeObject, NO_NUMBER } from './json-line.ts';
import { ACTIONS, SUBTYPES } from './pan-os.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const NAMES = [
  ...['LogType', 'Subtype', 'SourceAddress', 'DestinationAddress', 'SourcePort', 'DestinationPort'],
  ...['Protocol', 'Action', 'Rule', 'FromZone', 'ToZone', 'InboundInterface', 'OutboundInterface'],
  ...['Application', 'SessionEndReason', 'Bytes', 'BytesSent', 'BytesReceived', 'PacketsSent'],
  ...['PacketsReceived', 'RepeatCount', 'DeviceName', 'TimeGenerated', 'TimeReceived'],
];
/** Names as other releases write them. */
const ALSO: Readonly<Record<string, string>> = {
  ...{ Subtype: 'SubType', RepeatCount: 'CountOfRepeats', FromZone: 'SourceZone' },
  ...{ ToZone: 'DestinationZone' },
};
const place = (name: string): number => NAMES.indexOf(name);
const LOG_TYPE = place('LogType');
const SUBTYPE = place('Subtype');
const SOURCE = place('SourceAddress');
const DESTINATION = place('DestinationAddress');
const PROTOCOL = place('Protocol');
const ACTION = place('Action');
const TIMES = [place('TimeGenerated'), place('TimeReceived')];
const MARK = octetsOf('"LogType"');
const TRAFFIC = octetsOf('TRAFFIC');
const TAG = octetsOf('logforwarder ');

const json = new JsonLine(
  NAMES.map((name) => {
    const all = name in ALSO ? [name, ALSO[name]!] : [name];
    return all.flatMap((each) => [each, `event.${each}`]).join('|');
  }),
);

export const strata: LogFormat = { name: 'strata', read };

function read(line: Line): number {
  const { scan, head } = line;
  scan.at = head.messageStart;
  // The service's tag is no tag by RFC 3164: `logforwarder {"TimeReceived": …`.
  const tag = head.messageStart;
  scan.takeText(TAG);
  if (!mayBeObject(scan) || scan.find(MARK) < 0) return OTHER;
  head.messageStart = scan.at;
  const outcome = object(line);
  if (outcome === OTHER) head.messageStart = tag;
  return outcome;
}

function object(line: Line): number {
  const { scan } = line;
  const outcome = json.read(line);
  const { leaves } = json;
  if (outcome < 0 || !leaves.has(LOG_TYPE) || !TIMES.some((time) => leaves.has(time))) return OTHER;
  if (!leaves.is(scan, LOG_TYPE, TRAFFIC)) {
    line.label = leaves.text(scan, leaves.starts[LOG_TYPE]!, leaves.ends[LOG_TYPE]!);
    return outcome === 0 ? SILENT : outcome;
  }
  return outcome === 0 ? traffic(line) : outcome;
}

function traffic(line: Line): number {
  const { scan, batch } = line;
  const { leaves } = json;
  const { starts, ends } = leaves;
  const row = batch.begin();
  if (!json.address(line, row, SOURCE, true)) return BAD_ADDRESS;
  if (!json.address(line, row, DESTINATION, false)) return BAD_ADDRESS;
  const protocol = leaves.has(PROTOCOL) ? protocolIn(scan, starts[PROTOCOL]!, ends[PROTOCOL]!) : -1;
  if (protocol === -2) return BAD_NUMBER;
  batch.protocol[row] = protocol;
  const action = ACTIONS.of(scan.bytes, starts[ACTION]!, ends[ACTION]!);
  const subtype = SUBTYPES.of(scan.bytes, starts[SUBTYPE]!, ends[SUBTYPE]!);
  if (!leaves.has(ACTION) || action < 0) return BAD_ACTION;
  if (leaves.has(SUBTYPE) && subtype < 0) return BAD_ACTION;
  batch.action[row] = action === 0 ? ALLOW : DENY;
  if (action === 0 && leaves.has(SUBTYPE)) batch.event[row] = subtype === 0 ? OPEN : END;
  batch.initiator[row] = BY_SOURCE;
  const fault = numbers(line, row, protocol);
  if (fault !== 0) return fault;
  batch.rule[row] = json.name(line, place('Rule'));
  batch.application[row] = json.name(line, place('Application'));
  batch.inZone[row] = json.name(line, place('FromZone'));
  batch.outZone[row] = json.name(line, place('ToZone'));
  batch.inInterface[row] = json.name(line, place('InboundInterface'));
  batch.outInterface[row] = json.name(line, place('OutboundInterface'));
  batch.reason[row] = json.name(line, place('SessionEndReason'));
  batch.device[row] = json.name(line, place('DeviceName'));
  const stamp = TIMES.find((time) => leaves.has(time))!;
  batch.timeMs[row] = json.time(line, stamp);
  batch.commit();
  return READ;
}

/** Ports and counters; 0 or a fault. */
function numbers(line: Line, row: number, protocol: number): number {
  const { batch } = line;
  const number = (name: string, most = MOST): number => json.number(line, place(name), most);
  const [source, destination] = [number('SourcePort', 65_535), number('DestinationPort', 65_535)];
  if (source === NO_NUMBER || destination === NO_NUMBER) return BAD_PORT;
  if (hasPorts(protocol)) {
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
  }
  const repeated = number('RepeatCount');
  const [bytes, sent, received] = [number('Bytes'), number('BytesSent'), number('BytesReceived')];
  const [packets, back] = [number('PacketsSent'), number('PacketsReceived')];
  if ([repeated, bytes, sent, received, packets, back].includes(NO_NUMBER)) return BAD_NUMBER;
  batch.events[row] = Math.max(1, repeated);
  if (sent >= 0 && received >= 0) batch.bytes[row] = sent + received;
  else batch.bytes[row] = bytes;
  batch.bytesBack[row] = received;
  if (packets >= 0 && back >= 0) batch.packets[row] = packets + back;
  batch.packetsBack[row] = back;
  return 0;
}
