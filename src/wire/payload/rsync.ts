/**
 * The rsync daemon (rsync's `clientserver.c` and `csprotocol.txt`): both ends greet with
 * `@RSYNCD: 31.0` and, since version 31, digest names.
 */
import { ascii, isAt, lineEnd, textAt } from './octets.ts';
import { CERTAIN, type Detection, type Detector, type FactSink, type Payload } from './payload.ts';

const GREETING = ascii('@RSYNCD: ');

function detect({ bytes, at, end }: Payload): Detection {
  return isAt(bytes, at, end, GREETING) ? CERTAIN : 0;
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  if (!fromServer) return;
  const [version = ''] = textAt(bytes, at + GREETING.length, lineEnd(bytes, at, end)).split(' ');
  if (/^\d+(\.\d+)?$/.test(version)) to.service('version', version);
}

export const RSYNC: Detector = {
  protocol: 'rsync',
  transports: [6],
  ports: [873],
  begins: [0x40],
  detect,
  facts,
};
