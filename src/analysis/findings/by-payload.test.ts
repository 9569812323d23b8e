/** What payloads give away, and what is held against nobody. */
import { describe, expect, it } from 'vitest';
import {
  type Circumstances,
  findingsIn,
  NOTHING_SPOKEN,
  talk,
  told,
} from '../../../test/builders/findings.ts';
import type { FlowTransport } from '../../model/flow.ts';
import type { SpokenEndpoint } from '../../model/spoken.ts';
import { fitOf } from '../spoken.ts';

/** Somebody who heard one endpoint speak. */
function speaking(
  transport: FlowTransport,
  port: number,
  protocol: string,
  facts: Record<string, string[]> = {},
  more: { by?: 'announced'; confidence?: 'likely'; answered?: false } = {},
): Circumstances {
  const endpoint: SpokenEndpoint = {
    transport,
    address: '10.0.0.9',
    port,
    spoken: [
      {
        protocol,
        confidence: 'certain',
        by: 'payload',
        flows: 3,
        answered: true,
        facts,
        factLocators: Object.fromEntries(
          Object.entries(facts).map(([key, values]) => [
            key,
            values.map((_, index) => `test.pcap#${7 + index}`),
          ]),
        ),
        locator: 'test.pcap#4',
        ...more,
      },
    ],
    fit: fitOf(protocol, transport, port),
  };
  return {
    spoken: { ...NOTHING_SPOKEN, endpoints: () => [endpoint], protocolAt: () => protocol },
  };
}

describe('what payloads give away', () => {
  const steps = talk({ client: '10.0.0.5:4000', server: '10.0.0.9:8443' });
  it.each([
    ['SSH on 443', speaking('tcp', 443, 'ssh'), ['other-protocol-on-port']],
    ['Redis on 8080', speaking('tcp', 8080, 'redis'), ['other-protocol-on-port']],
    ['SSH on 45022', speaking('tcp', 45_022, 'ssh'), ['protocol-on-unusual-port']],
    ['SSH on 22', speaking('tcp', 22, 'ssh', { version: ['2.0'] }), []],
    ['SSH 1', speaking('tcp', 22, 'ssh', { version: ['1.5'] }), ['obsolete-version']],
    ['SSH 1 and 2', speaking('tcp', 22, 'ssh', { version: ['1.99'] }), ['obsolete-version']],
    ['TLS 1.0', speaking('tcp', 443, 'tls', { version: ['TLS 1.0'] }), ['obsolete-version']],
    [
      'TLS 1.2 and 1.0',
      speaking('tcp', 443, 'tls', { version: ['TLS 1.2', 'TLS 1.0'] }),
      ['obsolete-version'],
    ],
    ['TLS 1.3', speaking('tcp', 443, 'tls', { version: ['TLS 1.3'] }), []],
    ['TLS on any port', speaking('tcp', 45_443, 'tls', { version: ['TLS 1.3'] }), []],
    ['GTP-C on the port of GTP-U', speaking('udp', 2152, 'gtp-c'), []],
    ['TLS on 22', speaking('tcp', 22, 'tls'), ['other-protocol-on-port']],
    ['HTTP on 8443', speaking('tcp', 8443, 'http'), []],
    ['HTTP on 25', speaking('tcp', 25, 'http'), ['other-protocol-on-port']],
    ['SMB 1', speaking('tcp', 445, 'smb', { dialect: ['SMB 1'] }), ['obsolete-version']],
    ['SMB 3', speaking('tcp', 445, 'smb', { dialect: ['SMB 3.1.1'] }), []],
    [
      'Telnet elsewhere',
      speaking('tcp', 2424, 'telnet'),
      ['obsolete-version', 'protocol-on-unusual-port'],
    ],
    ['a login', speaking('tcp', 389, 'ldap', { login: ['in clear'] }), ['clear-text-login']],
    [
      'a login by basic authentication',
      speaking('tcp', 80, 'http', { login: ['in clear (basic)'] }),
      ['clear-text-login'],
    ],
    [
      'a likely protocol is no misfit',
      speaking('tcp', 443, 'ssh', {}, { confidence: 'likely' }),
      [],
    ],
    ['an announced one neither', speaking('tcp', 45_000, 'ftp-data', {}, { by: 'announced' }), []],
    ['HTTP that SSH was only asked in', speaking('tcp', 22, 'http', {}, { answered: false }), []],
    ['DNS that nobody answered', speaking('udp', 9999, 'dns', {}, { answered: false }), []],
    [
      'SNMP 2c that nobody answered',
      speaking('udp', 161, 'snmp', { version: ['2c'] }, { answered: false }),
      [],
    ],
    [
      'SNMP 2c traps, which nobody ever answers',
      speaking('udp', 162, 'snmp', { version: ['2c'] }, { answered: false }),
      ['obsolete-version'],
    ],
    [
      'syslog elsewhere, which nobody ever answers',
      speaking('udp', 5514, 'syslog', {}, { answered: false }),
      ['protocol-on-unusual-port'],
    ],
  ])('%s', (_what, circumstances, ids) => {
    const found = findingsIn(steps, circumstances).map(({ id }) => id);
    expect(found.sort()).toEqual(ids);
  });

  it('names the frame', () => {
    expect(findingsIn(steps, speaking('tcp', 443, 'ssh'))[0]).toMatchObject({
      subject: { text: '10.0.0.9 443/tcp', server: '10.0.0.9', port: 443 },
      evidence: [{ locator: 'test.pcap#4' }],
      filter: 'host 10.0.0.9 and tcp port 443',
    });
  });

  it('names the frames of an old version, and says what else was spoken', () => {
    const mixed = speaking('tcp', 443, 'tls', { version: ['TLS 1.3', 'TLS 1.0', 'TLS 1.1'] });
    expect(findingsIn(steps, mixed)[0]).toMatchObject({
      what: 'TLS 1.0 and TLS 1.1 on 443/tcp, beside TLS 1.3 (3 TLS conversations)',
      evidence: [{ locator: 'test.pcap#8' }, { locator: 'test.pcap#9' }],
    });
  });

  it.each([
    [3, ['10.0.0.1 161/udp', '10.0.0.2 161/udp', '10.0.0.3 161/udp']],
    [4, ['161/udp of 4 hosts']],
  ])('tells %i hosts alike in a finding each, or in one', (hosts, subjects) => {
    const one = speaking('udp', 161, 'snmp', { version: ['2c'] });
    const [endpoint] = one.spoken!.endpoints();
    const endpoints = Array.from({ length: hosts }, (_, n) => ({
      ...endpoint!,
      address: `10.0.0.${n + 1}`,
    }));
    const circumstances = { spoken: { ...one.spoken!, endpoints: () => endpoints } };
    const found = findingsIn(steps, circumstances);
    expect(found.map(({ subject }) => subject.text)).toEqual(subjects);
    expect(found[0]!.what).toBe(
      hosts === 3
        ? 'SNMP 2c on 161/udp (3 SNMP conversations)'
        : 'SNMP 2c on 161/udp, of 4 hosts (10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4)',
    );
  });

  it('names the frame of a login', () => {
    const login = speaking('tcp', 21, 'ftp', { product: ['x'], login: ['in clear'] });
    expect(findingsIn(steps, login)[0]).toMatchObject({
      what: 'FTP: a login crossed the network readable',
      evidence: [{ locator: 'test.pcap#7' }],
    });
  });

  it('believes what it heard rather than the port', () => {
    const ftp = talk({ client: '10.0.0.5:4000', server: '10.0.0.9:21' });
    expect(told(ftp, speaking('tcp', 21, 'ftp'))).toEqual([]);
    expect(told(ftp, speaking('tcp', 21, 'ftp', { login: ['in clear'] }))).toEqual([
      'clear-text-login 10.0.0.9 21/tcp',
    ]);
  });
});
