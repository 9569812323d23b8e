/** UDP services that tell who and what is in a network: names, offers, instances. */

import { randomBytes } from 'node:crypto';
import { readDns, versionQuestion } from './dns.ts';
import { hex, hexOf, join, octetsOf, textOf, viewOf } from './octets.ts';
import { detailsOf, type Recogniser } from './recogniser.ts';

export const DNS: Recogniser = {
  service: 'domain',
  transport: 'udp',
  ports: [53],
  question: { ask: versionQuestion },
  read: readDns,
};

/** Labels such as `_ipp` anywhere in an answer, without the underscore; `_tcp` and `_udp` left out. */
function serviceKinds(answer: Uint8Array): string[] {
  const kinds = new Set<string>();
  for (let at = 12; at + 2 < answer.length && kinds.size < 20; at++) {
    const length = answer[at]!;
    if (length < 2 || length > 16 || answer[at + 1] !== 0x5f) continue;
    const label = textOf(answer, at + 2, at + 1 + length);
    if (/^[a-z][a-z0-9-]*$/.test(label)) kinds.add(label);
  }
  for (const other of ['tcp', 'udp', 'services', 'dns-sd']) kinds.delete(other);
  return [...kinds];
}

/** Asks mDNS for the kinds of service on the host (RFC 6763 section 9), unicast answer wanted. */
export const MDNS: Recogniser = {
  service: 'mdns',
  transport: 'udp',
  ports: [5353],
  question: {
    ask: () =>
      join(
        hex('7072 0000 0001 0000 0000 0000'),
        octetsOf('\x09_services\x07_dns-sd\x04_udp\x05local\0'),
        hex('000c 8001'),
      ),
  },
  read: (answer) => {
    if (answer.length < 12 || viewOf(answer).getUint16(0) !== 0x7072) return undefined;
    if ((viewOf(answer).getUint16(2) & 0xf80f) !== 0x8000) return undefined;
    const names = serviceKinds(answer);
    return {
      name: 'mdns',
      details: detailsOf({ services: names.join(' ') }),
      confidence: 10,
    };
  },
};

/** Node status of any name (RFC 1002 section 4.2.17). */
export const NETBIOS: Recogniser = {
  service: 'netbios-ns',
  transport: 'udp',
  ports: [137],
  question: {
    ask: () =>
      join(
        hex('7072 0000 0001 0000 0000 0000 20'),
        octetsOf(`CK${'A'.repeat(30)}\0`),
        hex('0021 0001'),
      ),
  },
  read: (answer) => {
    if (answer.length < 57 || viewOf(answer).getUint16(0) !== 0x7072) return undefined;
    // A response with a record of type NBSTAT, class IN after the name of 34 octets.
    if ((answer[2]! & 0x80) === 0 || viewOf(answer).getUint32(46) !== 0x0021_0001) return undefined;
    const count = answer[56]!;
    const names: string[] = [];
    let mac: string | undefined;
    let domain: string | undefined;
    for (let index = 0; index < Math.min(count, 40); index++) {
      const at = 57 + 18 * index;
      if (at + 18 > answer.length) break;
      const name = textOf(answer, at, at + 15).trimEnd();
      const suffix = answer[at + 15]!;
      const group = (answer[at + 16]! & 0x80) !== 0;
      if (suffix === 0 && group) domain ??= name;
      names.push(`${name}<${suffix.toString(16).padStart(2, '0')}>`);
    }
    const end = 57 + 18 * count;
    if (end + 6 <= answer.length) {
      mac = hexOf(answer.subarray(end, end + 6)).replace(/(..)(?=.)/g, '$1:');
    }
    return {
      name: 'netbios-ns',
      details: detailsOf({ 'netbios-names': names.join(' '), 'netbios-domain': domain, mac }),
      confidence: 10,
    };
  },
};

/** CLNT_UCAST_EX ([MS-SQLR] section 2.2.2). */
export const SQL_BROWSER: Recogniser = {
  service: 'ms-sql-browser',
  transport: 'udp',
  ports: [1434],
  question: { ask: () => Uint8Array.of(3) },
  read: (answer) => {
    if (answer.length < 6 || answer[0] !== 5) return undefined;
    const text = textOf(answer, 3, 2048);
    if (!text.startsWith('ServerName;')) return undefined;
    const words = text.split(';', 60);
    const field = (name: string): string | undefined => words[words.indexOf(name) + 1];
    const version = field('Version');
    return {
      name: 'ms-sql-browser',
      product: 'Microsoft SQL Server Browser',
      ...(version === undefined || !words.includes('Version') ? {} : { version }),
      details: detailsOf({
        'host-name': words[1],
        instances: words
          .flatMap((word, index) => (word === 'InstanceName' ? [words[index + 1]] : []))
          .join(' '),
        ports: words.flatMap((word, index) => (word === 'tcp' ? [words[index + 1]] : [])).join(' '),
      }),
      confidence: 10,
    };
  },
};

/** A search sent to the host itself (UPnP Device Architecture 1.1 section 1.3.2). */
export const SSDP: Recogniser = {
  service: 'ssdp',
  transport: 'udp',
  ports: [1900],
  question: {
    ask: ({ address }) =>
      octetsOf(
        `M-SEARCH * HTTP/1.1\r\nHOST: ${address}:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n`,
      ),
  },
  read: (answer) => {
    const text = textOf(answer, 0, 2048);
    if (!/^HTTP\/1\.1 200 OK\r\n/i.test(text) || !/\r\n(?:ST|USN):/i.test(text)) return undefined;
    const product = /\r\nSERVER:\s{0,4}([^\r\n]{1,200})/i.exec(text)?.[1];
    return {
      name: 'ssdp',
      ...(product === undefined ? {} : { product }),
      details: detailsOf({ location: /\r\nLOCATION:\s{0,4}([^\r\n]{1,300})/i.exec(text)?.[1] }),
      confidence: 10,
    };
  },
};

/** LLMNR has no question that every host answers; asked for a name of chance, silence is right. */
export const LLMNR: Recogniser = {
  service: 'llmnr',
  transport: 'udp',
  ports: [5355],
  question: {
    ask: () =>
      join(
        hex('7072 0000 0001 0000 0000 0000 08'),
        octetsOf(`${randomBytes(4).toString('hex')}\0`),
        hex('00ff 0001'),
      ),
  },
  read: (answer) =>
    answer.length >= 12 && viewOf(answer).getUint16(0) === 0x7072 && (answer[2]! & 0xf8) === 0x80
      ? { name: 'llmnr', confidence: 5 }
      : undefined,
};
