/**
 * SMB 1 ([MS-CIFS]), 2 and 3 ([MS-SMB2]): behind a session header of zero (1) and length (3) a
 * magic octet and `SMB`: 0xff SMB 1, 0xfe SMB 2 and 3, 0xfd encrypted, 0xfc compressed. Fields of
 * headers and bodies are little endian.
 */
import { readNtlm } from './ntlmssp.ts';
import { ascii, isAt, wideTextAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const SESSION = 4;
const NAME = ascii('SMB');
const SMB1 = 0xff;
const SMB2 = 0xfe;
const SMB1_HEADER = 32;
const SMB2_HEADER = 64;
const SMB1_NEGOTIATE = 0x72;
const SMB1_SETUP = 0x73;
const NEGOTIATE = 0;
const SETUP = 1;
const TREE_CONNECT = 3;
const SIGNING_REQUIRED = 2;
const DIALECTS: ReadonlyMap<number, string> = new Map([
  [0x202, 'SMB 2.0.2'],
  [0x210, 'SMB 2.1'],
  [0x2ff, 'SMB 2 (to be agreed)'],
  [0x300, 'SMB 3.0'],
  [0x302, 'SMB 3.0.2'],
  [0x311, 'SMB 3.1.1'],
]);

function detect({ bytes, at, end }: Payload): Detection {
  const header = at + SESSION;
  if (end - header < 8 || !isAt(bytes, header + 1, end, NAME)) return 0;
  const magic = bytes[header]!;
  if (magic === SMB1) {
    if (end - header < SMB1_HEADER) return CERTAIN;
    return CERTAIN | ((bytes[header + 9]! & 0x80) !== 0 ? ANSWERS : ASKS);
  }
  if (magic === SMB2) {
    if (end - header < SMB2_HEADER) return CERTAIN;
    return CERTAIN | ((bytes[header + 16]! & 1) !== 0 ? ANSWERS : ASKS);
  }
  return magic === 0xfd || magic === 0xfc ? CERTAIN : 0;
}

function facts(payload: Payload, to: FactSink): void {
  const { bytes, at, end, fromServer } = payload;
  const header = at + SESSION;
  const magic = bytes[header];
  if (magic === 0xfd) to.service('encryption', 'on');
  else if (magic === SMB1) readSmb1(payload, header, to);
  else if (magic === SMB2 && end - header >= SMB2_HEADER + 8) {
    const command = payload.view.getUint16(header + 12, true);
    if (command === NEGOTIATE && fromServer) readNegotiated(payload, header + SMB2_HEADER, to);
    else if (command === SETUP) readNtlm(bytes, payload.view, header + SMB2_HEADER, end, 'smb', to);
    else if (command === TREE_CONNECT && !fromServer) readTree(payload, header, to);
  }
}

/** An answer of SMB 1 chooses a dialect, unless it says 0xffff; an SMB 2 server does not answer. */
function readSmb1({ bytes, view, end, fromServer }: Payload, header: number, to: FactSink): void {
  if (end - header < SMB1_HEADER + 3) return;
  const command = bytes[header + 4]!;
  if (command === SMB1_NEGOTIATE && fromServer) {
    const words = bytes[header + SMB1_HEADER]!;
    if (words > 0 && view.getUint16(header + SMB1_HEADER + 1, true) !== 0xffff) {
      to.service('dialect', 'SMB 1');
    }
  } else if (command === SMB1_SETUP) readNtlm(bytes, view, header + SMB1_HEADER, end, 'smb', to);
}

/** Structure size 65 (2), security mode (2), dialect (2). */
function readNegotiated({ view }: Payload, body: number, to: FactSink): void {
  if (view.getUint16(body, true) !== 65) return;
  const dialect = view.getUint16(body + 4, true);
  to.service('dialect', DIALECTS.get(dialect) ?? `0x${dialect.toString(16)}`);
  const required = (view.getUint16(body + 2, true) & SIGNING_REQUIRED) !== 0;
  to.service('signing', required ? 'required' : 'not required');
}

/** Structure size 9 (2), flags (2), path offset from the header (2), length (2): `\\server\share`. */
function readTree({ bytes, view, end }: Payload, header: number, to: FactSink): void {
  const body = header + SMB2_HEADER;
  const from = header + view.getUint16(body + 4, true);
  const stop = from + view.getUint16(body + 6, true);
  if (stop > end || stop <= from) return;
  const [, server = ''] = /^\\\\([^\\]+)\\/.exec(wideTextAt(bytes, from, stop)) ?? [];
  if (server !== '' && !/^[\d.]+$/.test(server) && !server.includes(':')) {
    to.name('smb', server, 'destination');
  }
}

export const SMB: Detector = {
  protocol: 'smb',
  transports: [6],
  ports: [445, 139],
  begins: [0],
  over: 'netbios-session',
  detect,
  facts,
};
