/**
 * RakNet, which Minecraft's Bedrock edition and other games use (its source was published by Oculus;
 * `RakPeer.cpp`): offline messages hold sixteen fixed octets. A pong describes the server.
 */
import { hex } from './hex-word.ts';
import { isAt, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const MAGIC = hex('00ffff00fefefefefdfdfdfd12345678');
const PING = 0x01;
const PING_OPEN = 0x02;
const OPEN_REQUEST_1 = 0x05;
const OPEN_REPLY_1 = 0x06;
const OPEN_REQUEST_2 = 0x07;
const OPEN_REPLY_2 = 0x08;
const PONG = 0x1c;

function detect({ bytes, at, end }: Payload): Detection {
  switch (bytes[at]) {
    // The time comes first.
    case PING:
    case PING_OPEN:
      return isAt(bytes, at + 9, end, MAGIC) ? CERTAIN | ASKS : 0;
    case PONG:
      return isAt(bytes, at + 17, end, MAGIC) ? CERTAIN | ANSWERS : 0;
    case OPEN_REQUEST_1:
    case OPEN_REQUEST_2:
      return isAt(bytes, at + 1, end, MAGIC) ? CERTAIN | ASKS : 0;
    case OPEN_REPLY_1:
    case OPEN_REPLY_2:
      return isAt(bytes, at + 1, end, MAGIC) ? CERTAIN | ANSWERS : 0;
    default:
      return 0;
  }
}

/** `MCPE;title;protocol;version;…` */
function facts({ bytes, view, at, end }: Payload, to: FactSink): void {
  const text = at + 17 + MAGIC.length;
  if (bytes[at] !== PONG || text + 2 > end) return;
  const parts = textAt(bytes, text + 2, Math.min(end, text + 2 + view.getUint16(text))).split(';');
  if (parts.length < 4) return;
  to.service('product', parts[0]!);
  to.service('title', parts[1]!);
  to.service('version', parts[3]!);
}

export const RAKNET: Detector = {
  protocol: 'raknet',
  transports: [17],
  ports: [19132, 19133],
  begins: [PING, PING_OPEN, OPEN_REQUEST_1, OPEN_REPLY_1, OPEN_REQUEST_2, OPEN_REPLY_2, PONG],
  detect,
  facts,
};
