/**
 * Sophos Firewall (SFOS), key and value (of Sophos UTM see sophos-utm.ts):
 *
 * `device="SFW" date=… time=… timezone="…" log_type="Firewall" log_component="…"
 * log_subtype="Denied" fw_rule_id=1 src_ip=… dst_ip=… protocol="TCP" src_port=… dst_port=…`; in
 * newer releases `device_name`, `rule_id`, `in_interface`. Traps: two spellings of most keys by
 * release; `log_subtype` has the verdict, `status` repeats it; zones are abbreviated (`CDT`), which
 * stands for different ones in different places.
 */
import { ALLOW, BY_SOURCE, DENY, END, OPEN, SUMMARY } from '../../model/verdict.ts';
import { BAD_ACTION, CUT_OFF, type Line, type LogFormat, OTHER, READ, SILENT } from './format.ts';
import { KeyTable } from './key-table.ts';
import { KeyedValues } from './keyed-values.ts';
import { octetsOf } from './scan.ts';
import { readUtm } from './sophos-utm.ts';

const KEYS = [
  ...['log_type', 'log_subtype', 'src_ip', 'dst_ip', 'src_port', 'dst_port', 'protocol'],
  ...['fw_rule_id', 'in_interface', 'out_interface'],
  ...[
    'src_zone|srczone',
    'dst_zone|dstzone',
    'app_name|application',
    'device_name',
    'date',
    'time',
  ],
  ...['timestamp', 'sent_pkts|packets_sent', 'recv_pkts|packets_received', 'icmp_type'],
  ...['sent_bytes|bytes_sent', 'recv_bytes|bytes_received', 'con_event|connevent', 'icmp_code'],
];
const values = new KeyedValues(KEYS);
const { starts, ends } = values;
const at = (name: string): number => values.key(name);
const [LOG_TYPE_KEY, SUBTYPE, SOURCE, DESTINATION] = [0, 1, 2, 3] as const;
const SOURCE_PORT = at('src_port');
const DESTINATION_PORT = at('dst_port');
const PROTOCOL = at('protocol');
const RULE = at('fw_rule_id');
const EVENT = at('con_event');
const NEEDED = [SOURCE, DESTINATION, PROTOCOL, SUBTYPE];
const EXACT = [...NEEDED, SOURCE_PORT, DESTINATION_PORT, RULE];
const LOG_TYPE = octetsOf('log_type="');
const UTM_MARK = octetsOf('sub="packetfilter"');
const FIREWALL = octetsOf('Firewall');
const NOTHING = octetsOf('N/A"');
const SUBTYPES = new KeyTable(['Allowed', 'Denied', 'Drop', 'Dropped', 'Rejected']);
const EVENTS = new KeyTable(['Start', 'Stop', 'Interim']);
const INTERIM = 2;

export const sophos: LogFormat = { name: 'sophos', read };

function read(line: Line): number {
  const { scan } = line;
  if (scan.find(LOG_TYPE) < 0) return scan.find(UTM_MARK) < 0 ? OTHER : readUtm(line);
  values.read(scan);
  const { cutKey } = values;
  if (!values.has(LOG_TYPE_KEY) || cutKey === LOG_TYPE_KEY) return CUT_OFF;
  if (!values.is(scan, LOG_TYPE_KEY, FIREWALL)) {
    line.label = values.text(line, LOG_TYPE_KEY);
    return SILENT;
  }
  return firewall(line, cutKey);
}

function word(line: Line, name: string): number {
  const number = at(name);
  if (line.scan.isAt(NOTHING, starts[number]!)) return 0;
  return values.word(line, number);
}

function firewall(line: Line, cut: number): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  if (NEEDED.some((number) => !values.has(number)) || EXACT.includes(cut)) return CUT_OFF;
  const row = batch.begin();
  const verdict = SUBTYPES.of(bytes, starts[SUBTYPE]!, ends[SUBTYPE]!);
  if (verdict < 0) return BAD_ACTION;
  batch.action[row] = verdict === 0 ? ALLOW : DENY;
  if (verdict === 0) {
    const which = values.has(EVENT) ? EVENTS.of(bytes, starts[EVENT]!, ends[EVENT]!) : -1;
    batch.event[row] = which === 0 ? OPEN : which === INTERIM ? SUMMARY : END;
    if (which === INTERIM) batch.events[row] = 0;
  }
  batch.initiator[row] = BY_SOURCE;
  const fault =
    values.putEnds(line, row, SOURCE, DESTINATION, PROTOCOL) ||
    values.putPorts(line, row, SOURCE_PORT, DESTINATION_PORT) ||
    values.putMessage(line, row, at('icmp_type'), at('icmp_code')) ||
    values.putCounters(
      ...([line, row, at('sent_pkts'), at('recv_pkts')] as const),
      ...([at('sent_bytes'), at('recv_bytes')] as const),
    );
  if (fault !== 0) return fault;
  // Where it could not tell the protocol.
  if (batch.protocol[row] === 0) batch.protocol[row] = -1;
  batch.rule[row] = word(line, 'fw_rule_id');
  batch.inInterface[row] = word(line, 'in_interface');
  batch.outInterface[row] = word(line, 'out_interface');
  batch.inZone[row] = word(line, 'src_zone');
  batch.outZone[row] = word(line, 'dst_zone');
  batch.application[row] = word(line, 'app_name');
  batch.device[row] = word(line, 'device_name');
  batch.timeMs[row] = time(line);
  batch.commit();
  return READ;
}

/** `date` and `time`, or the newer `timestamp`; NaN without, so that the header's stamp counts. */
function time({ scan, clock }: Line): number {
  const { bytes } = scan;
  const from = starts[at('timestamp')]!;
  if (from >= 0) {
    const end = ends[at('timestamp')]!;
    return end - from < 19
      ? Number.NaN
      : clock.joined(bytes, from, from + 10, from + 11, from + 19, from + 19, end);
  }
  const [date, ofDay] = [at('date'), at('time')];
  if (!values.has(date) || !values.has(ofDay)) return Number.NaN;
  return clock.joined(bytes, starts[date]!, ends[date]!, starts[ofDay]!, ends[ofDay]!);
}
