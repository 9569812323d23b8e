import { describe, expect, it } from 'vitest';
import { ask, attempt, caseOf, many, talk } from '../../test/builders/findings.ts';
import { dependenciesOn } from './host-dependencies.ts';
import { hostRoles, RoleJudge } from './host-roles.ts';
import { SpokenView } from './spoken.ts';

const rolesOf = (answered: ReadonlyMap<string, string>) => new RoleJudge().rolesOf(answered);

function roles(...ports: string[]): string[] {
  const answered = new Map(ports.map((port, index) => [port, `lan.pcap#${index + 1}`]));
  return rolesOf(answered).map(({ role, certainty }) => `${role} ${certainty}`);
}

describe('roles from answered ports', () => {
  it.each([
    [
      'a domain controller',
      ['88/tcp', '389/tcp', '445/tcp', '464/tcp', '53/udp', '135/tcp', '3268/tcp'],
      'domain-controller certain',
    ],
    ['most of one', ['88/udp', '3268/tcp', '135/tcp'], 'domain-controller likely'],
    [
      'FreeIPA, since there is no SMB',
      ['88/tcp', '464/tcp', '389/tcp', '636/tcp', '443/tcp'],
      'freeipa certain',
    ],
    [
      'a controller of which logon and files were used',
      ['88/tcp', '445/tcp'],
      'domain-controller likely',
    ],
    [
      'Kerberos alone, whose is not known',
      ['88/tcp', '88/udp', '464/tcp'],
      'domain-controller hint',
    ],
    // A domain controller answers there, too; what else it answers on may not have been asked.
    ['LDAP alone', ['389/tcp'], 'ldap-directory likely'],
    ['LDAP in clear and within TLS', ['389/tcp', '636/tcp'], 'ldap-directory certain'],
    ['a database', ['3306/tcp'], 'mysql-server certain'],
    ['a printer', ['9100/tcp', '515/tcp', '80/tcp'], 'printer certain'],
    ['a name server, of which UDP was seen', ['53/udp'], 'dns-server likely'],
    [
      'Kubernetes',
      ['6443/tcp', '2379/tcp', '2380/tcp', '10250/tcp'],
      'kubernetes-control-plane certain',
    ],
    ['a virtualisation host', ['443/tcp', '902/tcp'], 'esxi certain'],
    ['a web server', ['443/tcp'], 'web-server likely'],
  ])('%s', (_what, ports, role) => {
    expect(roles(...ports)[0]).toBe(role);
  });

  it.each([
    ['22/tcp'],
    ['445/tcp'],
    ['3389/tcp'],
    ['135/tcp'],
    ['139/tcp'],
    ['8080/tcp'],
    ['111/tcp'],
    ['8000/tcp'],
    ['6001/tcp'],
    ['5985/tcp'],
    ['5000/tcp'],
    ['41001/tcp'],
  ])('%s alone is no role', (port) => {
    expect(roles(port)).toEqual([]);
  });

  it.each([
    [['902/tcp', '8000/tcp'], 'esxi likely'],
    [['8000/tcp', '8182/tcp'], 'esxi likely'],
    [['6001/tcp', '6002/tcp', '6004/tcp'], 'exchange-2003 likely'],
    [['9101/tcp', '9102/tcp', '9103/tcp'], 'bacula-host certain'],
    [['5985/tcp', '2179/tcp'], 'hyper-v hint'],
  ])('%s together show a role that one of them does not', (ports, role) => {
    expect(roles(...ports)).toEqual([role]);
  });

  it('explains greedily: each port speaks for one role', () => {
    const found = roles(
      ...['88/tcp', '389/tcp', '445/tcp', '464/tcp', '53/tcp', '53/udp', '1433/tcp'],
    );
    expect(found[0]).toBe('domain-controller certain');
    expect(found.some((each) => each.startsWith('sql-server'))).toBe(true);
    expect(found.some((each) => each.startsWith('ldap'))).toBe(false);
    // Port 53 is a companion of the controller.
    expect(found.some((each) => each.startsWith('dns'))).toBe(false);
  });

  it('names the frames', () => {
    const [role] = rolesOf(new Map([['3306/tcp', 'lan.pcap#7']]));
    expect(role).toMatchObject({ ports: ['3306/tcp'], evidence: ['lan.pcap#7'] });
  });
});

describe('dependencies', () => {
  const controller = rolesOf(
    new Map(['88/tcp', '389/tcp', '445/tcp', '464/tcp', '53/udp'].map((port) => [port, 'x#1'])),
  );
  it.each([
    ['logon', ['88/tcp', '389/tcp'], ['member of the domain served by 10.0.2.10']],
    ['names only', ['53/udp'], ['uses the Active Directory domain controller 10.0.2.10']],
    ['something else', ['41001/tcp'], ['uses 41001/tcp of 10.0.2.10']],
    [
      'both',
      ['88/tcp', '41001/tcp'],
      ['member of the domain served by 10.0.2.10', 'uses 41001/tcp of 10.0.2.10'],
    ],
  ])('%s', (_what, ports, texts) => {
    const found = dependenciesOn('10.0.2.10', ports, controller);
    expect(found.map(({ text }) => text)).toEqual(texts);
  });
});

it('tells hosts of a capture', () => {
  const steps = [
    ...[88, 389, 445, 464].flatMap((port, n) =>
      talk({ at: n, client: '10.0.2.21:40001', server: `10.0.2.10:${port}` }),
    ),
    ...ask({ at: 9, client: '10.0.2.21:123', server: '10.0.2.11:123' }),
    ...many(4, (n) =>
      attempt({ at: n, client: '10.0.2.22:4000', server: `10.0.2.10:${3306 + n}` }),
    ),
    ...talk({ at: 12, client: '203.0.113.9:4000', server: '10.0.2.10:445' }),
    // What it asks of itself makes it depend on nobody.
    ...talk({ at: 13, client: '10.0.2.10:40001', server: '10.0.2.10:389' }),
  ];
  const { traffic, names } = caseOf(steps);
  expect(hostRoles(traffic, names, new SpokenView(null, names))).toMatchObject([
    {
      address: '10.0.2.10',
      zone: 'in',
      roles: [{ role: 'domain-controller', certainty: 'certain' }],
      depends: [],
    },
    {
      address: '10.0.2.21',
      roles: [],
      depends: [{ server: '10.0.2.10', text: 'member of the domain served by 10.0.2.10' }],
    },
  ]);
});

it.each([
  ['what belongs there', 'tls', []],
  ['something else', 'openvpn', ['443/tcp']],
])('believes no port on which %s is spoken', (_, protocol, left) => {
  const steps = [443, 3306].flatMap((port, n) =>
    talk({ at: n, client: '10.0.2.21:40001', server: `10.0.2.10:${port}` }),
  );
  const { traffic, names } = caseOf(steps);
  const spoken = { protocol, confidence: 'certain', by: 'payload', flows: 1, answered: true };
  const at = { transport: 'tcp', address: '10.0.2.10', port: 443, fit: 'other', spoken: [spoken] };
  const speech = { endpoints: () => [at] } as unknown as SpokenView;
  const [server] = hostRoles(traffic, names, speech);
  expect(server?.roles.flatMap(({ ports }) => ports)).toEqual(
    ['443/tcp', '3306/tcp'].filter((port) => !(left as string[]).includes(port)).reverse(),
  );
});
