import { describe, expect, it } from 'vitest';
import { hex, join, u16, u32, zeros } from '../../test/builders/bytes.ts';
import { decodeFrames } from '../../test/builders/decode.ts';
import { ether, ipv4, ipv6, tcp, udp } from '../../test/builders/packet.ts';
import { SpokenView } from '../analysis/spoken.ts';
import { Decoder } from '../wire/decoder.ts';
import { Identifier } from '../wire/payload/identify.ts';
import { ANSWERS, CERTAIN, type Detector, LIKELY } from '../wire/payload/payload.ts';
import { Listener } from './listener.ts';

const CLIENT = '10.0.0.7';
const SERVER = '192.0.2.80';

interface Sent {
  readonly up?: boolean;
  readonly sport?: number;
  readonly dport?: number;
  readonly flags?: string;
  readonly seq?: number;
}

/** A TCP frame from the client to the server's port, or with `up: false` back. */
function frame(payload: Uint8Array | string, sent: Sent = {}) {
  const { up = true, sport = 50_000, dport = 8080, flags = 'PA', seq = 1000 } = sent;
  return up
    ? ether({}, ipv4({ src: CLIENT, dst: SERVER }, tcp({ sport, dport, flags, seq }, payload)))
    : ether(
        {},
        ipv4(
          { src: SERVER, dst: CLIENT },
          tcp({ sport: dport, dport: sport, flags, seq }, payload),
        ),
      );
}

const up = (payload: Uint8Array | string, more: Sent = {}) => frame(payload, more);
const down = (payload: Uint8Array | string, more: Sent = {}) =>
  frame(payload, { ...more, up: false });
const syn = (more: Sent = {}) => frame('', { flags: 'S', ...more });

function hear(frames: readonly Uint8Array[], identifier?: Identifier) {
  const decoder = new Decoder();
  const listener = new Listener(decoder, identifier);
  decoder.listener = listener;
  decodeFrames(frames, {}, decoder);
  const names = {
    addresses: decoder.addresses,
    contexts: decoder.contexts.list,
    interfaces: [{ source: 'test.pcap', linkType: 1, snapLength: 0 }],
    paths: decoder.paths.list,
  };
  const view = new SpokenView(listener.heard, names);
  const lines = view
    .endpoints()
    .flatMap(({ address, transport, port, spoken }) =>
      spoken.map(
        ({ protocol, confidence, flows, by, locator }) =>
          `${address} ${port}/${transport} ${protocol} ${by === 'payload' ? `${confidence} ${flows}` : by} ${locator}`,
      ),
    );
  return { lines, view, listener };
}

const said = (...frames: readonly Uint8Array[]): string[] => hear(frames).lines;

const HELLO =
  hex(`16030100450100004103030000000000000000000000000000000000000000000000000000000000000000
  000004130100ff01000014 0000 0010 000e 00 000b 6578616d706c652e6f7267 0017 0000`);
const SERVER_HELLO = join(hex('160303002c0200002803 03'), zeros(32), hex('00c02f00 0000'));
const BANNER = 'SSH-2.0-OpenSSH_9.2\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n';

describe('the listener', () => {
  it('notes a protocol at the endpoint that serves, with the frame that shows it', () => {
    expect(said(syn(), up(GET), down('HTTP/1.1 200 OK\r\n\r\n'))).toEqual([
      `${SERVER} 8080/tcp http certain 1 test.pcap#2`,
    ]);
  });

  it.each([
    ['a SYN was seen, whatever the message says', [syn(), down(GET)], `${SERVER} 8080`],
    ['a SYN-ACK was seen', [frame('', { up: false, flags: 'SA' }), up(BANNER)], `${SERVER} 8080`],
    ['only a client sends this', [up(GET, { sport: 8080, dport: 50_000 })], `${SERVER} 50000`],
    [
      'only a server sends this',
      [up('HTTP/1.1 200 OK\r\n\r\n', { sport: 50_000, dport: 8080 })],
      `${CLIENT} 50000`,
    ],
    ['one port is the protocol’s', [up(BANNER, { sport: 22, dport: 9 })], `${CLIENT} 22`],
    [
      'nothing else is known: the lower port',
      [up(BANNER, { sport: 3000, dport: 2000 })],
      `${SERVER} 2000`,
    ],
  ] as const)('finds the end that serves: %s', (_, frames, expected) => {
    const [line = ''] = said(...frames);
    expect(line).toMatch(new RegExp(`^${expected.replaceAll('.', '\\.')}/tcp `));
  });

  it('believes the server rather than who asks it', () => {
    expect(said(syn({ dport: 22 }), up(GET, { dport: 22 }), down(BANNER, { dport: 22 }))).toEqual([
      `${SERVER} 22/tcp ssh certain 1 test.pcap#3`,
    ]);
    expect(said(syn(), up(HELLO), down('HTTP/1.1 400 Bad Request\r\n\r\n'))).toEqual([
      `${SERVER} 8080/tcp http certain 1 test.pcap#3`,
    ]);
  });

  it.each([
    ['only asked', [syn(), up(GET)], false],
    ['answered', [syn(), up(GET), down('HTTP/1.1 200 OK\r\n\r\n')], true],
    ['answered in octets that tell nothing', [syn(), up(GET), down('\x01\x02')], true],
    ['greeted', [syn(), down(BANNER)], true],
    ['greeted in octets that tell nothing', [syn(), down('\x01\x02'), up(GET)], true],
  ])('tells an endpoint that was %s', (_, frames, answered) => {
    const { view } = hear(frames);
    expect(view.endpoints()[0]?.spoken[0]?.answered).toBe(answered);
  });

  it('says where it read each value of a fact', () => {
    const { view } = hear([
      syn(),
      up(GET),
      down('HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n'),
      up(GET, { sport: 50_001 }),
      down('HTTP/1.0 200 OK\r\n\r\n', { sport: 50_001 }),
    ]);
    expect(view.endpoints()[0]?.spoken[0]).toMatchObject({
      facts: { version: ['HTTP/1.1', 'HTTP/1.0'], product: ['nginx'] },
      factLocators: { version: ['test.pcap#3', 'test.pcap#5'], product: ['test.pcap#3'] },
    });
  });

  it('counts a conversation once, and each of several', () => {
    const talk = (sport: number) => [
      syn({ sport }),
      up(GET, { sport }),
      down('HTTP/1.1 200 OK\r\n\r\n', { sport }),
      up(GET, { sport }),
    ];
    expect(said(...talk(50_000), ...talk(50_001), ...talk(50_002))).toEqual([
      `${SERVER} 8080/tcp http certain 3 test.pcap#2`,
    ]);
  });

  it('hears the two ends of one address apart', () => {
    const one = (sport: number, dport: number, payload: string) =>
      ether(
        {},
        ipv4({ src: '127.0.0.1', dst: '127.0.0.1' }, tcp({ sport, dport, flags: 'PA' }, payload)),
      );
    expect(said(one(50_000, 2000, GET), one(2000, 50_000, 'HTTP/1.1 200 OK\r\n\r\n'))).toEqual([
      '127.0.0.1 2000/tcp http certain 1 test.pcap#1',
    ]);
  });

  it('takes IPv6 and UDP', () => {
    const query = ether(
      {},
      ipv6(
        { src: '2001:db8::1', dst: '2001:db8::2' },
        udp({ sport: 50_000, dport: 11_211 }, join(u16(1, 0, 1, 0), 'stats\r\n')),
      ),
    );
    expect(said(query)).toEqual(['2001:db8::2 11211/udp memcached likely 1 test.pcap#1']);
  });

  it('believes a likely answer on the protocol’s port at once, elsewhere when it comes again', () => {
    const reply = '220 ready\r\n';
    expect(said(down(reply, { dport: 25 }))).toEqual([
      `${SERVER} 25/tcp smtp likely 1 test.pcap#1`,
    ]);
    expect(said(down(reply))).toEqual([]);
    expect(said(down(reply), down('331 more\r\n'))).toHaveLength(1);
    expect(said(down(reply), down('331 more\r\n', { sport: 50_001 }))).toEqual([]);
  });

  it('does not believe a likely answer because a client’s port happens to be the protocol’s', () => {
    expect(said(down('220 ready\r\n', { sport: 25, dport: 8080 }))).toEqual([]);
  });

  it('prefers what is certain to what is likely on the port', () => {
    expect(said(down('220 files FTP server\r\n', { dport: 25 }))).toEqual([
      `${SERVER} 25/tcp ftp certain 1 test.pcap#1`,
    ]);
  });

  it.each([
    [2, 1],
    [3, 0],
  ])(
    'listens to the first three payloads of a side: after %i others there are %i',
    (others, found) => {
      const noise = Array.from({ length: others }, () => down(zeros(40)));
      expect(said(...noise, down(BANNER))).toHaveLength(found);
    },
  );

  it('begins anew with a new connection between the same ports', () => {
    expect(said(syn(), up(GET), syn(), down(BANNER)).sort()).toEqual([
      `${SERVER} 8080/tcp http certain 1 test.pcap#2`,
      `${SERVER} 8080/tcp ssh certain 1 test.pcap#4`,
    ]);
  });

  it('learns what is spoken on top of the first protocol', () => {
    const answer = 'HTTP/1.1 200 OK\r\nX-elastic-product: Elasticsearch\r\n\r\n';
    expect(said(syn(), up(GET), down(answer))).toEqual([
      `${SERVER} 8080/tcp elasticsearch certain 1 test.pcap#3`,
    ]);
  });

  it('goes on into TLS, and keeps facts of the two apart', () => {
    const mail = { dport: 2525 };
    const { view } = hear([
      syn(mail),
      down('220 mail.example.org ESMTP Exim 4.96\r\n', mail),
      up('EHLO a\r\n', mail),
      up('STARTTLS\r\n', mail),
      up(HELLO, mail),
      down(SERVER_HELLO, mail),
    ]);
    expect(view.at(SERVER, 'tcp', 2525)?.spoken).toMatchObject([
      {
        protocol: 'smtp',
        facts: { product: ['Exim 4.96'], 'tls version': ['TLS 1.2'], upgrade: ['tls'] },
      },
    ]);
    expect(view.namesOf(SERVER).map(({ source, name }) => `${source} ${name}`)).toEqual([
      'smtp mail.example.org',
      'sni example.org',
    ]);
  });

  describe('a message that goes on in the next packet', () => {
    const cut = 60;
    const first = up(HELLO.slice(0, cut), { seq: 1000 });
    const second = up(HELLO.slice(cut), { seq: 1000 + cut });
    const names = (...frames: Uint8Array[]) =>
      hear(frames)
        .view.namesOf(SERVER)
        .map(({ name }) => name);

    it('is read once it is there', () => {
      expect(names(first)).toEqual([]);
      expect(names(syn(), first, second)).toEqual(['example.org']);
      expect(names(first, first, down('x'), second)).toEqual(['example.org']);
    });

    it.each([
      ['a gap', [first, up(HELLO.slice(cut), { seq: 1001 + cut })]],
      ['a segment that was cut', [first, second.slice(0, -12)]],
      ['another conversation', [first, up(HELLO.slice(cut), { seq: 1000 + cut, sport: 50_001 })]],
    ])('is given up after %s', (_, frames) => {
      expect(names(...frames)).toEqual([]);
    });

    /** A hello whose name stands behind an extension of so many octets, in records of so many. */
    const largeHello = (filling: number, most = 16_384) => {
      const name = hex('0000 0010 000e 00 000b 6578616d706c652e6f7267');
      const extensions = join(u16(21, filling), zeros(filling), name);
      const body = join(hex('0303'), zeros(32), hex('00 0002 1301 0100'), u16(extensions.length));
      const message = join(u32((1 << 24) | (body.length + extensions.length)), body, extensions);
      const records = Array.from({ length: Math.ceil(message.length / most) }, (_, index) => {
        const part = message.slice(index * most, (index + 1) * most);
        return join(hex('160301'), u16(part.length), part);
      });
      return join(...records);
    };
    const inPieces = (octets: Uint8Array, size: number) =>
      Array.from({ length: Math.ceil(octets.length / size) }, (_, index) =>
        up(octets.slice(size * index, size * (index + 1)), { seq: 1000 + size * index }),
      );

    it.each([
      ['of more than 8 KB', largeHello(9000), 1400],
      ['as long as a record may be', largeHello(16_200), 1400],
      ['of more than 8 KB in one piece', largeHello(9000), 20_000],
      ['in several records in one packet', largeHello(600, 200), 2000],
      ['in records that each make a packet', largeHello(600, 200), 205],
      ['in records and packets that do not meet', largeHello(9000, 700), 1111],
      ['in small records', largeHello(30, 20), 2000],
      ['in small records over many packets', largeHello(30, 20), 30],
      ['in records of an octet or two over many packets', largeHello(30, 2), 100],
      ['in records of which some begin at the very end of a packet', largeHello(600, 200), 207],
    ])('gives its name %s', (_, hello, size) => {
      expect(names(syn(), ...inPieces(hello, size))).toEqual(['example.org']);
    });

    it('may take many packets, but not more than are kept of it', () => {
      const hello = join(
        hex('160301400001003ffc0303'),
        zeros(32),
        hex('00 0002 1301 0100 3fd3'),
        zeros(0x3fd3),
      );
      const pieces = Array.from({ length: 12 }, (_, index) =>
        up(hello.slice(1400 * index, 1400 * (index + 1)), { seq: 1000 + 1400 * index }),
      );
      expect(hear(pieces).lines).toHaveLength(1);
    });
  });

  it('takes no name of what a proxy was asked for', () => {
    const { view } = hear([
      syn(),
      up('CONNECT example.org:443 HTTP/1.1\r\n\r\n'),
      down('HTTP/1.1 200 OK\r\n\r\n'),
      up(HELLO),
    ]);
    expect(view.namesOf(SERVER)).toEqual([]);
  });

  it.each([
    ['in words', 'PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n'],
    ['in octets', hex('0d0a0d0a000d0a515549540a 2111000c c0000201 c0000202 dc0401bb')],
  ])('looks behind the header of a load balancer %s', (_, header) => {
    const cut = 60;
    const whole = join(header, HELLO);
    const before = join(header, '').length;
    const first = up(join(header, HELLO.slice(0, cut)), { seq: 1000 });
    const rest = up(HELLO.slice(cut), { seq: 1000 + before + cut });
    for (const frames of [[up(whole)], [up(header), up(HELLO)], [first, rest]]) {
      const { view } = hear([syn(), ...frames, down(SERVER_HELLO)]);
      expect(view.namesOf(SERVER).map(({ name }) => name)).toEqual(['example.org']);
    }
  });

  it.each([
    ['anonymous', ['USER anonymous', 'PASS guest@'], undefined],
    ['ftp, in small letters', ['user ftp', 'pass x'], undefined],
    ['a person', ['USER ftpadmin', 'PASS secret'], ['in clear']],
    ['anonymous first', ['USER anonymous', 'PASS x', 'USER joe', 'PASS y'], ['in clear']],
    ['somebody unknown', ['PASS y'], ['in clear']],
  ])('tells a login by FTP of %s', (_, commands, login) => {
    const ftp = { dport: 21 };
    const { view } = hear([
      syn(ftp),
      down('220 FTP ready\r\n', ftp),
      ...commands.flatMap((line) => [up(`${line}\r\n`, ftp), down('331 go on\r\n', ftp)]),
    ]);
    expect(view.at(SERVER, 'tcp', 21)?.spoken[0]?.facts.login).toEqual(login);
  });

  it('follows commands of FTP however late they come', () => {
    const ftp = { dport: 21 };
    const many = Array.from({ length: 20 }, () => up('NOOP\r\n', ftp));
    const frames = [
      syn(ftp),
      down('220 FTP\r\n', ftp),
      ...many,
      down('229 Entering Extended Passive Mode (|||5002|)\r\n', ftp),
    ];
    expect(said(...frames)).toEqual([
      `${SERVER} 21/tcp ftp certain 1 test.pcap#2`,
      `${SERVER} 5002/tcp ftp-data announced test.pcap#23`,
    ]);
  });

  it('reads no more of a snapped payload than was captured', () => {
    const whole = up(GET);
    const cut = whole.slice(0, whole.length - GET.length + 20);
    expect(hear([cut]).lines).toHaveLength(1);
  });

  it('does not listen to every packet of more conversations than it can remember', () => {
    const decoder = new Decoder();
    const listener = new Listener(decoder);
    const flows = 150_000;
    const payload = zeros(12);
    decoder.bytes = payload;
    decoder.view = new DataView(payload.buffer);
    decoder.end = decoder.wireEnd = payload.length;
    for (let round = 0; round < 6; round++) {
      for (let flow = 0; flow < flows; flow++) {
        decoder.source = flow;
        decoder.rowCount = 0;
        const row = decoder.emit(17, (40_000 << 16) | 40_001, payload.length, 0, 0, 0, 0);
        listener.hear(decoder, row, 0);
      }
    }
    // Each once, and a part of those that kept their place again.
    expect(listener.listened).toBeGreaterThan(flows * 0.98);
    expect(listener.listened).toBeLessThan(flows * 2.5);
  });
});

describe('a protocol of one’s own', () => {
  const detector = (protocol: string, word: string, more: Partial<Detector> = {}): Detector => ({
    protocol,
    transports: [6],
    ports: [],
    detect: ({ bytes, at }) => (bytes[at] === word.charCodeAt(0) ? CERTAIN | ANSWERS : 0),
    ...more,
  });

  it('asks detectors in their order, those of the ports first', () => {
    const first = detector('first', 'x');
    const second = detector('second', 'x');
    const own = detector('own', 'x', { ports: [8080] });
    const which = (...list: Detector[]) => {
      const identifier = new Identifier(list);
      hear([down('xyz')], identifier);
      return list[identifier.protocol]?.protocol;
    };
    expect(which(first, second)).toBe('first');
    expect(which(first, own)).toBe('own');
  });

  it('shows no payload that begins otherwise', () => {
    let shown = 0;
    const counting = detector('counting', 'x', {
      begins: [0x78],
      detect: () => {
        shown++;
        return LIKELY;
      },
    });
    hear([down('abc'), down('xyz'), down('zyx')], new Identifier([counting]));
    expect(shown).toBe(1);
  });
});
