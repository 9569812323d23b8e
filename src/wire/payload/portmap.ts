/**
 * The port mapper (RFC 1833): program 100000 of ONC RPC. Its answers name the ports of the other
 * programs: GETPORT a number, GETADDR a text such as `192.0.2.1.8.1`, DUMP the whole list.
 */

import { textAt } from './octets.ts';
import { programName } from './onc-rpc.ts';
import {
  calledProgram,
  detectRpc,
  PROGRAM_NFS,
  PROGRAM_PORTMAP,
  RECORD_BEGINS,
  resultsAt,
  rpcStart,
} from './onc-rpc-message.ts';
import { ANSWERS, type Detection, type Detector, type FactSink, type Payload } from './payload.ts';

const PORT = 111;
const MOST_ENTRIES = 64;
/** An entry of DUMP, version 2: follows (1), program, version, protocol, port. */
const ENTRY = 20;

function detect(payload: Payload): Detection {
  const program = calledProgram(payload);
  if (program === PROGRAM_PORTMAP) return detectRpc(payload);
  if (program !== 0 || payload.sourcePort !== PORT) return 0;
  const answer = detectRpc(payload);
  return (answer & ANSWERS) === 0 ? 0 : answer;
}

function facts(payload: Payload, to: FactSink): void {
  const start = rpcStart(payload);
  if (calledProgram(payload) === PROGRAM_PORTMAP) {
    to.service('version', String(payload.view.getUint32(start + 16)));
    return;
  }
  const results = resultsAt(payload, start);
  if (results < 0) return;
  const { bytes, view, end } = payload;
  const octets = end - results;
  if (octets < 4) return;
  const first = view.getUint32(results);
  if (octets === 4) {
    if (first > 0 && first < 65_536 && first !== PORT) to.expect('onc-rpc', 'source', first);
  } else if (first === 1 && octets >= ENTRY) {
    tellList(view, results, end, to);
  } else if (first >= 9 && first <= 64 && octets === 4 + ((first + 3) & ~3)) {
    const port = portOf(textAt(bytes, results + 4, results + 4 + first));
    if (port > 0 && port !== PORT) to.expect('onc-rpc', 'source', port);
  }
}

function tellList(view: DataView, at: number, end: number, to: FactSink): void {
  let next = at;
  for (let count = 0; next + ENTRY <= end && count < MOST_ENTRIES; count++) {
    if (view.getInt32(next) !== 1) return;
    const program = view.getUint32(next + 4);
    const port = view.getUint32(next + 16);
    // Transports are 6 and 17: anything else is version 3's list, which holds texts.
    if (view.getUint32(next + 12) !== 6 && view.getUint32(next + 12) !== 17) return;
    if (program === PROGRAM_NFS) to.expect('nfs', 'source', port);
    else if (program !== PROGRAM_PORTMAP && port > 0 && port < 65_536) {
      to.expect('onc-rpc', 'source', port);
      to.service('program', `${programName(program)} on ${port}`);
    }
    next += ENTRY;
  }
}

/** A universal address ends in the two octets of the port (RFC 5665 section 5.2.3). */
function portOf(address: string): number {
  const match = /\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  if (!match) return 0;
  const [high, low] = [Number(match[1]), Number(match[2])];
  return high < 256 && low < 256 ? high * 256 + low : 0;
}

export const PORTMAP: Detector = {
  protocol: 'portmap',
  transports: [6, 17],
  ports: [PORT],
  beginsOverTcp: RECORD_BEGINS,
  detect,
  facts,
};
