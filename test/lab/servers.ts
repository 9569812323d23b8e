/**
 * Real servers from Debian packages with the smallest configuration each, for labs: started in a
 * namespace, on the ports given, with their files under a folder that the caller removes.
 */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, type Space } from './lab.ts';

export interface Place {
  readonly space: Space;
  /** An empty folder of the server's own; readable by every user. */
  readonly folder: string;
  readonly address: string;
  readonly port: number;
}

/** Starts a server that stays in the foreground; its output goes nowhere. */
function start(place: Place, program: string, ...words: string[]): ChildProcess {
  return place.space.start(program, words, { stdio: 'ignore', cwd: place.folder });
}

function file(place: Place, name: string, text: string, mode = 0o644): string {
  const path = join(place.folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

/** User and group number of an account. */
function account(name: string): [number, number] {
  return [Number(run('id', '-u', name)), Number(run('id', '-g', name))];
}

/** A self-signed certificate for `lab.test`: paths of the certificate and of the key. */
export function certificate(folder: string): { cert: string; key: string } {
  const cert = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  run(
    'openssl',
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=lab.test'],
    ...['-addext', 'subjectAltName=DNS:lab.test,DNS:www.lab.test', '-keyout', key, '-out', cert],
  );
  chmodSync(key, 0o644);
  return { cert, key };
}

export function nginx(place: Place, tls?: { cert: string; key: string }): void {
  const { port, address, folder } = place;
  const secure = tls === undefined ? '' : ' ssl';
  const keys =
    tls === undefined
      ? ''
      : `ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};`;
  const config = file(
    place,
    'nginx.conf',
    `daemon off; pid ${folder}/pid; error_log /dev/null; events {}
     http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p;
       fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
       server { listen ${address}:${port}${secure}; ${keys}
         location / { default_type text/html; return 200 '<html><title>Lab page</title></html>'; } } }`,
  );
  start(place, 'nginx', '-c', config, '-p', folder);
}

export function openssh(place: Place): void {
  const { folder } = place;
  for (const kind of ['ed25519', 'rsa', 'ecdsa']) {
    run('ssh-keygen', '-q', '-t', kind, '-N', '', '-f', join(folder, `key_${kind}`));
  }
  const config = file(
    place,
    'sshd_config',
    `Port ${place.port}\nListenAddress ${place.address}\nPidFile none\nUsePAM no\n${['ed25519', 'rsa', 'ecdsa'].map((kind) => `HostKey ${folder}/key_${kind}`).join('\n')}\n`,
  );
  mkdirSync('/run/sshd', { recursive: true });
  start(place, '/usr/sbin/sshd', '-D', '-f', config);
}

export function redis(place: Place): void {
  const words = ['--port', `${place.port}`, '--bind', place.address, '--dir', place.folder];
  start(place, 'redis-server', ...words, '--save', '', '--protected-mode', 'no');
}

export function memcached(place: Place): void {
  const { address, port } = place;
  start(place, 'memcached', '-u', 'nobody', '-l', address, '-p', `${port}`, '-U', `${port}`);
}

export function postgres(place: Place): void {
  const data = join(place.folder, 'data');
  const [user, group] = account('postgres');
  chownSync(place.folder, user, group);
  const bin = readdirSync('/usr/lib/postgresql').map(
    (name) => `/usr/lib/postgresql/${name}/bin`,
  )[0];
  run('runuser', '-u', 'postgres', '--', `${bin}/initdb`, '-D', data, '-A', 'trust', '--no-sync');
  const options = ['-D', data, '-h', place.address, '-p', `${place.port}`, '-k', place.folder];
  start(place, 'runuser', '-u', 'postgres', '--', `${bin}/postgres`, ...options);
}

export function mariadb(place: Place): void {
  const { folder, address, port } = place;
  const [user, group] = account('mysql');
  chownSync(folder, user, group);
  const data = join(folder, 'data');
  const quick = ['--auth-root-authentication-method=normal', '--skip-test-db'];
  run('mariadb-install-db', '--user=mysql', `--datadir=${data}`, ...quick);
  start(
    place,
    'mariadbd',
    ...[
      '--no-defaults',
      '--skip-grant-tables',
      '--user=mysql',
      `--datadir=${data}`,
      `--bind-address=${address}`,
    ],
    ...[`--port=${port}`, `--socket=${folder}/sock`, `--pid-file=${folder}/pid`],
  );
}

export function vsftpd(place: Place): void {
  const empty = join(place.folder, 'empty');
  mkdirSync(empty);
  const config = file(
    place,
    'vsftpd.conf',
    `listen=YES\nlisten_address=${place.address}\nlisten_port=${place.port}\nbackground=NO\nanonymous_enable=NO\nlocal_enable=YES\nsecure_chroot_dir=${empty}\nseccomp_sandbox=NO\n`,
    0o600,
  );
  start(place, 'vsftpd', config);
}

export function dovecot(place: Place, pop3Port: number): void {
  const { folder, address, port } = place;
  const config = file(
    place,
    'dovecot.conf',
    `base_dir = ${folder}/run\nlog_path = ${folder}/log\nprotocols = imap pop3\nlisten = ${address}\nssl = no\nssl_dh =\nauth_mechanisms = plain\nmail_location = maildir:~/m\nservice imap-login {\n inet_listener imap {\n port = ${port}\n }\n inet_listener imaps {\n port = 0\n }\n}\nservice pop3-login {\n inet_listener pop3 {\n port = ${pop3Port}\n }\n inet_listener pop3s {\n port = 0\n }\n}\npassdb {\n driver = static\n args = nopassword=y\n}\nuserdb {\n driver = static\n args = uid=nobody gid=nogroup home=/nonexistent\n}\n`,
  );
  start(place, 'dovecot', '-F', '-c', config);
}

export function exim(place: Place): void {
  const { folder, address, port } = place;
  const [user, group] = account('Debian-exim');
  chownSync(folder, user, group);
  const config = file(
    place,
    'exim.conf',
    `primary_hostname = mail.lab.test\nspool_directory = ${folder}\nlog_file_path = ${folder}/%slog\nlocal_interfaces = ${address}\ndaemon_smtp_ports = ${port}\nexim_user = Debian-exim\nexim_group = Debian-exim\nbegin acl\nbegin routers\nbegin transports\n`,
  );
  start(place, 'exim4', '-bdf', '-C', config);
}

export function dnsmasq(place: Place): void {
  const words = ['--keep-in-foreground', '--no-resolv', '--no-hosts', '--conf-file=/dev/null'];
  start(
    place,
    'dnsmasq',
    ...[...words, '--bind-interfaces', `--listen-address=${place.address}`, `--port=${place.port}`],
    ...['--user=root', '--pid-file='],
  );
}

export function samba(place: Place): void {
  const { folder, address, port } = place;
  for (const name of ['lock', 'state', 'cache', 'private', 'ncalrpc']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const config = file(
    place,
    'smb.conf',
    `[global]\nworkgroup = LABGROUP\nnetbios name = LABFILES\ninterfaces = ${address}\nbind interfaces only = yes\nsmb ports = ${port}\nlock directory = ${folder}/lock\nstate directory = ${folder}/state\ncache directory = ${folder}/cache\nprivate dir = ${folder}/private\nncalrpc dir = ${folder}/ncalrpc\npid directory = ${folder}\nlog file = ${folder}/log\nload printers = no\ndisable spoolss = yes\n`,
  );
  start(place, 'smbd', '--foreground', '--no-process-group', '-s', config);
  start(place, 'nmbd', '--foreground', '--no-process-group', '-s', config);
}

export function slapd(place: Place): void {
  const { folder, address, port } = place;
  mkdirSync(join(folder, 'db'));
  const config = file(
    place,
    'slapd.conf',
    `include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile ${folder}/pid\ndatabase mdb\nsuffix "dc=lab,dc=test"\ndirectory ${folder}/db\nrootdn "cn=admin,dc=lab,dc=test"\n`,
  );
  start(place, 'slapd', '-d', '0', '-h', `ldap://${address}:${port}`, '-f', config);
}

export function snmpd(place: Place): void {
  const config = file(place, 'snmpd.conf', 'rouser portreeve\n');
  const listen = `udp:${place.address}:${place.port}`;
  const words = ['-f', '-Lf', '/dev/null', '-C', '-c', config, '-I', '-smux', listen];
  place.space.start('snmpd', words, {
    stdio: 'ignore',
    env: { ...process.env, SNMP_PERSISTENT_DIR: place.folder },
  });
}

export function chrony(place: Place): void {
  const config = file(
    place,
    'chrony.conf',
    `local stratum 8\nallow all\nbindaddress ${place.address}\nport ${place.port}\ncmdport 0\nbindcmdaddress /\npidfile ${place.folder}/pid\ndriftfile ${place.folder}/drift\n`,
  );
  start(place, 'chronyd', '-d', '-x', '-u', 'root', '-f', config);
}

export function tftpd(place: Place): void {
  start(
    place,
    'in.tftpd',
    '-4',
    '-L',
    '-u',
    'nobody',
    '-a',
    `${place.address}:${place.port}`,
    '-s',
    place.folder,
  );
}

export function mosquitto(place: Place): void {
  const config = file(
    place,
    'mosquitto.conf',
    `listener ${place.port} ${place.address}\nallow_anonymous true\nuser root\npersistence false\n`,
  );
  start(place, 'mosquitto', '-c', config);
}

/** On every address of the namespace; it keeps its files in /run, so it gets one of its own. */
export function rpcbind(place: Place): void {
  start(place, 'unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /run; exec rpcbind -f');
}

export function rsync(place: Place): void {
  const config = file(place, 'rsyncd.conf', `port = ${place.port}\naddress = ${place.address}\n`);
  start(place, 'rsync', '--daemon', '--no-detach', `--config=${config}`);
}

export function gitDaemon(place: Place): void {
  const words = ['daemon', `--listen=${place.address}`, `--port=${place.port}`];
  start(place, 'git', ...words, `--base-path=${place.folder}`);
}

export function vnc(place: Place): void {
  const words = [
    '-rfbport',
    `${place.port}`,
    '-SecurityTypes',
    'None',
    '-interface',
    place.address,
  ];
  start(place, 'Xtigervnc', `:${place.port - 5900}`, ...words, '-geometry', '64x64');
}

export function kdc(place: Place): void {
  const { folder, address, port } = place;
  const krb5 = file(
    place,
    'krb5.conf',
    `[libdefaults]\ndefault_realm = LAB.TEST\n[realms]\nLAB.TEST = {\n kdc = ${address}:${port}\n}\n`,
  );
  const profile = file(
    place,
    'kdc.conf',
    `[kdcdefaults]\nkdc_listen = ${address}:${port}\nkdc_tcp_listen = ${address}:${port}\n[realms]\nLAB.TEST = {\n database_name = ${folder}/principal\n key_stash_file = ${folder}/stash\n}\n`,
  );
  const env = { ...process.env, KRB5_CONFIG: krb5, KRB5_KDC_PROFILE: profile };
  const made = spawnSync('kdb5_util', ['create', '-s', '-r', 'LAB.TEST', '-P', 'lab'], { env });
  if (made.status !== 0) throw new Error(`kdb5_util: ${made.stderr}`);
  place.space.start('krb5kdc', ['-n'], { stdio: 'ignore', env });
}
