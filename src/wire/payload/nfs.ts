/** NFS (RFC 1813, RFC 8881): program 100003 of ONC RPC. Its replies do not name the program. */
import {
  calledProgram,
  detectRpc,
  PROGRAM_NFS,
  RECORD_BEGINS,
  rpcStart,
} from './onc-rpc-message.ts';
import { ANSWERS, type Detection, type Detector, type FactSink, type Payload } from './payload.ts';

const PORT = 2049;

function detect(payload: Payload): Detection {
  const program = calledProgram(payload);
  if (program === PROGRAM_NFS) return detectRpc(payload);
  if (program !== 0 || payload.sourcePort !== PORT) return 0;
  const answer = detectRpc(payload);
  return (answer & ANSWERS) === 0 ? 0 : answer;
}

function facts(payload: Payload, to: FactSink): void {
  if (calledProgram(payload) !== PROGRAM_NFS) return;
  to.service('version', String(payload.view.getUint32(rpcStart(payload) + 16)));
}

export const NFS: Detector = {
  protocol: 'nfs',
  transports: [6, 17],
  ports: [PORT],
  beginsOverTcp: RECORD_BEGINS,
  detect,
  facts,
};
