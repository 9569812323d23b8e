/**
 * WS-Discovery (OASIS, 1.1, and the version of April 2005 that Windows speaks): a SOAP envelope in
 * one datagram whose action names the discovery namespace and the kind of message.
 */
import { ascii, findAnyCase, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';
import { webEndpoint } from './text-headers.ts';

const ENVELOPE = ascii('ENVELOPE');
const DISCOVERY_2005 = ascii('/WS/2005/04/DISCOVERY');
const DISCOVERY_2009 = ascii('/WS-DD/NS/DISCOVERY/2009/01');
const MATCHES = ascii('MATCHES<');
const PROBE = ascii('/PROBE<');
const RESOLVE = ascii('/RESOLVE<');
const ADDRESSES = ascii('XADDRS>');
const TYPES = ascii('TYPES>');
/** Octets searched for the parts of the envelope's header. */
const HEADER = 1024;
const MOST_SEARCHED = 8192;

function detect({ bytes, at, end }: Payload): Detection {
  // `<` after an optional byte order mark.
  const start = end - at > 3 && bytes[at] === 0xef ? at + 3 : at;
  if (end - start < 32 || bytes[start] !== 0x3c) return 0;
  const stop = Math.min(end, at + HEADER);
  if (findAnyCase(bytes, start, stop, ENVELOPE) < 0) return 0;
  const isDiscovery =
    findAnyCase(bytes, start, stop, DISCOVERY_2005) >= 0 ||
    findAnyCase(bytes, start, stop, DISCOVERY_2009) >= 0;
  if (!isDiscovery) return 0;
  if (findAnyCase(bytes, start, stop, MATCHES) >= 0) return CERTAIN | ANSWERS;
  const asks =
    findAnyCase(bytes, start, stop, PROBE) >= 0 || findAnyCase(bytes, start, stop, RESOLVE) >= 0;
  return asks ? CERTAIN | ASKS : CERTAIN;
}

/** Transport addresses, separated by blanks, and types such as `wsdp:Device`. */
function facts({ bytes, at, end }: Payload, to: FactSink): void {
  const stop = Math.min(end, at + MOST_SEARCHED);
  if (findAnyCase(bytes, at, Math.min(end, at + HEADER), PROBE) >= 0) return;
  const types = content(bytes, at, stop, TYPES);
  if (types) to.service('types', types);
  for (const url of content(bytes, at, stop, ADDRESSES).split(/\s+/).slice(0, 8)) {
    const endpoint = webEndpoint(url);
    if (endpoint) to.expect('http', endpoint.address, endpoint.port);
  }
}

/** Text between the first such opening tag and the next tag. */
function content(bytes: Uint8Array, at: number, end: number, tag: Uint8Array): string {
  const start = findAnyCase(bytes, at, end, tag);
  return start < 0 ? '' : (/^[^<]*/.exec(textAt(bytes, start + tag.length, end))?.[0] ?? '').trim();
}

export const WS_DISCOVERY: Detector = {
  protocol: 'ws-discovery',
  transports: [17],
  ports: [3702],
  begins: [0x3c, 0xef],
  detect,
  facts,
};
