/**
 * Real servers on ports that are not theirs, talked to by real clients in namespaces, captured with
 * tcpdump and assessed: the protocol has to be told from the packets alone.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Assessment, assess } from '../../src/pipeline/assess.ts';
import { describeLab, Lab, listening, run, type Space } from './lab.ts';
import { Recording } from './recording.ts';

const SERVER = '10.9.3.1';
/** Debian keeps PostgreSQL's server out of the path, by version. */
const POSTGRESQL = postgresFolder();
const PROGRAMS = [
  'ip',
  'tcpdump',
  'redis-server',
  'redis-cli',
  'sshd',
  'ssh',
  'ssh-keygen',
  'nginx',
  'openssl',
  'curl',
  'memcached',
  `${POSTGRESQL}/postgres`,
  'pg_isready',
  'mariadbd',
  'mariadb-install-db',
  'mariadb-admin',
  'dovecot',
  'vsftpd',
  'git',
  'rsync',
  'mosquitto',
  'mosquitto_pub',
  'smbd',
  'smbclient',
  'slapd',
  'ldapsearch',
];

/** The protocol expected on each TCP port of the server. */
const EXPECTED: Readonly<Record<number, string>> = {
  8080: 'redis',
  443: 'ssh',
  22: 'http',
  21: 'tls',
  5432: 'memcached',
  9999: 'postgresql',
  8443: 'mysql',
  5900: 'imap',
  5901: 'pop3',
  3306: 'ftp',
  25: 'git',
  23: 'rsync',
  1521: 'mqtt',
  6379: 'smb',
  27017: 'ldap',
  53: 'http2',
};

function postgresFolder(): string {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  return `/usr/lib/postgresql/${versions.sort().at(-1) ?? '15'}/bin`;
}

/** Runs a client to its end, however it ends: what counts is what went over the wire. */
function talk(space: Space, program: string, ...words: string[]): void {
  spawnSync('ip', ['netns', 'exec', space.name, program, ...words], {
    timeout: 10_000,
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, HOME: '/nonexistent' },
  });
}

describeLab('servers on ports that are not theirs', PROGRAMS, () => {
  const lab = new Lab();
  const folder = mkdtempSync('/tmp/portreeve-identify-');
  const path = (name: string): string => join(folder, name);
  let assessment: Assessment;

  function file(name: string, text: string): string {
    writeFileSync(path(name), text);
    return path(name);
  }

  function directory(name: string, owner?: string): string {
    mkdirSync(path(name));
    if (owner !== undefined) run('chown', owner, path(name));
    return path(name);
  }

  function certificate(): void {
    const names = 'subjectAltName=DNS:intranet.example.org,DNS:www.example.org';
    run(
      ...(`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=intranet.example.org -addext ${names} -keyout ${path('key.pem')} -out ${path('cert.pem')}`.split(
        ' ',
      ) as [string, ...string[]]),
    );
  }

  function startServers(space: Space): void {
    certificate();
    space.start('redis-server', [
      '--port',
      '8080',
      '--bind',
      SERVER,
      '--protected-mode',
      'no',
      '--save',
      '',
      '--dir',
      folder,
    ]);
    run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path('host'));
    mkdirSync('/run/sshd', { recursive: true });
    space.start('/usr/sbin/sshd', [
      '-D',
      '-e',
      '-p',
      '443',
      '-h',
      path('host'),
      '-f',
      '/dev/null',
      '-o',
      `PidFile=${path('sshd.pid')}`,
    ]);
    space.start('nginx', ['-g', 'daemon off;', '-e', path('nginx.log'), '-c', nginx()]);
    space.start('memcached', ['-u', 'nobody', '-p', '5432', '-U', '0', '-l', SERVER]);
    const data = directory('pg', 'postgres');
    run(
      'setpriv',
      '--reuid=postgres',
      '--regid=postgres',
      '--clear-groups',
      `${POSTGRESQL}/initdb`,
      '-D',
      data,
      '-A',
      'trust',
      '-N',
    );
    space.start('setpriv', [
      '--reuid=postgres',
      '--regid=postgres',
      '--clear-groups',
      `${POSTGRESQL}/postgres`,
      '-D',
      data,
      '-p',
      '9999',
      '-h',
      SERVER,
      '-k',
      data,
      '-F',
    ]);
    const maria = directory('maria', 'mysql');
    run(
      'mariadb-install-db',
      '--no-defaults',
      `--datadir=${maria}`,
      '--user=mysql',
      '--skip-test-db',
      '--auth-root-authentication-method=normal',
    );
    space.start('mariadbd', [
      '--no-defaults',
      `--datadir=${maria}`,
      '--user=mysql',
      '--port=8443',
      '--skip-grant-tables',
      `--bind-address=${SERVER}`,
      `--socket=${path('maria/s')}`,
      `--pid-file=${path('maria/p')}`,
    ]);
    space.start('dovecot', ['-F', '-c', dovecot()]);
    const files = directory('files');
    file('files/hello.txt', 'hello\n'.repeat(1000));
    run('chmod', '755', files);
    space.start('vsftpd', [vsftpd(files)]);
    run('git', 'init', '-q', '--bare', path('files/project.git'));
    space.start('git', [
      'daemon',
      '--export-all',
      '--reuseaddr',
      `--base-path=${files}`,
      '--port=25',
      `--listen=${SERVER}`,
      files,
    ]);
    const modules = file('rsyncd.conf', `port = 23\nuse chroot = no\n[files]\npath = ${files}\n`);
    space.start('rsync', ['--daemon', '--no-detach', '--config', modules, '--address', SERVER]);
    space.start('mosquitto', [
      '-c',
      file('mosquitto.conf', `listener 1521 ${SERVER}\nallow_anonymous true\nuser root\n`),
    ]);
    space.start('smbd', ['-F', '--no-process-group', '-p', '6379', '-s', samba(files)]);
    directory('ldap');
    space.start('slapd', ['-d', '0', '-h', `ldap://${SERVER}:27017/`, '-f', slapd()]);
  }

  function nginx(): string {
    return file(
      'nginx.conf',
      `pid ${path('nginx.pid')}; user root; worker_processes 1; events {}
       http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder};
         fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
         server { listen ${SERVER}:22; return 200 "hello"; }
         server { listen ${SERVER}:53 http2; return 200 "hello"; }
         server { listen ${SERVER}:21 ssl; ssl_certificate ${path('cert.pem')};
           ssl_certificate_key ${path('key.pem')}; ssl_protocols TLSv1.2 TLSv1.3; return 200 "hello"; } }`,
    );
  }

  function dovecot(): string {
    return file(
      'dovecot.conf',
      `base_dir = ${directory('dovecot')}\nprotocols = imap pop3\nssl = no\nlisten = ${SERVER}
log_path = ${path('dovecot.log')}\nmail_location = maildir:${folder}/mail
service imap-login {\n inet_listener imap {\n port = 5900\n }\n chroot =\n}
service pop3-login {\n inet_listener pop3 {\n port = 5901\n }\n chroot =\n}
passdb {\n driver = static\n args = password=x\n}\nuserdb {\n driver = static\n args = uid=1 gid=1 home=${folder}\n}\n`,
    );
  }

  function vsftpd(files: string): string {
    return file(
      'vsftpd.conf',
      `listen=YES\nlisten_port=3306\nlisten_address=${SERVER}\nanonymous_enable=YES\nanon_root=${files}
no_anon_password=YES\nsecure_chroot_dir=${directory('empty')}\nbackground=NO\nseccomp_sandbox=NO
pasv_min_port=30000\npasv_max_port=30010\nport_enable=YES\nconnect_from_port_20=YES\n`,
    );
  }

  function samba(files: string): string {
    const own = directory('samba');
    return file(
      'smb.conf',
      `[global]\nnetbios name = FILES\nworkgroup = LAB\nserver role = standalone\nmap to guest = bad user
private dir = ${own}\nlock directory = ${own}\nstate directory = ${own}\ncache directory = ${own}
pid directory = ${own}\nncalrpc dir = ${own}/n\nlog file = ${own}/log\nload printers = no\ndisable spoolss = yes
[share]\npath = ${files}\nguest ok = yes\n`,
    );
  }

  function slapd(): string {
    return file(
      'slapd.conf',
      `include /etc/ldap/schema/core.schema\npidfile ${path('slapd.pid')}\nmodulepath /usr/lib/ldap\nmoduleload back_mdb
database mdb\nsuffix "dc=example,dc=org"\nrootdn "cn=admin,dc=example,dc=org"\nrootpw secret\ndirectory ${path('ldap')}\n`,
    );
  }

  function talkToServers(space: Space): void {
    talk(space, 'redis-cli', '-h', SERVER, '-p', '8080', 'info', 'server');
    talk(
      space,
      'ssh',
      '-p',
      '443',
      '-o',
      'BatchMode=yes',
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-F',
      '/dev/null',
      SERVER,
      'true',
    );
    talk(space, 'curl', '-s', '-m5', '-H', 'Host: intranet.example.org', `http://${SERVER}:22/`);
    talk(space, 'curl', '-s', '-m5', '--http2-prior-knowledge', `http://${SERVER}:53/`);
    talk(
      space,
      'curl',
      '-sk',
      '-m5',
      '--tls-max',
      '1.2',
      '--resolve',
      `www.example.org:21:${SERVER}`,
      'https://www.example.org:21/',
    );
    talk(
      space,
      'sh',
      '-c',
      `printf 'version\\r\\nquit\\r\\n' | timeout 3 curl -s -m3 telnet://${SERVER}:5432`,
    );
    talk(space, 'pg_isready', '-h', SERVER, '-p', '9999', '-U', 'app', '-d', 'shop', '-t', '5');
    talk(
      space,
      'mariadb-admin',
      '--no-defaults',
      '-h',
      SERVER,
      '-P',
      '8443',
      '--protocol=tcp',
      '--connect-timeout=5',
      '-u',
      'app',
      'ping',
    );
    talk(space, 'curl', '-s', '-m5', '-u', 'ann:x', `imap://${SERVER}:5900/`);
    talk(space, 'curl', '-s', '-m5', '-u', 'ann:x', `pop3://${SERVER}:5901/`);
    talk(space, 'curl', '-s', '-m5', '--disable-epsv', `ftp://${SERVER}:3306/hello.txt`);
    talk(space, 'curl', '-s', '-m5', '-P', '-', `ftp://${SERVER}:3306/hello.txt`);
    talk(space, 'git', 'ls-remote', `git://${SERVER}:25/project.git`);
    talk(space, 'rsync', `rsync://${SERVER}:23/`);
    talk(space, 'mosquitto_pub', '-h', SERVER, '-p', '1521', '-t', 'a', '-m', 'b');
    talk(space, 'smbclient', '-s', '/dev/null', '-p', '6379', '-N', '-L', `//${SERVER}`);
    talk(
      space,
      'ldapsearch',
      '-x',
      '-H',
      `ldap://${SERVER}:27017`,
      '-D',
      'cn=admin,dc=example,dc=org',
      '-w',
      'secret',
      '-b',
      '',
      '-s',
      'base',
    );
  }

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    const servers = lab.space('srv');
    const clients = lab.space('cli');
    lab.join(servers, clients, [`${SERVER}/24`], ['10.9.3.2/24']);
    startServers(servers);
    listening(servers, Object.keys(EXPECTED).map(Number));
    const capture = path('all.pcap');
    const recording = await Recording.start(clients, capture, 'tcp');
    talkToServers(clients);
    await recording.end();
    assessment = await assess([capture], { top: 100, workers: 0 });
  });

  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const spokenOn = (port: number) =>
    assessment.services.find((each) => each.server === SERVER && each.port === port)?.spoken ?? [];

  it.each(Object.entries(EXPECTED))('on port %i speaks %s', (port, protocol) => {
    const [first, ...others] = spokenOn(Number(port));
    expect([first?.protocol, others.map((each) => each.protocol)]).toEqual([protocol, []]);
  });

  it('says how each protocol goes with its port', () => {
    const fits = Object.keys(EXPECTED).map((port) => {
      const use = assessment.ports.find((each) => each.port === Number(port));
      return [port, use?.spoken[0]?.fit];
    });
    expect(fits.length).toBeGreaterThan(10);
    for (const [port, fit] of fits) {
      expect(['unusual', 'other'], `port ${port} is ${fit}`).toContain(fit);
    }
  });

  it.each([
    [8080, 'version', /^\d+\.\d+\.\d+$/],
    [443, 'product', /^OpenSSH_/],
    [22, 'product', /^nginx/],
    [21, 'version', /^TLS 1\.2$/],
    [21, 'certificate', /^intranet\.example\.org$/],
    [5432, 'version', /^1\./],
    [8443, 'version', /MariaDB/],
    [5900, 'product', /Dovecot/],
    [3306, 'product', /vsFTPd/],
    [23, 'version', /^3\d\./],
    [6379, 'dialect', /^SMB 3\.1\.1$/],
    [27017, 'login', /^in clear$/],
  ])('on port %i has the fact %s', (port, key, value) => {
    expect(spokenOn(port)[0]?.facts[key]?.[0]).toMatch(value);
  });

  it('follows data connections of FTP, both ways', () => {
    const data = assessment.services.flatMap((each) =>
      each.spoken.filter(({ protocol }) => protocol === 'ftp-data').map(() => each.server),
    );
    expect(data.sort()).toEqual([SERVER, '10.9.3.2']);
  });

  it('collects the names of the server', () => {
    const host = assessment.topHosts.find(({ address }) => address === SERVER);
    const names = host?.names.map(({ source, name }) => `${source} ${name}`) ?? [];
    expect(names).toEqual(
      expect.arrayContaining([
        'sni www.example.org',
        'certificate intranet.example.org',
        'http-host intranet.example.org',
        'smb FILES',
      ]),
    );
  });
});
