/** SIP by TCP and UDP: OPTIONS, which every server answers (RFC 3261 section 11). */
import { octetsOf, textOf } from './octets.ts';
import { detailsOf, type Found, type Recogniser } from './recogniser.ts';

/**
 * A request for what the server can do, in ASCII.
 * @param address of the server, as text; a zone is left out
 */
export function sipOptions(address: string, via: 'TCP' | 'UDP'): Uint8Array {
  const host = address.includes(':') ? `[${address.split('%')[0]}]` : address;
  return octetsOf(
    `OPTIONS sip:${host} SIP/2.0\r\nVia: SIP/2.0/${via} portreeve.invalid;branch=z9hG4bKportreeve;rport\r\nFrom: <sip:portreeve@portreeve.invalid>;tag=1\r\nTo: <sip:${host}>\r\nCall-ID: portreeve\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 1\r\nContent-Length: 0\r\n\r\n`,
  );
}

/** Any answer is enough: also a refusal names the product. */
export function readSip(answer: Uint8Array): Found | undefined {
  const text = textOf(answer, 0, Math.min(answer.length, 4096));
  if (!/^SIP\/2\.0 \d{3} /.test(text)) return undefined;
  const product = /\r\n(?:Server|User-Agent):\s{0,4}([^\r\n]{1,160})/i.exec(text)?.[1];
  return {
    name: 'sip',
    ...(product === undefined ? {} : { product }),
    details: detailsOf({ methods: /\r\nAllow:\s{0,4}([^\r\n]{1,200})/i.exec(text)?.[1] }),
    confidence: 10,
  };
}

export const SIP: Recogniser = {
  service: 'sip',
  transport: 'tcp',
  ports: [5060, 5061],
  question: { ask: ({ address }) => sipOptions(address, 'TCP') },
  read: readSip,
};
