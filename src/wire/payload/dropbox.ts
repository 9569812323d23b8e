/**
 * Dropbox's LAN sync announcement: a broadcast on UDP 17500 of a JSON object that names the host's
 * number, the port where it shares, and its folders (help.dropbox.com, "LAN sync").
 */
import { ascii, findAnyCase, textAt } from './octets.ts';
import { CERTAIN, type Detection, type Detector, type FactSink, type Payload } from './payload.ts';

const HOST = ascii('"HOST_INT"');
const FOLDERS = ascii('"NAMESPACES"');
const PORT = ascii('"PORT":');
const SEARCHED = 2048;

function detect({ bytes, at, end }: Payload): Detection {
  if (end - at < 32 || bytes[at] !== 0x7b) return 0;
  const stop = Math.min(end, at + SEARCHED);
  if (findAnyCase(bytes, at, stop, HOST) < 0) return 0;
  return findAnyCase(bytes, at, stop, FOLDERS) >= 0 ? CERTAIN : 0;
}

/** The port is another one, of TCP. */
function facts({ bytes, at, end }: Payload, to: FactSink): void {
  const key = findAnyCase(bytes, at, Math.min(end, at + SEARCHED), PORT);
  if (key < 0) return;
  const port = Number(/^\s*(\d{1,5})/.exec(textAt(bytes, key + PORT.length, end))?.[1] ?? 0);
  if (port > 0 && port < 65_536) to.expect('dropbox', 'source', port);
}

export const DROPBOX: Detector = {
  protocol: 'dropbox',
  transports: [17],
  ports: [17500],
  begins: [0x7b],
  detect,
  facts,
};
