import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Heard } from '../flow/heard.ts';
import { AddressPool } from '../net/address-pool.ts';
import { DETECTORS } from '../wire/payload/detectors.ts';
import { CERTAIN, LIKELY } from '../wire/payload/payload.ts';
import { fitOf, SpokenView } from './spoken.ts';
import { spokenByPort } from './spoken-ports.ts';

const CLIENT = 0x0a000007;
const SERVER = 0xc0000250 | 0;
const OTHER = 0xc0000251 | 0;
const TCP = 6;
const indexOf = (name: string): number => DETECTORS.findIndex(({ protocol }) => protocol === name);

function make(): { heard: Heard; view: SpokenView } {
  const addresses = new AddressPool();
  const heard = new Heard(addresses);
  heard.aim(CLIENT, SERVER, TCP, 0, 7);
  const interfaces = [{ source: 'lan.pcap', linkType: 1, snapLength: 0 }];
  return { heard, view: new SpokenView(heard, { addresses, contexts: [], interfaces, paths: [] }) };
}

describe('what is spoken', () => {
  it('is answered by text and by number, with facts and evidence', () => {
    const { heard, view } = make();
    heard.speaks(SERVER, 8080, indexOf('redis'), CERTAIN, 1);
    heard.service('version', '7.0.15');
    expect(view.at('192.0.2.80', 'tcp', 8080)).toEqual({
      transport: 'tcp',
      address: '192.0.2.80',
      port: 8080,
      fit: 'other',
      spoken: [
        {
          protocol: 'redis',
          confidence: 'certain',
          by: 'payload',
          flows: 1,
          answered: false,
          facts: { version: ['7.0.15'] },
          factLocators: { version: ['lan.pcap#7'] },
          locator: 'lan.pcap#7',
        },
      ],
    });
    expect(view.protocolAt(SERVER, 0, TCP, 8080)).toBe('redis');
    expect(view.at('192.0.2.80', 'udp', 8080)).toBeUndefined();
    expect(view.protocolAt(SERVER, 0, TCP, 8081)).toBeUndefined();
  });

  it('names the protocol of most conversations first', () => {
    const { heard, view } = make();
    heard.speaks(SERVER, 443, indexOf('ssh'), CERTAIN, 1);
    heard.speaks(SERVER, 443, indexOf('tls'), LIKELY, 1);
    heard.speaks(SERVER, 443, indexOf('tls'), LIKELY, 1);
    expect(
      view.at('192.0.2.80', 'tcp', 443)?.spoken.map(({ protocol, flows }) => [protocol, flows]),
    ).toEqual([
      ['tls', 2],
      ['ssh', 1],
    ]);
    expect(view.protocolAt(SERVER, 0, TCP, 443)).toBe('tls');
  });

  it('leaves out what turned out to be something else', () => {
    const { heard, view } = make();
    heard.speaks(SERVER, 9200, indexOf('http'), CERTAIN, 1);
    heard.speaks(SERVER, 9200, indexOf('http'), CERTAIN, -1);
    heard.speaks(SERVER, 9200, indexOf('elasticsearch'), CERTAIN, 1);
    expect(view.at('192.0.2.80', 'tcp', 9200)?.spoken.map(({ protocol }) => protocol)).toEqual([
      'elasticsearch',
    ]);
    expect(view.protocolAt(SERVER, 0, TCP, 9200)).toBe('elasticsearch');
  });

  it('takes an announcement where no payload says better', () => {
    const { heard, view } = make();
    heard.expect('dce-rpc', 'destination', 49_664);
    heard.expect('ftp-data', 'destination', 80);
    heard.speaks(SERVER, 80, indexOf('http'), CERTAIN, 1);
    expect(view.at('192.0.2.80', 'tcp', 49_664)?.spoken).toMatchObject([
      { protocol: 'dce-rpc', by: 'announced', confidence: 'likely', flows: 0 },
    ]);
    expect(view.at('192.0.2.80', 'tcp', 80)?.spoken.map(({ protocol }) => protocol)).toEqual([
      'http',
    ]);
    expect([view.protocolAt(SERVER, 0, TCP, 49_664), view.protocolAt(SERVER, 0, TCP, 80)]).toEqual([
      'dce-rpc',
      'http',
    ]);
  });

  it('is summed up by port', () => {
    const { heard, view } = make();
    for (const address of [SERVER, OTHER]) heard.speaks(address, 22, indexOf('ssh'), CERTAIN, 1);
    heard.speaks(OTHER, 22, indexOf('http'), CERTAIN, 1);
    heard.answer();
    // Asked, and not answered: somebody's probe.
    heard.speaks(OTHER, 22, indexOf('redis'), CERTAIN, 1);
    heard.expect('ftp-data', 'destination', 5000);
    expect(Object.fromEntries(spokenByPort(view))).toEqual({
      '22/tcp': [
        { protocol: 'ssh', endpoints: 2, flows: 2, fit: 'usual' },
        { protocol: 'http', endpoints: 1, flows: 1, fit: 'other' },
      ],
      '5000/tcp': [{ protocol: 'ftp-data', endpoints: 1, flows: 0, fit: 'other' }],
    });
  });

  it('is nothing when nobody listened', () => {
    const { view } = make();
    const deaf = new SpokenView(null, {
      addresses: new AddressPool(),
      contexts: [],
      interfaces: [],
      paths: [],
    });
    for (const each of [view, deaf]) {
      expect(each.endpoints()).toEqual([]);
      expect(each.at('192.0.2.80', 'tcp', 80)).toBeUndefined();
      expect(each.namesOf('192.0.2.80')).toEqual([]);
      expect(each.protocolAt(SERVER, 0, TCP, 80)).toBeUndefined();
    }
  });
});

describe('names of a host', () => {
  it('come with their source and evidence', () => {
    const { heard, view } = make();
    heard.name('sni', 'www.example.org', 'destination');
    const expected = [{ name: 'www.example.org', source: 'sni', count: 1, locator: 'lan.pcap#7' }];
    expect(view.namesOf('192.0.2.80')).toEqual(expected);
    expect(view.namesAt(SERVER, 0)).toEqual(expected);
    expect(view.namesOf('192.0.2.81')).toEqual([]);
  });
});

describe('how a protocol goes with a port', () => {
  it.each([
    ['ssh', 'tcp', 22, 'usual'],
    ['ssh', 'tcp', 443, 'other'],
    ['ssh', 'tcp', 50_022, 'unusual'],
    ['tls', 'tcp', 443, 'usual'],
    ['http', 'tcp', 8080, 'usual'],
    ['redis', 'tcp', 8080, 'other'],
    ['memcached', 'udp', 11_211, 'usual'],
    ['nobody', 'tcp', 443, 'other'],
  ] as const)('%s on %s port %i: %s', (protocol, transport, port, fit) => {
    expect(fitOf(protocol, transport, port)).toBe(fit);
  });
});

describe('the list of detectors', () => {
  it('names each protocol once', () => {
    const names = DETECTORS.map(({ protocol }) => protocol);
    expect(new Set(names).size).toBe(names.length);
  });

  it('is documented', () => {
    const path = fileURLToPath(new URL('../../docs/identification.md', import.meta.url));
    const text = readFileSync(path, 'utf8');
    const missing = DETECTORS.filter(({ protocol }) => !text.includes(`| \`${protocol}\` `));
    expect(missing.map(({ protocol }) => protocol)).toEqual([]);
  });

  it('has short lower-case names, sensible ports and known lower protocols', () => {
    for (const { protocol, transports, ports, over, begins } of DETECTORS) {
      expect(protocol).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(transports.length).toBeGreaterThan(0);
      expect(new Set(ports).size, protocol).toBe(ports.length);
      for (const port of ports) expect(port).toBeLessThanOrEqual(65_535);
      for (const octet of begins ?? []) expect(octet).toBeLessThan(256);
      if (over !== undefined) expect(DETECTORS.map((each) => each.protocol)).toContain(over);
    }
  });
});
