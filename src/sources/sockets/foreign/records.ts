/**
 * Sockets that come as named values: PowerShell objects as JSON, CSV, table or list; osquery rows;
 * lsof's JSON. Which tool it was is told by the names.
 */
import type { Process } from '../../../model/process.ts';
import type { Transport } from '../../../model/transport.ts';
import { asRecord } from '../json-record.ts';
import { addFile } from './lsof.ts';
import type { ForeignRow, Gathered, Line } from './row.ts';
import { parseHost, parsePort, parseState, unread } from './row.ts';

export type Value = unknown;

/** Adds what one record says. Records that are about something else are counted as unread. */
export function addRecord(
  record: ReadonlyMap<string, Value>,
  line: Line,
  gathered: Gathered,
): void {
  if (record.has('LocalPort')) addPowerShell(record, line, gathered);
  else if (record.has('protocol') && (record.has('port') || record.has('local_port')))
    addOsquery(record, line, gathered);
  else if (record.has('processes')) addLsofEnvelope(record.get('processes'), line, gathered);
  else if (record.has('pid') && record.has('name') && record.has('fd'))
    addLsof(record, record, line, gathered);
  else if (!addProcess(record, gathered)) unread(gathered, line, 'a record about something else');
}

function text(value: Value): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function whole(value: Value): number | undefined {
  const digits = text(value);
  return /^\d{1,10}$/.test(digits) ? Number(digits) : undefined;
}

/** MIB_TCP_STATE: what PowerShell writes in JSON for a state. */
const MIB_STATES = [
  '',
  'closed',
  'listen',
  'synsent',
  'synreceived',
  'established',
  'finwait1',
  'finwait2',
  'closewait',
  'closing',
  'lastack',
  'timewait',
  'deletetcb',
];
const MIB_BOUND = 100;

function addPowerShell(record: ReadonlyMap<string, Value>, line: Line, gathered: Gathered): void {
  const port = whole(record.get('LocalPort'));
  const stateValue = record.get('State');
  const transport: Transport =
    stateValue === undefined && !record.has('RemotePort') ? 'udp' : 'tcp';
  const place =
    port === undefined || port > 65535
      ? 'no port'
      : parseHost(text(record.get('LocalAddress')), port);
  if (typeof place === 'string' || text(record.get('LocalAddress')) === '') {
    unread(
      gathered,
      line,
      typeof place === 'string' ? place : 'no local address: select LocalAddress too',
    );
    return;
  }
  const remotePort = whole(record.get('RemotePort')) ?? 0;
  const pid = whole(record.get('OwningProcess'));
  const name = text(record.get('ProcessName'));
  gathered.rows.push({
    transport,
    local: place.address,
    port: place.port,
    ...(remotePort === 0
      ? {}
      : { remote: { address: text(record.get('RemoteAddress')), port: remotePort } }),
    state: transport === 'udp' ? 'bound' : powerShellState(stateValue, remotePort),
    acceptsIPv4: place.address.family === 4 ? 'yes' : 'no',
    owner:
      pid === undefined
        ? 'not-shown'
        : [{ pid, name: name === '' && pid === 4 ? 'System' : name, commandLine: [] }],
    ...(place.device === undefined ? {} : { device: place.device }),
    line: line.number,
  });
}

function powerShellState(value: Value, remotePort: number): ForeignRow['state'] {
  // Some versions wrap an enumeration in an object.
  const inner = typeof value === 'object' && value !== null ? Object.values(value)[0] : value;
  const number = whole(inner);
  const word =
    number === MIB_BOUND
      ? 'bound'
      : number === undefined
        ? text(inner)
        : (MIB_STATES[number] ?? '');
  return parseState(word) ?? (remotePort === 0 ? 'bound' : 'unknown');
}

const PROTOCOLS: ReadonlyMap<string, Transport> = new Map([
  ['6', 'tcp'],
  ['17', 'udp'],
  ['132', 'sctp'],
  ['136', 'udplite'],
]);

/** `listening_ports` and `process_open_sockets`, joined with `processes` or not. */
function addOsquery(record: ReadonlyMap<string, Value>, line: Line, gathered: Gathered): void {
  const transport = PROTOCOLS.get(text(record.get('protocol')));
  if (transport === undefined) {
    gathered.passedOver++;
    return;
  }
  const open = record.has('local_port');
  const port = parsePort(text(record.get(open ? 'local_port' : 'port')), transport);
  const host = text(record.get(open ? 'local_address' : 'address'));
  const place = port === undefined || host === '' ? 'no address and port' : parseHost(host, port);
  if (typeof place === 'string') {
    unread(gathered, line, place);
    return;
  }
  if (!open && transport === 'tcp') gathered.remarks.add('osquery-remote-port-zero');
  const remotePort = open ? (whole(record.get('remote_port')) ?? 0) : 0;
  const word = parseState(text(record.get('state')));
  const tcp =
    transport === 'tcp'
      ? (word ?? (open && remotePort !== 0 ? 'unknown' : 'listening'))
      : undefined;
  gathered.rows.push({
    transport,
    local: place.address,
    port: place.port,
    ...(remotePort === 0
      ? {}
      : { remote: { address: text(record.get('remote_address')), port: remotePort } }),
    state: tcp ?? (remotePort === 0 ? 'bound' : 'connected'),
    acceptsIPv4: place.address.family === 4 ? 'yes' : 'judge',
    owner: osqueryOwner(record),
    line: line.number,
  });
}

function osqueryOwner(record: ReadonlyMap<string, Value>): ForeignRow['owner'] {
  const pid = whole(record.get('pid'));
  if (pid === undefined) return record.has('pid') ? 'not-named' : 'not-shown';
  const command = text(record.get('cmdline'));
  const path = text(record.get('path'));
  return [
    {
      pid,
      name: text(record.get('name')),
      commandLine: command === '' ? [] : [command],
      ...(path === '' ? {} : { executable: path }),
    },
  ];
}

function addLsofEnvelope(processes: Value, line: Line, gathered: Gathered): void {
  for (const process of Array.isArray(processes) ? processes : []) {
    const record = asRecord(process);
    const files = record.get('files');
    for (const file of Array.isArray(files) ? files : [])
      addLsof(record, asRecord(file), line, gathered);
  }
}

function addLsof(
  owner: ReadonlyMap<string, Value>,
  file: ReadonlyMap<string, Value>,
  line: Line,
  gathered: Gathered,
): void {
  const pid = whole(owner.get('pid'));
  const type = text(file.get('type'));
  if (pid === undefined || !/^IPv[46]$/.test(type)) {
    gathered.passedOver++;
    return;
  }
  const uid = whole(owner.get('uid'));
  const login = text(owner.get('login')) || text(owner.get('user'));
  const user = { ...(uid === undefined ? {} : { uid }), ...(login === '' ? {} : { name: login }) };
  const known = uid !== undefined || login !== '';
  const process: Process = {
    pid,
    name: text(owner.get('command')),
    commandLine: [],
    ...(known ? { user } : {}),
  };
  const [, bare = '', inName = ''] = /^(\S+)(?:\s+\((.*)\))?$/.exec(text(file.get('name'))) ?? [];
  const protocol = text(file.get('protocol')) || text(file.get('node'));
  addFile(
    {
      type,
      protocol,
      name: bare,
      state: lsofState(file) || inName,
      process,
      ...(known ? { user } : {}),
      line,
    },
    gathered,
  );
}

/** The state stands in a value of its own or among those of TCP. */
function lsofState(file: ReadonlyMap<string, Value>): string {
  for (const [key, value] of file) {
    if (!/^tcp|state/i.test(key)) continue;
    if (typeof value === 'string') return value.replace(/^ST=/, '');
    for (const [name, inner] of asRecord(value)) {
      if (/^(st|state)$/i.test(name) && typeof inner === 'string') return inner;
    }
  }
  return '';
}

/** `Get-Process`: only names; they are joined to sockets by id. */
function addProcess(record: ReadonlyMap<string, Value>, gathered: Gathered): boolean {
  const pid = whole(record.get('Id') ?? record.get('ProcessId'));
  const name = text(record.get('ProcessName') ?? record.get('Name'));
  if (pid === undefined || name === '') return false;
  const known = gathered.processes.get(pid);
  if (record.has('ProcessId') && record.has('PathName')) {
    gathered.processes.set(pid, { ...known, services: [...(known?.services ?? []), name] });
  } else gathered.processes.set(pid, { ...known, name });
  return true;
}
