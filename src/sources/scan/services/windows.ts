/**
 * Services of Windows and of directories, as far as they speak before any login: SMB ([MS-SMB2]),
 * remote desktop ([MS-RDPBCGR]), DCE/RPC (C706), Kerberos (RFC 4120), LDAP (RFC 4511).
 */

import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { contentOf, der, integerOf, type Value, valueAt, valuesIn } from './der.ts';
import { Conversation, LIMITS, opened } from './exchange.ts';
import { NTLM_NEGOTIATE, readNtlmChallenge } from './ntlm.ts';
import { big, filled, hex, join, little, octetsOf, sayingOf, viewOf } from './octets.ts';
import { type Detail, detailsOf, type Found, type Recogniser } from './recogniser.ts';

/** A message in a NetBIOS session frame (RFC 1002 section 4.3.1): type 0, length (3). */
function framed(message: Uint8Array): Uint8Array {
  return join(big(4, message.length), message);
}

/** An SMB2 header ([MS-SMB2] section 2.2.1.2) and a body. */
function smb2(command: number, id: number, body: Uint8Array): Uint8Array {
  const header = new Uint8Array(64);
  header.set(hex('fe534d42 4000'), 0);
  header.set(little(2, command), 12);
  // One credit asked for.
  header.set(little(2, 1), 14);
  header.set(little(4, id), 24);
  return framed(join(header, body));
}

const DIALECTS: Readonly<Record<number, string>> = {
  514: '2.0.2',
  528: '2.1',
  768: '3.0',
  770: '3.0.2',
  785: '3.1.1',
  767: '2.?',
};

/** NEGOTIATE with every dialect; 3.1.1 comes with its pre-authentication integrity context. */
function smbQuestion(): Uint8Array {
  const body = join(
    hex('2400 0500 0100 0000 7f000000'),
    hex('706f7274726565766520696e71756972'), // client GUID: any
    hex('70000000 0200 0000'), // contexts at 112, two
    hex('0202 1002 0003 0203 1103 0000'),
    // SHA-512, salt of 32 octets; then AES-128-GCM and AES-128-CCM.
    hex('0100 2600 00000000 0100 2000 0100'),
    filled(32, 0x5a),
    hex('0000'),
    hex('0200 0600 00000000 0200 0200 0100'),
  );
  return smb2(0, 0, body);
}

export const SMB: Recogniser = {
  service: 'smb',
  transport: 'tcp',
  ports: [445, 139],
  question: { ask: smbQuestion, order: 8 },
  read: (answer) => {
    if (answer.length < 8 || answer[0] !== 0) return undefined;
    const magic = viewOf(answer).getUint32(4);
    // Replies are marked as such; what we sent ourselves may come back from an echo.
    if (magic === 0xff534d42 && (answer[13] ?? 0) >= 0x80)
      return { name: 'smb', extra: 'SMB 1 only', confidence: 10 };
    if (magic !== 0xfe534d42 || ((answer[20] ?? 1) & 1) === 0) return undefined;
    if (answer.length < 4 + 64 + 64 || viewOf(answer).getUint16(16, true) !== 0) {
      return { name: 'smb', confidence: 10 };
    }
    const at = 4 + 64;
    const view = viewOf(answer);
    const dialect = view.getUint16(at + 4, true);
    const mode = view.getUint16(at + 2, true);
    return {
      name: 'smb',
      extra: `SMB ${DIALECTS[dialect] ?? `0x${dialect.toString(16)}`}`,
      details: detailsOf({
        signing: (mode & 2) === 0 ? 'not required' : 'required',
        'system-time': fileTime(view.getBigUint64(at + 40, true)),
      }),
      confidence: 10,
    };
  },
  inquire: async ({ open }) => {
    const session = await open();
    let names: readonly Detail[] = [];
    try {
      session.write(smbQuestion());
      await session.read(3000, isFrame);
      session.write(smb2(1, 1, sessionSetup()));
      names = readNtlmChallenge(await session.read(3000, isFrame));
    } finally {
      session.close();
    }
    return [...names, ...(await offersSmb1(open))];
  },
};

/** SESSION_SETUP ([MS-SMB2] section 2.2.5) carrying a bare NTLM negotiate: no user, no password. */
function sessionSetup(): Uint8Array {
  const fixed = new Uint8Array(24);
  fixed.set(little(2, 25), 0);
  fixed[3] = 1;
  fixed.set(little(2, 64 + 24), 12);
  fixed.set(little(2, NTLM_NEGOTIATE.length), 14);
  return join(fixed, NTLM_NEGOTIATE);
}

/** Whether a server still takes the first dialect ([MS-CIFS] section 2.2.4.52). */
async function offersSmb1(open: () => Promise<Conversation>): Promise<Detail[]> {
  const session = await open();
  try {
    session.write(
      framed(
        join(
          hex('ff534d42 72 00000000 18 0128 0000 0000000000000000 0000 ffff 0000 0000 0000'),
          hex('00 0c00 02'),
          octetsOf('NT LM 0.12\0'),
        ),
      ),
    );
    const answer = await session.read(3000, isFrame);
    const offered =
      answer.length > 39 &&
      viewOf(answer).getUint32(4) === 0xff534d42 &&
      viewOf(answer).getUint32(9, true) === 0 &&
      // The index of the dialect taken; 0xFFFF for none.
      viewOf(answer).getUint16(37, true) === 0;
    return [{ key: 'smb1', value: offered ? 'offered' : 'refused' }];
  } finally {
    session.close();
  }
}

/** Whether a whole session frame is there. */
function isFrame(octets: Uint8Array): boolean {
  return octets.length >= 4 && octets.length >= 4 + (viewOf(octets).getUint32(0) & 0xff_ffff);
}

/** 100 ns since 1601; undefined where it is no sensible time. */
function fileTime(value: bigint): string | undefined {
  const ms = Number(value / 10_000n) - 11_644_473_600_000;
  return ms > 0 && ms < 4e12 ? new Date(ms).toISOString() : undefined;
}

/** Connection request with an offer of TLS, CredSSP and CredSSP with early authorization. */
const RDP_REQUEST = hex('0300 0013 0e e0 0000 0000 00 01 00 0800 0b000000');

const RDP_SECURITY: Readonly<Record<number, string>> = {
  0: 'standard (no TLS)',
  1: 'TLS',
  2: 'CredSSP (network level authentication)',
  8: 'CredSSP with early user authorization',
};

export const RDP: Recogniser = {
  service: 'rdp',
  transport: 'tcp',
  ports: [3389, 3388],
  question: { ask: () => RDP_REQUEST, order: 9 },
  read: (answer) => {
    // TPKT (RFC 1006): 3, 0, length; X.224 connection confirm 0xD0.
    if (answer.length < 11 || answer[0] !== 3 || answer[5] !== 0xd0) return undefined;
    if (viewOf(answer).getUint16(2) > 64) return undefined;
    const kind = answer.length >= 19 ? answer[11] : 0;
    if (kind !== 0 && kind !== 2 && kind !== 3) return undefined;
    const chosen = kind === 2 ? RDP_SECURITY[answer[15]!] : undefined;
    const refused = kind === 3 ? `refused (${answer[15]})` : undefined;
    return {
      name: 'rdp',
      product: 'Remote Desktop',
      details: detailsOf({ security: chosen ?? refused ?? RDP_SECURITY[0] }),
      confidence: 10,
    };
  },
  inquire: async ({ target }) => {
    const socket = connect({ host: target.address, port: target.port });
    await opened(socket, 'connect', LIMITS.connectMs);
    const plain = Conversation.over(socket);
    plain.write(RDP_REQUEST);
    const answer = await plain.read(3000);
    if (answer[11] !== 2 || answer[15] === 0 || answer[15] === undefined) {
      plain.close();
      return [];
    }
    socket.removeAllListeners('data');
    const tls = connectTls({ socket, rejectUnauthorized: false, minVersion: 'TLSv1' });
    await opened(tls, 'secureConnect', LIMITS.connectMs);
    const names = tls.getPeerCertificate()?.subject?.CN;
    const subject = Array.isArray(names) ? names.join(', ') : names;
    const inside = Conversation.over(tls);
    try {
      // CredSSP's first message ([MS-CSSP] section 2.2.1) with a bare NTLM negotiate.
      if ((answer[15] & 10) !== 0) inside.write(tsRequest());
      const challenge = (answer[15] & 10) !== 0 ? await inside.read(3000) : new Uint8Array(0);
      return [...detailsOf({ 'certificate-name': subject }), ...readNtlmChallenge(challenge)];
    } finally {
      inside.close();
    }
  },
};

function tsRequest(): Uint8Array {
  const token = der(0x30, der(0xa0, der(4, NTLM_NEGOTIATE)));
  return der(0x30, der(0xa0, der(2, Uint8Array.of(6))), der(0xa1, der(0x30, token)));
}

/** Bind to the endpoint mapper, answered by bind_ack (12) or bind_nak (13). */
export const MSRPC: Recogniser = {
  service: 'msrpc',
  transport: 'tcp',
  ports: [135, 593],
  question: {
    ask: () =>
      hex(
        '05000b03 10000000 48000000 01000000 b810b810 00000000 01000000 00000100' +
          '0883afe1 1f5dc911 91a408002b14a0fa 03000000 045d888a eb1cc911 9fe808002b104860 02000000',
      ),
    order: 10,
  },
  read: (answer) => {
    if (answer.length < 24 || answer[0] !== 5 || answer[1]! > 1) return undefined;
    if (answer[2] !== 12 && answer[2] !== 13) return undefined;
    const size =
      answer[4] === 0x10 ? viewOf(answer).getUint16(8, true) : viewOf(answer).getUint16(8);
    if (size < 20 || size > 4096) return undefined;
    return { name: 'msrpc', product: 'DCE/RPC', confidence: 10 };
  },
};

/** A realm that is not there (RFC 2606). */
const NO_REALM = 'PORTREEVE.INVALID';

/** An AS-REQ for a realm that is not there: the answer is an error that names the server's. */
function kerberosMessage(): Uint8Array {
  const text = (value: string): Uint8Array => der(0x1b, octetsOf(value));
  const int = (value: number): Uint8Array => der(2, Uint8Array.of(value));
  const name = (kind: number, ...parts: string[]): Uint8Array =>
    der(0x30, der(0xa0, int(kind)), der(0xa1, der(0x30, ...parts.map(text))));
  const body = der(
    0x30,
    der(0xa0, der(3, hex('00 00000010'))),
    der(0xa1, name(1, 'portreeve')),
    der(0xa2, text(NO_REALM)),
    der(0xa3, name(2, 'krbtgt', NO_REALM)),
    der(0xa5, der(0x18, octetsOf('20370913024805Z'))),
    der(0xa7, der(2, hex('1f1eb9d5'))),
    der(0xa8, der(0x30, int(18), int(17), int(23))),
  );
  return der(0x6a, der(0x30, der(0xa1, int(5)), der(0xa2, int(10)), der(0xa4, body)));
}

/** KRB-ERROR (RFC 4120 section 5.9.1): [4] time of the server, [9] its realm. */
function readKerberos(message: Uint8Array): Found | undefined {
  const outer = valueAt(message, 0);
  if (outer?.tag !== 0x7e) return undefined;
  const [sequence] = valuesIn(message, outer);
  if (sequence?.tag !== 0x30) return undefined;
  const fields = new Map<number, Value>();
  for (const field of valuesIn(message, sequence)) {
    const content = valueAt(message, field.from, field.to);
    if (content !== undefined) fields.set(field.tag, content);
  }
  if (integerOf(message, fields.get(0xa0)) !== 5 || integerOf(message, fields.get(0xa1)) !== 30) {
    return undefined;
  }
  const time = fields.get(0xa4);
  const realm = fields.get(0xa9);
  const stamp = time === undefined ? '' : contentOf(message, time);
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(stamp);
  const named = realm === undefined ? '' : contentOf(message, realm);
  return {
    name: 'kerberos',
    details: detailsOf({
      realm: named === NO_REALM ? undefined : named,
      'system-time':
        parts === null ? undefined : `${parts.slice(1, 4).join('-')}T${parts.slice(4).join(':')}Z`,
    }),
    confidence: 10,
  };
}

export const KERBEROS: Recogniser = {
  service: 'kerberos',
  transport: 'tcp',
  ports: [88],
  question: {
    ask: () => {
      const message = kerberosMessage();
      return join(big(4, message.length), message);
    },
  },
  read: (answer) => (answer.length < 24 ? undefined : readKerberos(answer.subarray(4))),
};

export const KERBEROS_UDP: Recogniser = {
  service: 'kerberos',
  transport: 'udp',
  ports: [88],
  question: { ask: kerberosMessage },
  read: (answer) => (answer.length < 20 ? undefined : readKerberos(answer)),
};

/** A search of the root entry, which servers answer to anyone (RFC 4512 section 5.1). */
const ROOT_DSE = der(
  0x30,
  der(2, Uint8Array.of(1)),
  der(
    0x63,
    der(4),
    der(10, Uint8Array.of(0)),
    der(10, Uint8Array.of(0)),
    der(2, Uint8Array.of(0)),
    der(2, Uint8Array.of(3)),
    der(1, Uint8Array.of(0)),
    der(0x87, octetsOf('objectClass')),
    der(0x30, der(4, octetsOf('*')), der(4, octetsOf('+'))),
  ),
);

/** The first message of an answer: the entry, the end of the search, or a notice (RFC 4511). */
function readLdap(answer: Uint8Array): Found | undefined {
  const message = valueAt(answer, 0);
  if (message?.tag !== 0x30) return undefined;
  const [id, operation] = valuesIn(answer, message);
  if (id?.tag !== 2 || operation === undefined) return undefined;
  // Entry 4, done 5, extended 24 (notice of disconnection).
  if (![0x64, 0x65, 0x78].includes(operation.tag)) return undefined;
  const entry =
    operation.tag === 0x64 ? attributesOf(answer, operation) : new Map<string, string[]>();
  const one = (name: string): string | undefined => entry.get(name.toLowerCase())?.[0];
  const active = entry.has('domainfunctionality') || entry.has('rootdomainnamingcontext');
  const open = entry.get('objectclass')?.includes('OpenLDAProotDSE') === true;
  const product = active
    ? 'Active Directory'
    : (one('vendorName') ?? (open ? 'OpenLDAP' : undefined));
  const version = one('vendorVersion');
  return {
    name: 'ldap',
    ...(product === undefined ? {} : { product }),
    ...(version === undefined ? {} : { version }),
    details: detailsOf({
      'dns-name': one('dnsHostName'),
      'naming-context': one('defaultNamingContext') ?? one('namingContexts'),
    }),
    confidence: 10,
  };
}

/** Attributes of a search result entry: names in lower case, values as UTF-8. */
function attributesOf(answer: Uint8Array, entry: Value): Map<string, string[]> {
  const attributes = new Map<string, string[]>();
  const [, list] = valuesIn(answer, entry);
  if (list === undefined) return attributes;
  for (const attribute of valuesIn(answer, list)) {
    const [name, values] = valuesIn(answer, attribute);
    if (name === undefined || values === undefined) continue;
    attributes.set(
      contentOf(answer, name).toLowerCase(),
      valuesIn(answer, values).map(({ from, to }) => sayingOf(answer.subarray(from, to))),
    );
  }
  return attributes;
}

export const LDAP: Recogniser = {
  service: 'ldap',
  transport: 'tcp',
  ports: [389, 636, 3268, 3269],
  question: { ask: () => ROOT_DSE, order: 11 },
  read: readLdap,
};

/** The same over UDP ([MS-ADTS] section 6.3.3). */
export const CLDAP: Recogniser = {
  service: 'cldap',
  transport: 'udp',
  ports: [389],
  question: { ask: () => ROOT_DSE },
  read: (answer) => {
    const found = readLdap(answer);
    return found === undefined ? undefined : { ...found, name: 'cldap' };
  },
};
