import { describe, expect, it } from 'vitest';
import { PortRangeError } from '../../net/port-range.ts';
import { parsePortChoice, portText, type ScannedTransport } from './ports.ts';

function read(text: string, ...transports: ScannedTransport[]): Record<string, string> {
  const choice = parsePortChoice(text, transports.length === 0 ? ['tcp'] : transports);
  return Object.fromEntries([...choice].map(([transport, ports]) => [transport, portText(ports)]));
}

describe('a choice of ports', () => {
  it.each([
    ['22', { tcp: '22' }],
    ['22,80,8000-8003', { tcp: '22,80,8000-8003' }],
    [' 80 , 22, 22', { tcp: '22,80' }],
    ['0', { tcp: '0' }],
    ['all', { tcp: '1-65535' }],
    ['-', { tcp: '1-65535' }],
    ['-100', { tcp: '1-100' }],
    ['65000-', { tcp: '65000-65535' }],
    ['ssh,https', { tcp: '22,443' }],
    ['T:22,23,U:53', { tcp: '22-23', udp: '53' }],
    ['53/udp,22', { udp: '53', tcp: '22' }],
    ['udp/53,22', { udp: '53', tcp: '22' }],
    ['22,U:161,S:2905', { tcp: '22', udp: '161', sctp: '2905' }],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it('gives each transport what names none', () => {
    expect(read('53', 'tcp', 'udp')).toEqual({ tcp: '53', udp: '53' });
    expect(read('snmp', 'tcp', 'udp').udp).toContain('161');
  });

  it('takes as many of the common ports as asked', () => {
    expect(parsePortChoice('top:100', ['tcp', 'udp']).get('tcp')?.length).toBe(100);
    expect(parsePortChoice('top:100', ['tcp', 'udp']).get('udp')?.length).toBe(100);
    expect(parsePortChoice('top:10,all', ['tcp']).get('tcp')?.length).toBe(65_535);
  });

  it.each([
    ['', /neither a number/],
    ['65536', /highest port/],
    ['90-80', /backwards/],
    ['1-2-3', /neither|hyphen/],
    ['top:0', /1 to 65535/],
    ['top:70000', /1 to 65535/],
    ['nosuchservice', /neither a number/],
    ['22/icmp', /neither a number/],
    ['T:', /neither a number/],
    ['22,,80', /neither a number/],
    ['tftp', /on udp only/],
  ])('refuses %s', (text, message) => {
    expect(() => read(text)).toThrow(PortRangeError);
    expect(() => read(text)).toThrow(message);
  });
});
