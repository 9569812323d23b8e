/**
 * UDP services: one question each, which is harmless and answered without a login. A community or
 * a password is never tried: SNMP is asked for its engine as version 3 does before a login.
 */

import { DNS, LLMNR, MDNS, NETBIOS, SQL_BROWSER, SSDP } from './datagram-names.ts';
import { IKE, OPENVPN, QUIC, STUN } from './datagram-tunnels.ts';
import { der, integerOf, valueAt, valuesIn } from './der.ts';
import { hex, hexOf, join, octetsOf, textOf, viewOf } from './octets.ts';
import { detailsOf, type Found, type Recogniser } from './recogniser.ts';
import { readSip, sipOptions } from './sip.ts';
import { CLDAP, KERBEROS_UDP } from './windows.ts';

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
