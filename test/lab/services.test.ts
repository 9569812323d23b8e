/**
 * Real servers say what they are: on their own ports and on wrong ones, over IPv6 as over IPv4, and
 * inside of TLS on ports where nobody expects it.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Identity } from '../../src/sources/scan/services/identify.ts';
import { runCli } from '../e2e/run-cli.ts';
import { program } from './inside.ts';
import { describeLab, Lab, listening, type Space } from './lab.ts';
import * as servers from './servers.ts';

type Answer = Identity & { readonly word: string };

interface FoundPort {
  readonly transport: string;
  readonly port: number;
  readonly identified?: { readonly name: string };
}

const PROGRAMS = [
  'ip',
  'nginx',
  'openssl',
  '/usr/sbin/sshd',
  'redis-server',
  'memcached',
  'mariadbd',
  'vsftpd',
  'dovecot',
  'exim4',
  'dnsmasq',
  'smbd',
  'slapd',
  'snmpd',
  'chronyd',
  'in.tftpd',
  'mosquitto',
  'rpcbind',
  'rsync',
  'git',
  'Xtigervnc',
  'krb5kdc',
  'socat',
];

const ADDRESS = '10.7.0.1';
const ADDRESS6 = 'fd07::1';

/** Transport/port, name, product, version, and details that must be among those given. */
const EXPECTED: readonly (readonly [
  where: string,
  name: string,
  product?: string | undefined,
  version?: RegExp | undefined,
  details?: Readonly<Record<string, RegExp>>,
])[] = [
  ['tcp/80', 'http', 'nginx', /^1\./, { title: /^Lab page$/, status: /^200$/ }],
  [
    'tcp/8443',
    'http',
    'nginx',
    /^1\./,
    {
      'certificate-subject': /^lab\.test$/,
      'certificate-names': /^lab\.test www\.lab\.test$/,
      'certificate-self-signed': /^yes$/,
      'tls-versions': /TLS 1\.2, TLS 1\.3$/,
    },
  ],
  ['tcp/443', 'ssh', 'OpenSSH', /^\d/, { 'host-key': /^ssh-ed25519 256 SHA256:\S{43}$/ }],
  ['tcp/8080', 'redis', 'Redis', /^\d/, { authentication: /^not required$/ }],
  ['tcp/11211', 'memcached', 'memcached', /^1\./],
  ['tcp/9999', 'postgresql', 'PostgreSQL', undefined, { protocol: /3\.0/ }],
  ['tcp/3306', 'mysql', 'MariaDB', /^1\d\./],
  ['tcp/21', 'ftp', 'vsFTPd', /^3\./],
  ['tcp/143', 'imap', 'Dovecot', undefined, { extensions: /IMAP4rev1/ }],
  ['tcp/110', 'pop3', 'Dovecot', undefined, { extensions: /UIDL/ }],
  ['tcp/25', 'smtp', 'Exim', /^4\./, { 'host-name': /^mail\.lab\.test$/, extensions: /HELP|SIZE/ }],
  ['tcp/53', 'domain', 'dnsmasq', /^2\./],
  ['udp/53', 'domain', 'dnsmasq', /^2\./],
  [
    'tcp/445',
    'smb',
    undefined,
    undefined,
    { 'netbios-name': /^LABFILES$/, smb1: /^refused$/, signing: /^not required$/ },
  ],
  ['udp/137', 'netbios-ns', undefined, undefined, { 'netbios-names': /LABFILES<00>/ }],
  ['tcp/389', 'ldap', 'OpenLDAP', undefined, { 'naming-context': /^dc=lab,dc=test$/ }],
  ['udp/161', 'snmp', 'Net-SNMP', undefined, { enterprise: /^8072$/ }],
  ['udp/123', 'ntp', undefined, undefined, { stratum: /^8$/ }],
  ['udp/69', 'tftp'],
  ['tcp/1883', 'mqtt', undefined, undefined, { authentication: /^not required$/ }],
  ['tcp/111', 'rpcbind'],
  ['udp/111', 'rpcbind', undefined, undefined, { programs: /portmapper v2 tcp\/111/ }],
  ['tcp/873', 'rsync'],
  ['tcp/9418', 'git'],
  ['tcp/5905', 'vnc', undefined, /^003\.008$/, { security: /^none$/ }],
  ['tcp/88', 'kerberos'],
  ['udp/88', 'kerberos'],
];

/** Ports behind which TLS wraps another: its port, name and product. */
const WRAPPED: readonly (readonly [port: number, inner: number, name: string, product: string])[] =
  [
    [853, 53, 'domain', 'dnsmasq'],
    [12143, 143, 'imap', 'Dovecot'],
    [12080, 80, 'http', 'nginx'],
  ];

describeLab('services of Debian', PROGRAMS, () => {
  const lab = new Lab();
  const root = mkdtempSync(join(tmpdir(), 'portreeve-servers-'));
  const answers = new Map<string, Answer>();
  let space: Space;
  let peer: Space;

  function at(port: number): servers.Place {
    const folder = join(root, `${port}-${Math.random().toString(36).slice(2, 8)}`);
    mkdirSync(folder, { mode: 0o755 });
    return { space, folder, address: ADDRESS, port };
  }

  beforeAll(async () => {
    chmodSync(root, 0o755);
    space = lab.space('srv');
    peer = lab.space('peer');
    lab.join(space, peer, [`${ADDRESS}/24`, `${ADDRESS6}/64`], ['10.7.0.2/24', 'fd07::2/64']);
    servers.postgres(at(9999));
    servers.mariadb(at(3306));
    servers.kdc(at(88));
    servers.nginx(at(80));
    servers.nginx(at(8443), servers.certificate(root));
    servers.openssh(at(443));
    servers.redis(at(8080));
    servers.memcached(at(11211));
    servers.vsftpd(at(21));
    servers.dovecot(at(143), 110);
    servers.exim(at(25));
    servers.dnsmasq(at(53));
    servers.samba(at(445));
    servers.slapd(at(389));
    servers.snmpd(at(161));
    servers.chrony(at(123));
    servers.tftpd(at(69));
    servers.mosquitto(at(1883));
    servers.rpcbind(at(111));
    servers.rsync(at(873));
    servers.gitDaemon(at(9418));
    servers.vnc(at(5905));
    const words = EXPECTED.map(([where]) => where.replace('/', `/${ADDRESS}/`));
    const streams = EXPECTED.flatMap(([where]) => {
      const [transport, port] = where.split('/');
      return transport === 'tcp' ? [Number(port)] : [];
    });
    listening(space, streams);
    wrap();
    listening(
      space,
      WRAPPED.map(([port]) => port),
    );
    const asker = await program('./services-main.ts');
    try {
      for (const line of asker
        .run(space, ...words)
        .trim()
        .split('\n')) {
        const answer = JSON.parse(line) as Answer;
        answers.set(answer.word.replace(`/${ADDRESS}/`, '/'), answer);
      }
    } finally {
      asker.remove();
    }
  });

  /** Each server over IPv6 too, and some inside of TLS. */
  function wrap(): void {
    for (const [where] of EXPECTED) {
      const [transport, port] = where.split('/') as ['tcp' | 'udp', string];
      // One listens on all addresses by itself, the other answers from another port.
      if (port === '111' || port === '69') continue;
      const listen = `${transport}6-listen:${port},bind=[${ADDRESS6}],fork`;
      space.start('socat', [listen, `${transport}4:${ADDRESS}:${port}`], { stdio: 'ignore' });
    }
    const { cert, key } = servers.certificate(root);
    for (const [port, inner] of WRAPPED) {
      const listen = `openssl-listen:${port},pf=ip6,fork,cert=${cert},key=${key},verify=0`;
      space.start('socat', [listen, `tcp4:${ADDRESS}:${inner}`], { stdio: 'ignore' });
    }
  }

  afterAll(async () => {
    await lab.close();
    rmSync(root, { recursive: true, force: true });
  });

  it.each(EXPECTED.map((row) => ({ row })))('$row.0 is $row.1', ({ row }) => {
    const [where, name, product, version, details = {}] = row;
    const answer = answers.get(where);
    expect(answer?.found?.name, JSON.stringify(answer)).toBe(name);
    if (product !== undefined) expect(answer?.found?.product).toBe(product);
    if (version !== undefined) expect(answer?.found?.version).toMatch(version);
    for (const [key, pattern] of Object.entries(details)) {
      const values = (answer?.details ?? []).filter((detail) => detail.key === key);
      expect(
        values.map(({ value }) => value),
        key,
      ).toContainEqual(expect.stringMatching(pattern));
    }
  });

  it('all say the same over IPv6, to a program with few descriptors', async () => {
    const rows = EXPECTED.filter(([where]) => where !== 'udp/69');
    const ports = rows.map(([where]) => where.replace('tcp/', 'T:').replace('udp/', 'U:'));
    const wrapped = WRAPPED.map(([port]) => `T:${port}`);
    const words = ['-p', [...ports, ...wrapped].join(','), '--services', '--json'];
    const few = ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh'];
    const { out, err, code } = await runCli(['scan', ADDRESS6, ...words], {
      wrapper: ['ip', 'netns', 'exec', peer.name, ...few],
    });
    expect(err).toBe('');
    expect(code).toBe(0);
    const { ports: found } = JSON.parse(out) as { ports: FoundPort[] };
    const told = new Map(
      found.map(({ transport, port, identified }) => [`${transport}/${port}`, identified]),
    );
    for (const [where, name, product] of rows) {
      const { version } = answers.get(where)?.found ?? {};
      expect.soft(told.get(where), where).toMatchObject({
        name,
        ...(product === undefined ? {} : { product }),
        ...(version === undefined ? {} : { version }),
      });
    }
    for (const [port, inner, name, product] of WRAPPED) {
      expect.soft(told.get(`tcp/${port}`), `${inner} in TLS`).toMatchObject({
        name,
        tunnel: 'ssl',
        product,
      });
    }
  });
});
