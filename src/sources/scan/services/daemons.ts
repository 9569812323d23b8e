/**
 * Servers of Unix machines with protocols of their own that tell who they are before any login. The
 * source of each question is named beside it.
 */
import { HTTP } from './http.ts';
import { hex, octetsOf, textOf, viewOf } from './octets.ts';
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

export const DAEMONS: readonly Recogniser[] = [IDENT, EPMD, IRC, TOR_CONTROL, ETCD];
