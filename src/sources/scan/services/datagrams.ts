/**
 * UDP services: one question each, which is harmless and answered without a login. A community or
 * a password is never tried: SNMP is asked for its engine as version 3 does before a login.
 */

import { randomBytes } from 'node:crypto';
import { der, integerOf, valueAt, valuesIn } from './der.ts';
import { readDns, versionQuestion } from './dns.ts';
import { filled, hex, hexOf, join, octetsOf, textOf, viewOf } from './octets.ts';
import { readSip, sipOptions } from './others.ts';
import { detailsOf, type Found, type Recogniser } from './recogniser.ts';
import { CLDAP, KERBEROS_UDP } from './windows.ts';

const DNS: Recogniser = {
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
const MDNS: Recogniser = {
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

/** Client mode 3, version 4 (RFC 5905); the answer is of mode 4 and carries our time stamp back. */
const NTP: Recogniser = {
  service: 'ntp',
  transport: 'udp',
  ports: [123],
  question: {
    ask: () => {
      const message = new Uint8Array(48);
      message[0] = 0x23;
      message.set(octetsOf('portreev'), 40);
      return message;
    },
  },
  read: (answer) => {
    if (answer.length < 48 || (answer[0]! & 7) !== 4 || textOf(answer, 24, 32) !== 'portreev')
      return undefined;
    const stratum = answer[1]!;
    const reference = answer.subarray(12, 16);
    return {
      name: 'ntp',
      extra: `version ${(answer[0]! >>> 3) & 7}`,
      details: detailsOf({
        stratum: String(stratum),
        reference: stratum <= 1 ? textOf(reference).replaceAll('\0', '') : [...reference].join('.'),
      }),
      confidence: 10,
    };
  },
};

/** Enterprise numbers of makers often met (IANA private enterprise numbers). */
const ENTERPRISES: Readonly<Record<number, string>> = {
  2: 'IBM',
  9: 'Cisco',
  11: 'HP',
  43: '3Com',
  171: 'D-Link',
  311: 'Microsoft',
  318: 'APC',
  674: 'Dell',
  2011: 'Huawei',
  2435: 'Brother',
  2636: 'Juniper',
  4526: 'Netgear',
  6574: 'Synology',
  8072: 'Net-SNMP',
  12356: 'Fortinet',
  14988: 'MikroTik',
  25461: 'Palo Alto Networks',
  25506: 'H3C',
  30065: 'Arista',
  41112: 'Ubiquiti',
  47196: 'Aruba',
};

/** A request without an engine or a user, to which the engine reports itself. */
function snmpDiscovery(): Uint8Array {
  const int = (...octets: number[]): Uint8Array => der(2, Uint8Array.of(...octets));
  const id = int(0x70, 0x72, 0x74, 0x72);
  const none = der(4);
  return der(
    0x30,
    int(3),
    // Largest message 65,507; reportable; security model 3 (user-based).
    der(0x30, id, int(0, 0xff, 0xe3), der(4, Uint8Array.of(4)), int(3)),
    der(4, der(0x30, none, int(0), int(0), none, none, none)),
    der(0x30, none, none, der(0xa0, id, int(0), int(0), der(0x30))),
  );
}

/** Discovery of an engine (RFC 3414 section 4): a report names it, its boots and its time. */
const SNMP: Recogniser = {
  service: 'snmp',
  transport: 'udp',
  ports: [161],
  question: { ask: snmpDiscovery },
  read: (answer) => {
    const message = valueAt(answer, 0);
    if (message?.tag !== 0x30) return undefined;
    const [version, , security] = valuesIn(answer, message);
    if (integerOf(answer, version) !== 3 || security?.tag !== 4) return undefined;
    // Security parameters: an octet string around a sequence of engine, boots, time …
    const inside = valueAt(answer, security.from, security.to);
    if (inside?.tag !== 0x30) return undefined;
    const [engine, boots] = valuesIn(answer, inside);
    if (engine?.tag !== 4 || engine.to - engine.from < 5 || engine.to - engine.from > 32) {
      return { name: 'snmp', extra: 'version 3', confidence: 7 };
    }
    const enterprise = viewOf(answer).getUint32(engine.from) & 0x7fff_ffff;
    const product = ENTERPRISES[enterprise];
    return {
      name: 'snmp',
      ...(product === undefined ? {} : { product }),
      extra: 'version 3',
      details: detailsOf({
        'engine-id': hexOf(answer.subarray(engine.from, engine.to)),
        enterprise: String(enterprise),
        boots: String(integerOf(answer, boots) ?? ''),
      }),
      confidence: 10,
    };
  },
};

/** Node status of any name (RFC 1002 section 4.2.17). */
const NETBIOS: Recogniser = {
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
const SQL_BROWSER: Recogniser = {
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
const SSDP: Recogniser = {
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

const SIP: Recogniser = {
  service: 'sip',
  transport: 'udp',
  ports: [5060],
  question: { ask: ({ address }) => sipOptions(address, 'UDP') },
  read: readSip,
};

/** A read request for a file that is not there: an ERROR shows the server (RFC 1350). */
const TFTP: Recogniser = {
  service: 'tftp',
  transport: 'udp',
  ports: [69],
  question: { ask: () => octetsOf('\0\x01portreeve-no-such-file\0octet\0') },
  read: (answer) => {
    if (answer.length < 5 || answer[0] !== 0 || (answer[1] !== 5 && answer[1] !== 3))
      return undefined;
    if (answer[1] === 5 && (answer[2] !== 0 || answer[3]! > 8)) return undefined;
    return { name: 'tftp', confidence: 7 };
  },
};

/** Portmapper DUMP (RFC 1833 section 3): programs and their ports. */
const RPCBIND: Recogniser = {
  service: 'rpcbind',
  transport: 'udp',
  ports: [111],
  question: {
    ask: () =>
      hex(
        '70727476 00000000 00000002 000186a0 00000002 00000004 0000000000000000 0000000000000000',
      ),
  },
  read: (answer) => {
    if (answer.length < 24) return undefined;
    const view = viewOf(answer);
    if (view.getUint32(0) !== 0x70727476 || view.getUint32(4) !== 1) return undefined;
    const programs = new Set<string>();
    for (
      let at = 24;
      at + 20 <= answer.length && view.getUint32(at) === 1 && programs.size < 60;
      at += 20
    ) {
      const protocol = view.getUint32(at + 12) === 6 ? 'tcp' : 'udp';
      const number = view.getUint32(at + 4);
      programs.add(
        `${PROGRAMS[number] ?? number} v${view.getUint32(at + 8)} ${protocol}/${view.getUint32(at + 16)}`,
      );
    }
    return {
      name: 'rpcbind',
      product: 'ONC RPC',
      details: detailsOf({ programs: [...programs].join(', ') }),
      confidence: 10,
    };
  },
};

const PROGRAMS: Readonly<Record<number, string>> = {
  100000: 'portmapper',
  100003: 'nfs',
  100005: 'mountd',
  100011: 'rquotad',
  100021: 'nlockmgr',
  100024: 'status',
  100227: 'nfs_acl',
};

/** A binding request (RFC 8489), magic cookie 0x2112A442. */
const STUN: Recogniser = {
  service: 'stun',
  transport: 'udp',
  ports: [3478, 3479],
  question: { ask: () => hex('0001 0000 2112a442 706f72747265657665000000') },
  read: (answer) => {
    if (answer.length < 20 || viewOf(answer).getUint32(4) !== 0x2112a442) return undefined;
    const kind = viewOf(answer).getUint16(0);
    if (kind !== 0x101 && kind !== 0x111) return undefined;
    const at = textOf(answer).indexOf('\x80\x22\0');
    const length = at < 0 ? 0 : (answer[at + 3] ?? 0);
    const software = textOf(answer, at + 4, at + 4 + length)
      .replaceAll('\0', '')
      .trim();
    return {
      name: 'stun',
      ...(at < 0 || software === '' ? {} : { product: software }),
      confidence: 10,
    };
  },
};

/** A long header of a version that nobody has: servers list theirs (RFC 8999, RFC 9000 section 6). */
const QUIC: Recogniser = {
  service: 'quic',
  transport: 'udp',
  ports: [443, 8443, 784, 853],
  question: {
    ask: () => join(hex('c0 1a2a3a4a 08 7072747265657665 08 7072747265657665'), filled(1180)),
  },
  read: (answer) => {
    if (answer.length < 11 || (answer[0]! & 0x80) === 0 || viewOf(answer).getUint32(1) !== 0)
      return undefined;
    let at = 5;
    at += 1 + answer[at]!;
    if (at >= answer.length) return undefined;
    at += 1 + answer[at]!;
    const versions: string[] = [];
    for (; at + 4 <= answer.length && versions.length < 16; at += 4) {
      const version = viewOf(answer).getUint32(at);
      // Reserved versions (0x?a?a?a?a) are there to be ignored.
      if ((version & 0x0f0f0f0f) === 0x0a0a0a0a) continue;
      versions.push(
        version === 1 ? '1' : version === 0x6b3343cf ? '2' : `0x${version.toString(16)}`,
      );
    }
    return { name: 'quic', details: detailsOf({ versions: versions.join(' ') }), confidence: 10 };
  },
};

/** SA with AES-CBC-256, SHA-256 and group 14; a key share and a nonce that nobody will use. */
function ikeQuestion(): Uint8Array {
  const proposal = hex(
    '0000002c 01010004 0300000c 0100000c 800e0100 03000008 02000005 03000008 0300000c 00000008 0400000e',
  );
  return join(
    hex('7072747265657665 0000000000000000 21 20 22 08 00000000 00000178'),
    hex('22000030'),
    proposal,
    hex('28000108 000e0000'),
    filled(256, 0x5a),
    hex('00000024'),
    filled(32, 0x70),
  );
}

/** IKE_SA_INIT with one proposal (RFC 7296); whatever is answered carries our cookie. */
const IKE: Recogniser = {
  service: 'ike',
  transport: 'udp',
  ports: [500],
  question: { ask: ikeQuestion },
  read: (answer) => {
    if (answer.length < 28 || textOf(answer, 0, 8) !== 'prtreeve') return undefined;
    const version = answer[17]! >>> 4;
    return version === 1 || version === 2
      ? { name: 'ike', extra: `version ${version}`, confidence: 10 }
      : undefined;
  },
};

const OPENVPN: Recogniser = {
  service: 'openvpn',
  transport: 'udp',
  ports: [1194],
  question: { ask: () => hex('38 7072747265657665 00 00000000') },
  // Server's session, one packet acknowledged: ours, of our session.
  read: (answer) =>
    answer.length >= 26 &&
    answer[0]! >>> 3 === 8 &&
    answer[9] === 1 &&
    textOf(answer, 14, 22) === 'prtreeve'
      ? { name: 'openvpn', product: 'OpenVPN', confidence: 10 }
      : undefined,
};

/** GET /.well-known/core (RFC 7252, RFC 6690). */
const COAP: Recogniser = {
  service: 'coap',
  transport: 'udp',
  ports: [5683],
  question: {
    ask: () => join(hex('41 01 7072 70 bb'), octetsOf('.well-known\x04core')),
  },
  read: (answer) => {
    if (answer.length < 5 || answer[0]! >>> 6 !== 1 || (answer[0]! & 15) !== 1) return undefined;
    // Our message and token, and a response of class 2, 4 or 5.
    if (viewOf(answer).getUint16(2) !== 0x7072 || answer[4] !== 0x70) return undefined;
    if (![2, 4, 5].includes(answer[1]! >>> 5)) return undefined;
    const links = /<\/[^>]{0,100}>/.exec(textOf(answer, 0, 1024))?.[0];
    return { name: 'coap', details: detailsOf({ resource: links }), confidence: 10 };
  },
};

/** Get Channel Authentication Capabilities (IPMI 2.0 section 22.13): answered before a session. */
const IPMI: Recogniser = {
  service: 'ipmi',
  transport: 'udp',
  ports: [623],
  question: { ask: () => hex('0600ff07 00 00000000 00000000 09 2018c8 8100 38 8e04 b5') },
  read: (answer) =>
    answer.length >= 20 && answer[0] === 6 && answer[2] === 0xff && answer[3] === 7
      ? {
          name: 'ipmi',
          product: 'IPMI over LAN',
          details: detailsOf({
            'null-user': answer.length > 24 && (answer[24]! & 1) !== 0 ? 'enabled' : undefined,
          }),
          confidence: 10,
        }
      : undefined,
};

/** `version` with the UDP frame header (memcached protocol.txt). */
const MEMCACHED: Recogniser = {
  service: 'memcached',
  transport: 'udp',
  ports: [11211],
  question: { ask: () => join(hex('7072 0000 0001 0000'), octetsOf('version\r\n')) },
  read: (answer) => {
    if (textOf(answer, 0, 8) !== 'pr\0\0\0\x01\0\0') return undefined;
    const version = /^VERSION ([\w.+-]{1,40})\r\n/.exec(textOf(answer, 8, 80))?.[1];
    return version === undefined
      ? undefined
      : { name: 'memcached', product: 'memcached', version, confidence: 10 };
  },
};

/** A2S_INFO (Valve developer documentation, "Server queries"). */
const STEAM: Recogniser = {
  service: 'source-query',
  transport: 'udp',
  ports: [27015, 27016],
  question: { ask: () => join(hex('ffffffff 54'), octetsOf('Source Engine Query\0')) },
  read: (answer): Found | undefined => {
    if (answer.length < 6 || viewOf(answer).getUint32(0) !== 0xffffffff) return undefined;
    if (answer[4] === 0x41) return { name: 'source-query', confidence: 10 };
    if (answer[4] !== 0x49) return undefined;
    const [name, , , game] = textOf(answer, 6, 600).split('\0', 5);
    return {
      name: 'source-query',
      ...(game === undefined || game === '' ? {} : { product: game }),
      details: detailsOf({ title: name }),
      confidence: 10,
    };
  },
};

/** LLMNR has no question that every host answers; asked for a name of chance, silence is right. */
const LLMNR: Recogniser = {
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

export const DATAGRAMS: readonly Recogniser[] = [
  DNS,
  MDNS,
  NTP,
  SNMP,
  NETBIOS,
  SQL_BROWSER,
  SSDP,
  SIP,
  TFTP,
  RPCBIND,
  STUN,
  QUIC,
  IKE,
  OPENVPN,
  COAP,
  IPMI,
  MEMCACHED,
  STEAM,
  LLMNR,
  KERBEROS_UDP,
  CLDAP,
];
