/**
 * Programs of ONC RPC (RFC 5531) other than portmap and NFS: mount, lock manager, status monitor,
 * NIS and those of other makers. Program numbers: IANA's registry of RPC program numbers.
 */
import {
  calledProgram,
  detectRpc,
  PROGRAM_NFS,
  PROGRAM_PORTMAP,
  RECORD_BEGINS,
  rpcStart,
} from './onc-rpc-message.ts';
import type { Detection, Detector, FactSink, Payload } from './payload.ts';

const NAMES: ReadonlyMap<number, string> = new Map([
  [100_000, 'portmap'],
  [100_001, 'rstatd'],
  [100_002, 'rusersd'],
  [100_003, 'nfs'],
  [100_004, 'ypserv'],
  [100_005, 'mountd'],
  [100_007, 'ypbind'],
  [100_008, 'walld'],
  [100_009, 'yppasswdd'],
  [100_011, 'rquotad'],
  [100_012, 'sprayd'],
  [100_021, 'nlockmgr'],
  [100_024, 'status'],
  [100_068, 'cmsd'],
  [100_083, 'ttdbserverd'],
  [100_227, 'nfs_acl'],
  [100_232, 'sadmind'],
  [300_019, 'amd'],
  [395_183, 'vxi11core'],
]);

/** The program's name, or its number. */
export function programName(program: number): string {
  return NAMES.get(program) ?? `program ${program}`;
}

function detect(payload: Payload): Detection {
  const program = calledProgram(payload);
  return program === PROGRAM_PORTMAP || program === PROGRAM_NFS ? 0 : detectRpc(payload);
}

function facts(payload: Payload, to: FactSink): void {
  const program = calledProgram(payload);
  if (program === 0) return;
  to.service('program', programName(program));
  to.service('version', String(payload.view.getUint32(rpcStart(payload) + 16)));
}

export const ONC_RPC: Detector = {
  protocol: 'onc-rpc',
  transports: [6, 17],
  ports: [],
  beginsOverTcp: RECORD_BEGINS,
  detect,
  facts,
};
