/**
 * Further TCP services that answer a first question without a login: DNS, proxies and tunnels, remote
 * screens, chat and monitoring. The source of each question is named beside it.
 */
import { AMQP, BEANSTALK, GEARMAN, MQTT, STOMP } from './brokers.ts';
import { ADB, AJP, GIT, JDWP, RMI } from './developers.ts';
import { readDns, versionQuestion } from './dns.ts';
import { hex, join, octetsOf, textOf, viewOf } from './octets.ts';
import { detailsOf, type Recogniser } from './recogniser.ts';
import { SIP } from './sip.ts';

/** RFC 1035 section 4.2.2: a length before the message. */
const DNS_TCP: Recogniser = {
  service: 'domain',
  transport: 'tcp',
  ports: [53, 853, 5353],
  question: {
    ask: () => {
      const message = versionQuestion();
      return join(Uint8Array.of(message.length >> 8, message.length & 255), message);
    },
    order: 5,
  },
  read: (answer) => {
    if (answer.length < 14 || viewOf(answer).getUint16(0) > 4096) return undefined;
    return readDns(answer.subarray(2));
  },
};

/** SOCKS 5 greeting without authentication (RFC 1928 section 3). */
const SOCKS: Recogniser = {
  service: 'socks5',
  transport: 'tcp',
  ports: [1080, 9050],
  question: { ask: () => hex('05 01 00') },
  read: (answer) =>
    answer.length === 2 && answer[0] === 5 && (answer[1] === 0 || answer[1] === 0xff)
      ? {
          name: 'socks5',
          details: detailsOf({ authentication: answer[1] === 0 ? 'not required' : 'required' }),
          confidence: 7,
        }
      : undefined,
};

/** X protocol: connection setup, refused (0), accepted (1) or to be authenticated (2). */
const X11: Recogniser = {
  service: 'x11',
  transport: 'tcp',
  ports: Array.from({ length: 10 }, (_, display) => 6000 + display),
  question: { ask: () => hex('6c00 0b00 0000 0000 0000 0000') },
  read: (answer) => {
    if (answer.length < 8 || answer[0]! > 2 || viewOf(answer).getUint16(2, true) !== 11)
      return undefined;
    if (answer[0] === 1) {
      const length = answer.length > 26 ? viewOf(answer).getUint16(24, true) : 0;
      const vendor = length > 0 && length < 100 ? textOf(answer, 40, 40 + length) : undefined;
      return {
        name: 'x11',
        ...(vendor === undefined ? {} : { product: vendor }),
        details: [{ key: 'authentication', value: 'not required' }],
        confidence: 10,
      };
    }
    return {
      name: 'x11',
      details: detailsOf({
        authentication: 'required',
        message: textOf(answer, 8, 8 + answer[1]!),
      }),
      confidence: 10,
    };
  },
};

/** Telnet option negotiation (RFC 854, RFC 855): IAC and a verb, first or after nothing else. */
const TELNET: Recogniser = {
  service: 'telnet',
  transport: 'tcp',
  ports: [23, 2323, 992],
  read: (answer) => {
    if (answer.length < 3 || answer[0] !== 0xff || answer[1]! < 0xfa || answer[1]! > 0xfe)
      return undefined;
    let at = 0;
    while (at + 2 < answer.length && answer[at] === 0xff && answer[at + 1]! >= 0xfb) {
      // Options known to exist (IANA telnet options), 255 included.
      if (answer[at + 2]! > 49 && answer[at + 2]! !== 255) return undefined;
      at += 3;
    }
    const words = textOf(answer, at, Math.min(answer.length, at + 200));
    if (at === 3 && /[\x80-\xfe]/.test(words)) return undefined;
    const said = words.replaceAll(/\s+/g, ' ').trim();
    return {
      name: 'telnet',
      ...(/^[\x20-\x7e]{2,}/.test(said) ? { extra: said } : {}),
      confidence: 10,
    };
  },
};

/** A stream's opening (RFC 6120 section 4.2). */
const XMPP: Recogniser = {
  service: 'xmpp',
  transport: 'tcp',
  ports: [5222, 5223, 5269],
  question: {
    ask: () =>
      octetsOf(
        "<?xml version='1.0'?><stream:stream to='portreeve' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
      ),
  },
  read: (answer) => {
    const text = textOf(answer, 0, 2048);
    if (!/^(?:<\?xml[^>]{0,80}\?>\s{0,4})?<stream:(?:stream|error)[\s>]/.test(text))
      return undefined;
    // A server's stream has an id (RFC 6120 section 4.7.3); ours, echoed, has none.
    if (!/\bid=['"]/.test(text) && !text.includes('stream:error')) return undefined;
    return {
      name: 'xmpp',
      details: detailsOf({
        'host-name': /\bfrom=['"]([^'"]{1,255})['"]/.exec(text)?.[1],
        tls: text.includes('urn:ietf:params:xml:ns:xmpp-tls') ? 'offered' : undefined,
      }),
      confidence: 10,
    };
  },
};

/** Start-Control-Connection (RFC 2637 section 2.1); names host and vendor. */
const PPTP: Recogniser = {
  service: 'pptp',
  transport: 'tcp',
  ports: [1723],
  question: {
    ask: () => {
      const message = new Uint8Array(156);
      message.set(hex('009c 0001 1a2b3c4d 0001 0000 0100 0000 00000003 00000003 0001 0001'), 0);
      message.set(octetsOf('portreeve'), 92);
      return message;
    },
  },
  read: (answer) => {
    if (answer.length < 156 || viewOf(answer).getUint32(4) !== 0x1a2b3c4d) return undefined;
    if (viewOf(answer).getUint16(8) !== 2) return undefined;
    const product = textOf(answer, 92, 156).split('\0')[0];
    return {
      name: 'pptp',
      ...(product === undefined || product === '' ? {} : { product }),
      details: detailsOf({ 'host-name': textOf(answer, 28, 92).split('\0')[0] }),
      confidence: 10,
    };
  },
};

/** `agent.version` (Zabbix documentation, header and data length). */
const ZABBIX: Recogniser = {
  service: 'zabbix-agent',
  transport: 'tcp',
  ports: [10050],
  question: { ask: () => octetsOf('ZBXD\x01\x0d\0\0\0\0\0\0\0agent.version') },
  read: (answer) => {
    if (textOf(answer, 0, 5) !== 'ZBXD\x01') return undefined;
    const version = /^\d[\w.]{1,20}/.exec(textOf(answer, 13, 40))?.[0];
    return {
      name: 'zabbix-agent',
      product: 'Zabbix agent',
      ...(version === undefined ? {} : { version }),
      confidence: 10,
    };
  },
};

/** Finger (RFC 1288) and others that answer an empty line with words are told by port alone. */
const FINGER: Recogniser = {
  service: 'finger',
  transport: 'tcp',
  ports: [79],
  question: { ask: () => octetsOf('\r\n') },
  read: (answer) =>
    /^(?:Login\s{1,20}Name|No one logged on|[^\r\n]{0,80}: no such user)/.test(
      textOf(answer, 0, 300),
    )
      ? { name: 'finger', confidence: 7 }
      : undefined,
};

/** RFC 5531 section 9, accept_stat. */
const PROG_UNAVAIL = 1;

/** Portmapper NULL call with a record mark (RFC 5531, RFC 1833). */
const RPCBIND_TCP: Recogniser = {
  service: 'rpcbind',
  transport: 'tcp',
  ports: [111],
  question: {
    ask: () =>
      hex(
        '80000028 70727476 00000000 00000002 000186a0 00000002 00000000 0000000000000000 0000000000000000',
      ),
    order: 22,
  },
  read: (answer) => {
    if (answer.length < 28 || (answer[0]! & 0x80) === 0) return undefined;
    const view = viewOf(answer);
    if (view.getUint32(4) !== 0x70727476 || view.getUint32(8) !== 1 || view.getUint32(12) > 1)
      return undefined;
    // Another program of the same protocol: it does not know that one.
    const isUnknown = view.getUint32(12) === 0 && view.getUint32(24) === PROG_UNAVAIL;
    return { name: isUnknown ? 'onc-rpc' : 'rpcbind', product: 'ONC RPC', confidence: 10 };
  },
};

/** Client's hard reset (OpenVPN protocol, opcode 7), answered by the server's (opcode 8). */
const OPENVPN_TCP: Recogniser = {
  service: 'openvpn',
  transport: 'tcp',
  ports: [1194],
  question: { ask: () => hex('000e 38 7072747265657665 00 00000000') },
  read: (answer) =>
    answer.length >= 28 && answer[2]! >>> 3 === 8 && textOf(answer, 16, 24) === 'prtreeve'
      ? { name: 'openvpn', product: 'OpenVPN', confidence: 10 }
      : undefined,
};

/** Minecraft: a status request (handshake, then an empty packet) answered with JSON. */
const MINECRAFT: Recogniser = {
  service: 'minecraft',
  transport: 'tcp',
  ports: [25565],
  question: { ask: () => hex('10 00 fb05 09 706f727472656576 65 63dd 01 01 00') },
  read: (answer) => {
    const text = textOf(answer, 0, 4096);
    const version = /"version":\{[^}]{0,120}"name":"([^"]{1,60})"/.exec(text)?.[1];
    return version === undefined || !text.includes('"players"')
      ? undefined
      : { name: 'minecraft', product: 'Minecraft', version, confidence: 10 };
  },
};

/** BGP-4 (RFC 4271 section 4.1): a marker of ones, length, OPEN (1) or NOTIFICATION (3). */
const BGP: Recogniser = {
  service: 'bgp',
  transport: 'tcp',
  ports: [179],
  read: (answer) => {
    if (answer.length < 19 || answer.subarray(0, 16).some((octet) => octet !== 0xff))
      return undefined;
    const kind = answer[18]!;
    return kind === 1 || kind === 3
      ? {
          name: 'bgp',
          ...(kind === 1 && answer.length > 22
            ? { extra: `AS ${viewOf(answer).getUint16(20)}` }
            : {}),
          confidence: 10,
        }
      : undefined;
  },
};

/** With those of brokers and developers, in the order in which answers are held against them. */
export const OTHERS: readonly Recogniser[] = [
  DNS_TCP,
  AMQP,
  MQTT,
  STOMP,
  SOCKS,
  X11,
  TELNET,
  GIT,
  XMPP,
  SIP,
  PPTP,
  AJP,
  RMI,
  JDWP,
  ZABBIX,
  BEANSTALK,
  GEARMAN,
  FINGER,
  RPCBIND_TCP,
  OPENVPN_TCP,
  MINECRAFT,
  BGP,
  ADB,
];
