/**
 * Sophos Firewall (SFOS), key and value:
 *
 * `device="SFW" date=… time=… timezone="…" log_type="Firewall" log_component="…"
 * log_subtype="Denied" fw_rule_id=1 src_ip=… dst_ip=… protocol="TCP" src_port=… dst_port=…`; in
 * newer releases `device_name`, `rule_id`, `in_interface`. Traps: two spellings of most keys by
 * release; `log_subtype` has the verdict, `status` repeats it.
 */
import { ALLOW, BY_SOURCE, DENY, END, OPEN } from '../../model/verdict.ts';
import { putAddress } from './fields.ts';
import {
  BAD_ACTION,
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  CUT_OFF,
  type Line,
  type LogFormat,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import { KeyTable } from './key-table.ts';
import { KeyedValues, NO_NUMBER } from './keyed-values.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const KEYS = [
  ...['log_type', 'log_subtype', 'src_ip', 'dst_ip', 'src_port', 'dst_port', 'protocol'],
  ...['fw_rule_id', 'fw_rule_name', 'in_interface', 'out_interface', 'src_zone', 'dst_zone'],
  ...['sent_pkts', 'recv_pkts', 'sent_bytes', 'recv_bytes', 'device_name', 'date', 'time'],
  ...['app_name', 'icmp_type', 'icmp_code', 'con_event', 'packets_sent', 'packets_received'],
  ...['bytes_sent', 'bytes_received', 'application', 'connevent', 'srczone', 'dstzone'],
  ...['timestamp', 'src_zone_type'],
] as const;
type Key = (typeof KEYS)[number];
const values = new KeyedValues(KEYS);
const { starts, ends } = values;
const LOG_TYPE = octetsOf('log_type="');
const FIREWALL = octetsOf('Firewall');
const NOTHING = octetsOf('N/A"');
const SUBTYPES = new KeyTable(['Allowed', 'Denied', 'Drop', 'Dropped']);
const EVENTS = new KeyTable(['Start', 'Stop', 'Interim']);

export const sophos: LogFormat = { name: 'sophos', read };

const at = (name: Key): number => values.key(name);
const LOG_TYPE_KEY = at('log_type');

function read(line: Line): number {
  const { scan } = line;
  if (scan.find(LOG_TYPE) < 0) return OTHER;
  values.read(scan);
  const { cutKey } = values;
  if (!values.has(LOG_TYPE_KEY) || cutKey === LOG_TYPE_KEY) return CUT_OFF;
  if (!values.is(scan, LOG_TYPE_KEY, FIREWALL)) {
    line.label = values.text(line, LOG_TYPE_KEY);
    return SILENT;
  }
  return firewall(line, cutKey);
}

/** The first of these keys that the line has, or -1. */
function first(...keys: readonly Key[]): number {
  for (const name of keys) if (starts[at(name)] !== -1) return at(name);
  return -1;
}

function word(line: Line, number: number): number {
  if (number < 0 || line.scan.isAt(NOTHING, starts[number]!)) return 0;
  return values.word(line, number);
}

/** The number under one of the keys, -1 without any of them, `NO_NUMBER` for no number. */
function numberOf({ scan }: Line, most: number, ...keys: readonly Key[]): number {
  const number = first(...keys);
  if (number < 0 || ends[number] === starts[number]) return -1;
  return values.number(scan.bytes, number, most);
}

function firewall(line: Line, cut: number): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  const needed = (['src_ip', 'dst_ip', 'protocol', 'log_subtype'] as const).map(at);
  if (needed.some((number) => starts[number] === -1 || number === cut)) return CUT_OFF;
  if (cut === at('src_port') || cut === at('dst_port') || cut === at('fw_rule_id')) return CUT_OFF;
  const [source, destination, protocolKey, subtype] = needed as [number, number, number, number];
  const row = batch.begin();
  const verdict = SUBTYPES.of(bytes, starts[subtype]!, ends[subtype]!);
  if (verdict < 0) return BAD_ACTION;
  batch.action[row] = verdict === 0 ? ALLOW : DENY;
  if (verdict === 0) {
    const event = first('con_event', 'connevent');
    const which = event < 0 ? -1 : EVENTS.of(bytes, starts[event]!, ends[event]!);
    batch.event[row] = which === 0 ? OPEN : END;
  }
  batch.initiator[row] = BY_SOURCE;
  if (!putAddress(scan, batch, row, true, starts[source]!, ends[source]!)) return BAD_ADDRESS;
  if (!putAddress(scan, batch, row, false, starts[destination]!, ends[destination]!)) {
    return BAD_ADDRESS;
  }
  const protocol = protocolIn(scan, starts[protocolKey]!, ends[protocolKey]!);
  if (protocol === -2) return BAD_NUMBER;
  batch.protocol[row] = protocol;
  const fault = numbers(line, row, protocol);
  if (fault !== 0) return fault;
  batch.rule[row] = word(line, first('fw_rule_id'));
  batch.inInterface[row] = word(line, first('in_interface'));
  batch.outInterface[row] = word(line, first('out_interface'));
  batch.inZone[row] = word(line, first('src_zone', 'srczone'));
  batch.outZone[row] = word(line, first('dst_zone', 'dstzone'));
  batch.application[row] = word(line, first('app_name', 'application'));
  batch.device[row] = word(line, first('device_name'));
  batch.timeMs[row] = time(line);
  batch.commit();
  return READ;
}

function numbers(line: Line, row: number, protocol: number): number {
  const { batch } = line;
  const ports = hasPorts(protocol);
  const icmp = protocol === 1 || protocol === 58;
  if (ports || icmp) {
    const one = ports ? numberOf(line, 65_535, 'src_port') : numberOf(line, 255, 'icmp_type');
    const other = ports ? numberOf(line, 65_535, 'dst_port') : numberOf(line, 255, 'icmp_code');
    if (one === NO_NUMBER || other === NO_NUMBER) return ports ? BAD_PORT : BAD_NUMBER;
    batch.sourcePort[row] = one;
    batch.destinationPort[row] = other;
  }
  const most = Number.MAX_SAFE_INTEGER;
  const packets = numberOf(line, most, 'sent_pkts', 'packets_sent');
  const packetsBack = numberOf(line, most, 'recv_pkts', 'packets_received');
  const octets = numberOf(line, most, 'sent_bytes', 'bytes_sent');
  const octetsBack = numberOf(line, most, 'recv_bytes', 'bytes_received');
  if (Math.min(packets, packetsBack, octets, octetsBack) === NO_NUMBER) return BAD_NUMBER;
  if (packets >= 0) batch.packets[row] = packets + Math.max(0, packetsBack);
  if (octets >= 0) batch.bytes[row] = octets + Math.max(0, octetsBack);
  batch.packetsBack[row] = packetsBack;
  batch.bytesBack[row] = octetsBack;
  return 0;
}

/** `date` and `time`, or the newer `timestamp`; NaN without, so that the header's stamp counts. */
function time({ scan, clock }: Line): number {
  const stamp = first('timestamp');
  const { bytes } = scan;
  if (stamp >= 0) {
    const from = starts[stamp]!;
    const end = ends[stamp]!;
    return end - from < 19
      ? Number.NaN
      : clock.joined(bytes, from, from + 10, from + 11, from + 19, from + 19, end);
  }
  const [date, ofDay] = [first('date'), first('time')];
  if (date < 0 || ofDay < 0) return Number.NaN;
  return clock.joined(bytes, starts[date]!, ends[date]!, starts[ofDay]!, ends[ofDay]!);
}
