/**
 * Ubiquiti's discovery on UDP 10001 (help.ui.com, "Device discovery"; the fields are those that open
 * readers of it print): version, command, length, then type, length, value.
 */
import { textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const PORT = 10_001;
const HEADER = 4;
/** Commands are low numbers: 0, 6, 8 and some more. */
const LAST_COMMAND = 11;
const MOST_FIELDS = 64;
const MAC = 0x01;
const MAC_AND_ADDRESS = 0x02;
const FIRMWARE = 0x03;
const HOST_NAME = 0x0b;
const PLATFORM = 0x0c;
const MODEL = 0x14;

function detect({ bytes, view, at, end, length, sourcePort, destinationPort }: Payload): Detection {
  if (end - at < HEADER || bytes[at] === 0 || bytes[at]! > 2) return 0;
  if (bytes[at + 1]! > LAST_COMMAND) return 0;
  const octets = view.getUint16(at + 2);
  if (octets + HEADER !== length) return 0;
  // Version 2 asks with command 8; its announcements have 6.
  // Four octets and nothing more say little elsewhere than on its port.
  if (octets === 0) {
    const isAsked = destinationPort === PORT || sourcePort === PORT;
    return isAsked && (bytes[at + 1] === 0 || bytes[at + 1] === 8) ? LIKELY | ASKS : 0;
  }
  let next = at + HEADER;
  let addressed = false;
  for (let count = 0; next + 3 <= end && count < MOST_FIELDS; count++) {
    const size = view.getUint16(next + 1);
    if (bytes[next] === MAC && size !== 6) return 0;
    if (bytes[next] === MAC_AND_ADDRESS && size !== 10) return 0;
    if (bytes[next] === MAC || bytes[next] === MAC_AND_ADDRESS) addressed = true;
    next += 3 + size;
  }
  if (!addressed || next > at + length) return 0;
  return (next === at + length ? CERTAIN : LIKELY) | ANSWERS;
}

function facts({ bytes, view, at, end }: Payload, to: FactSink): void {
  let next = at + HEADER;
  for (let count = 0; next + 3 <= end && count < MOST_FIELDS; count++) {
    const after = next + 3 + view.getUint16(next + 1);
    if (after > end) return;
    const text = textAt(bytes, next + 3, after);
    if (bytes[next] === HOST_NAME && text) to.name('ubiquiti', text, 'source');
    if (bytes[next] === FIRMWARE && text) to.service('version', text);
    if ((bytes[next] === MODEL || bytes[next] === PLATFORM) && text) to.service('product', text);
    next = after;
  }
}

export const UBIQUITI: Detector = {
  protocol: 'ubiquiti',
  transports: [17],
  ports: [PORT],
  begins: [1, 2],
  detect,
  facts,
};
