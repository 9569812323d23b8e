/**
 * Servers of Unix machines with protocols of their own that tell who they are before any login. The
 * source of each question is named beside it.
 */
import { HTTP } from './http.ts';
import { hex, join, octetsOf, textOf, viewOf } from './octets.ts';
import { detailsOf, type Inquiry, type Recogniser } from './recogniser.ts';

/** Whose connection is that from port 1 to port 1 (RFC 1413)? Nobody's: there is none. */
const IDENT: Recogniser = {
  service: 'ident',
  transport: 'tcp',
  ports: [113],
  question: { ask: () => octetsOf('1, 1\r\n') },
  read: (answer) =>
    /^1 ?, ?1 ?: ?(?:ERROR ?: ?(?:INVALID-PORT|NO-USER|HIDDEN-USER|UNKNOWN-ERROR|X)|USERID ?:)/.test(
      textOf(answer, 0, 80),
    )
      ? { name: 'ident', confidence: 10 }
      : undefined,
};

/** NAMES_REQ of Erlang's port mapper: its own port, then a line for each node. */
const EPMD: Recogniser = {
  service: 'epmd',
  transport: 'tcp',
  ports: [4369],
  question: { ask: () => hex('0001 6e') },
  read: (answer) => {
    if (answer.length < 4 || answer.length > 60_000) return undefined;
    const port = viewOf(answer).getUint32(0);
    const lines = textOf(answer, 4).split('\n').filter(Boolean);
    const known = lines.every((line) => /^name [!-~]{1,255} at port \d{1,5}$/.test(line));
    if (port === 0 || port > 65_535 || !known || (lines.length === 0 && port !== 4369)) {
      return undefined;
    }
    const nodes = lines.map((line) => line.replace(/^name (.+) at port (\d+)$/, '$1 on $2'));
    return {
      name: 'epmd',
      product: 'Erlang port mapper',
      details: detailsOf({ nodes: nodes.slice(0, 20).join(', ') }),
      confidence: 10,
    };
  },
};

/** PING before any registration (RFC 2812 section 3.7.2): an answer, or that one must register. */
const IRC: Recogniser = {
  service: 'irc',
  transport: 'tcp',
  ports: [6667, 6697],
  question: { ask: () => octetsOf('PING portreeve\r\n') },
  read: (answer) => {
    const [, host] =
      /^:(\S{1,255}) (?:PONG |451 \S{1,60} :|ERROR )/.exec(textOf(answer, 0, 400)) ?? [];
    return host === undefined
      ? undefined
      : { name: 'irc', details: detailsOf({ 'host-name': host }), confidence: 7 };
  },
};

/** PROTOCOLINFO, the one command before a login (Tor control protocol, section 3.21). */
const TOR_CONTROL: Recogniser = {
  service: 'tor',
  transport: 'tcp',
  ports: [9051],
  question: { ask: () => octetsOf('PROTOCOLINFO 1\r\n') },
  read: (answer) => {
    const text = textOf(answer, 0, 2048);
    if (!/^250-PROTOCOLINFO 1\r\n|^514 Authentication required/.test(text)) return undefined;
    const version = /^250-VERSION Tor="([^"\r\n]{1,40})"/m.exec(text)?.[1];
    const methods = /^250-AUTH METHODS=([A-Z,]{1,80})/m.exec(text)?.[1];
    return {
      name: 'tor',
      product: 'Tor control port',
      ...(version === undefined ? {} : { version }),
      details: detailsOf({
        authentication: methods?.split(',').includes('NULL') === true ? 'not required' : 'required',
      }),
      confidence: 10,
    };
  },
};

function get(path: string): (target: { readonly address: string }) => Uint8Array {
  return ({ address }) => {
    const host = address.includes(':') ? `[${address.split('%')[0]}]` : address;
    return octetsOf(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: portreeve\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
    );
  };
}

/** etcd's version, told to anyone (etcd documentation, HTTP endpoints). */
const ETCD: Recogniser = {
  service: 'etcd',
  transport: 'tcp',
  ports: [2379, 2380, 4001],
  question: { ask: get('/version') },
  read: HTTP.read,
};

/** The version of a Prometheus that shows its page (its HTTP API, "Build Information"). */
export const inquirePrometheus: Inquiry = async ({ open, target }) => {
  const conversation = await open();
  try {
    conversation.write(get('/api/v1/status/buildinfo')(target));
    const answer = textOf(await conversation.read(3000), 0, 4096);
    return detailsOf({
      version: /\{"status":"success","data":\{"version":"([\w.+~-]{1,40})"/.exec(answer)?.[1],
    });
  } finally {
    conversation.close();
  }
};

/**
 * A name and flags as a node sends them (Erlang distribution protocol 6, "The Distribution
 * Handshake"). The answer is a status and, before cookies are compared, flags, a challenge, which is
 * left alone, and the node's name.
 */
const ERLANG: Recogniser = {
  service: 'erlang',
  transport: 'tcp',
  // RabbitMQ's. Others take any; the port mapper tells them.
  ports: [25_672],
  question: {
    ask: () => join(hex('001e 4e 0000000d07df7fbd 00000007 000f'), octetsOf('prt@192.0.2.254')),
  },
  read: (answer) => {
    if (answer.length < 26 || textOf(answer, 0, 5) !== '\0\x03sok' || answer[7] !== 0x4e)
      return undefined;
    const from = 26;
    const node = textOf(answer, from, from + viewOf(answer).getUint16(24));
    return /^[!-~]{3,255}$/.test(node)
      ? { name: 'erlang', product: 'Erlang node', details: detailsOf({ node }), confidence: 10 }
      : undefined;
  },
};

/** `VERSION` of ClamAV's daemon (clamd manual page), behind a z: ended by a zero. */
const CLAMD: Recogniser = {
  service: 'clamd',
  transport: 'tcp',
  ports: [3310],
  question: { ask: () => octetsOf('zVERSION\0') },
  suspects: (answer) => textOf(answer, 0, 15) === 'UNKNOWN COMMAND',
  read: (answer) => {
    const version = /^ClamAV (\d[\w.-]{0,30})/.exec(textOf(answer, 0, 60))?.[1];
    return version === undefined
      ? undefined
      : { name: 'clamd', product: 'ClamAV', version, confidence: 10 };
  },
};

/** `PING` of SpamAssassin's protocol; all its answers name it. */
const SPAMD: Recogniser = {
  service: 'spamd',
  transport: 'tcp',
  ports: [783],
  question: { ask: () => octetsOf('PING SPAMC/1.2\r\n\r\n') },
  read: (answer) =>
    /^SPAMD\/\d\.\d \d{1,3} /.test(textOf(answer, 0, 20))
      ? { name: 'spamd', product: 'SpamAssassin', confidence: 10 }
      : undefined,
};

/** What a mail server asks its filter first: SMFIC_OPTNEG of version 6 (libmilter's mfdef.h). */
const MILTER: Recogniser = {
  service: 'milter',
  transport: 'tcp',
  ports: [8891, 8892, 8893, 11_332],
  question: { ask: () => hex('0000000d 4f 00000006 000001ff 001fffff') },
  read: (answer) => {
    if (answer.length < 17 || answer[4] !== 0x4f) return undefined;
    const view = viewOf(answer);
    const length = view.getUint32(0);
    const version = view.getUint32(5);
    if (length < 13 || length !== answer.length - 4 || version < 2 || version > 6) return undefined;
    // Ours come back: an echo.
    if (view.getUint32(9) === 0x1ff && view.getUint32(13) === 0x1f_ffff) return undefined;
    return { name: 'milter', product: 'Mail filter', confidence: 10 };
  },
};

/**
 * op_connect with the oldest protocol that any server knows and no user (Firebird's wire protocol):
 * accepted (3) with that protocol, or refused (4).
 */
const FIREBIRD: Recogniser = {
  service: 'firebird',
  transport: 'tcp',
  ports: [3050],
  question: {
    ask: () =>
      hex(
        '00000001 00000013 00000002 00000001 00000000 00000001 00000000 0000000a 00000001 00000002 00000003 00000002',
      ),
  },
  read: (answer) => {
    const accepts = answer.length === 16 && textOf(answer, 0, 8) === '\0\0\0\x03\0\0\0\x0a';
    return accepts || textOf(answer) === '\0\0\0\x04'
      ? { name: 'firebird', product: 'Firebird', confidence: 7 }
      : undefined;
  },
};

/**
 * The first message of a Mumble server, inside TLS (Mumble protocol documentation, "Version"): type
 * 0, length, then protocol buffers: version, release, system.
 */
const MUMBLE: Recogniser = {
  service: 'mumble',
  transport: 'tcp',
  ports: [64_738],
  read: (answer) => {
    // Field 1, a number; field 2, the release, is the next one.
    if (answer.length < 12 || viewOf(answer).getUint32(0) !== 0 || answer[6] !== 0x08)
      return undefined;
    let at = 7;
    while (at < 12 && answer[at]! >= 0x80) at++;
    if (answer[at + 1] !== 0x12) return undefined;
    const version = textOf(answer, at + 3, at + 3 + (answer[at + 2] ?? 0));
    return /^\d[!-~]{2,60}$/.test(version)
      ? { name: 'mumble', product: 'Mumble server', version, confidence: 10 }
      : undefined;
  },
};

export const DAEMONS: readonly Recogniser[] = [
  IDENT,
  EPMD,
  IRC,
  TOR_CONTROL,
  ETCD,
  ERLANG,
  CLAMD,
  SPAMD,
  MILTER,
  FIREBIRD,
  MUMBLE,
];
