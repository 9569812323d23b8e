/** UDP services by which ends find and secure a way to each other: STUN, QUIC, IKE, OpenVPN. */

import { filled, hex, join, textOf, viewOf } from './octets.ts';
import { detailsOf, type Recogniser } from './recogniser.ts';

/** A binding request (RFC 8489), magic cookie 0x2112A442. */
export const STUN: Recogniser = {
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

/** The same over TCP, where messages follow each other without a frame (RFC 8489 section 6.2.2). */
export const STUN_TCP: Recogniser = { ...STUN, transport: 'tcp' };

/** A long header of a version that nobody has: servers list theirs (RFC 8999, RFC 9000 section 6). */
export const QUIC: Recogniser = {
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
export const IKE: Recogniser = {
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

export const OPENVPN: Recogniser = {
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
