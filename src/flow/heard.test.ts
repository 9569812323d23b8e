import { describe, expect, it } from 'vitest';
import { AddressPool } from '../net/address-pool.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import { CERTAIN, LIKELY } from '../wire/payload/payload.ts';
import { Heard, hostKey } from './heard.ts';

const SOURCE = 0x0a000007;
const DESTINATION = 0xc0000250 | 0;
const TCP = 6;

function heardWith(limits: ConstructorParameters<typeof Heard>[2] = {}): Heard {
  const heard = new Heard(new AddressPool(), 0, limits);
  heard.aim(SOURCE, DESTINATION, TCP, 3, 42);
  return heard;
}

const namesOf = (heard: Heard, address: number, family = 0): string[] =>
  heard.hosts.get(hostKey(address, family))?.names.map(({ kind, value }) => `${kind} ${value}`) ??
  [];

describe('names', () => {
  it.each([
    ['a name', 'www.example.org', ['dns www.example.org']],
    ['a name with its root', 'www.example.org.', ['dns www.example.org']],
    ['a name that is too long', 'a'.repeat(300), [`dns ${'a'.repeat(255)}`]],
    ['nothing', '', []],
    ['an IPv4 address', '192.0.2.1', []],
    ['an IPv6 address', '[2001:db8::1]', []],
    ['digits and letters', '4711.example.org', ['dns 4711.example.org']],
  ])('are taken from %s', (_, value, expected) => {
    const heard = heardWith();
    heard.name('dns', value, 'source');
    expect(namesOf(heard, SOURCE)).toEqual(expected);
  });

  it('are attached to either end, or to an address of either family', () => {
    const heard = heardWith();
    heard.name('a', 'x', 'source');
    heard.name('b', 'y', 'destination');
    heard.name('c', 'z', Uint8Array.of(192, 0, 2, 9));
    const six = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    heard.name('d', 'w', six);
    expect(namesOf(heard, SOURCE)).toEqual(['a x']);
    expect(namesOf(heard, DESTINATION)).toEqual(['b y']);
    expect(namesOf(heard, 0xc0000209 | 0)).toEqual(['c z']);
    expect([...heard.hosts.values()].at(-1)).toMatchObject({ family: FAMILY_6, address: 1 });
  });

  it('are counted, and keep the first frame', () => {
    const heard = heardWith();
    heard.name('sni', 'x', 'source');
    heard.aim(SOURCE, DESTINATION, TCP, 0, 99);
    heard.name('sni', 'x', 'source');
    expect(heard.hosts.get(SOURCE)?.names).toEqual([
      { kind: 'sni', value: 'x', count: 2, interface: 3, frame: 42 },
    ]);
  });

  it('have a limit for each host and for all, and say what went over', () => {
    const heard = heardWith({ hosts: 2, namesOfHost: 3 });
    for (let index = 0; index < 5; index++) heard.name('sni', `n${index}`, 'source');
    expect(heard.hosts.get(SOURCE)).toMatchObject({ names: { length: 3 }, beyond: 2 });
    for (let index = 0; index < 5; index++) heard.name('dns', 'n', Uint8Array.of(10, 1, 1, index));
    expect([heard.hosts.size, heard.beyond]).toEqual([2, 4]);
  });

  it('of strangers’ choice do not fill the pool of addresses', () => {
    const pool = new AddressPool();
    const heard = new Heard(pool, 0, { hosts: 10 });
    heard.aim(SOURCE, DESTINATION, TCP, 0, 1);
    for (let index = 0; index < 1000; index++) {
      const address = new Uint8Array(16);
      new DataView(address.buffer).setUint32(0, index + 1);
      heard.name('dns', 'n', address);
    }
    expect(pool.size).toBeLessThanOrEqual(12);
  });
});

describe('protocols', () => {
  it('keep the first frame, and better the first that was certain', () => {
    const heard = heardWith();
    heard.speaks(DESTINATION, 80, 5, LIKELY, 1);
    heard.aim(SOURCE, DESTINATION, TCP, 0, 50);
    heard.speaks(DESTINATION, 80, 5, CERTAIN, 1);
    heard.aim(SOURCE, DESTINATION, TCP, 0, 60);
    heard.speaks(DESTINATION, 80, 5, CERTAIN, 1);
    expect([heard.flows.get(0), heard.certain.get(0), heard.frames.get(0)]).toEqual([3, 1, 50]);
  });

  it('have a limit, and say what went over', () => {
    const heard = heardWith({ endpoints: 2 });
    for (let port = 1; port <= 5; port++) heard.speaks(DESTINATION, port, 0, CERTAIN, 1);
    heard.speaks(DESTINATION, 2, 0, CERTAIN, 1);
    expect([heard.endpoints.count, heard.flows.get(1), heard.beyond]).toEqual([2, 2, 3]);
    heard.service('version', 'x');
    heard.speaks(DESTINATION, 9, 0, CERTAIN, 1);
    heard.service('version', 'of nobody');
    expect(heard.factsOf(1)?.get('version')?.values).toEqual(['x']);
  });

  it('keep facts by key, a few values of each', () => {
    const heard = heardWith({ valuesOfFact: 2 });
    heard.speaks(DESTINATION, 443, 0, CERTAIN, 1);
    for (const value of ['TLS 1.2', 'TLS 1.3', 'TLS 1.2', '', 'TLS 1.0'])
      heard.service('version', value);
    expect(heard.factsOf(0)?.get('version')).toEqual({
      values: ['TLS 1.2', 'TLS 1.3'],
      places: [
        { interface: 3, frame: 42 },
        { interface: 3, frame: 42 },
      ],
      beyond: 1,
    });
    for (let index = 0; index < 50; index++) heard.service(`key ${index}`, 'x');
    expect(heard.factsOf(0)?.size).toBe(16);
  });

  it('announced for an endpoint are replaced by newer announcements', () => {
    const heard = heardWith({ endpoints: 2 });
    heard.expect('ftp-data', 'destination', 5000);
    heard.aim(SOURCE, DESTINATION, TCP, 0, 77);
    heard.expect('dce-rpc', 'destination', 5000);
    heard.expect('ftp-data', 'destination', 0);
    heard.expect('ftp-data', 'destination', 70_000);
    expect(heard.announcements).toEqual([{ protocol: 'dce-rpc', interface: 0, frame: 77 }]);
    for (let port = 1; port < 5; port++) heard.expect('ftp-data', 'source', port);
    expect([heard.announced.count, heard.beyond]).toEqual([2, 3]);
  });
});
