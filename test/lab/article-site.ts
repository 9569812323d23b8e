/**
 * The article's network: internet, a DMZ with a web server and its application, an internal network
 * with a database on 1433 and a directory (DNS, Kerberos and LDAP), and a router between them. One
 * request from the internet makes the application ask DNS, then the directory, then the database.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lab, run, type Space } from './lab.ts';
import { kdc } from './servers.ts';

const POSTGRES = '/usr/lib/postgresql/15/bin';

export interface Site {
  readonly internet: Space;
  readonly dmz: Space;
  readonly internal: Space;
  readonly router: Space;
  /** One request through the web server; the application's answer, or why there is none. */
  readonly request: () => string;
}

/** AS-REQ of web@LAB.TEST, behind its length (RFC 4120 sections 5.4.1 and 7.2.2). */
const AS_REQUEST =
  '0000007d6a7b3079a103020105a20302010aa46d306ba00703050000000010a110300ea003020101a10730051b03776562a20a1b084c41422e54455354a31d301ba003020102a11430121b066b72627467741b084c41422e54455354a511180f32303337303931333032343830355aa70602041f1eb9d5a8083006020112020111';

/** The application: four questions one after the other, and what came of them. */
const APPLICATION = `
import http from 'node:http';
import net from 'node:net';
import { Resolver } from 'node:dns/promises';
const ask = (host, port, bytes) => new Promise((resolve, reject) => {
  const socket = net.connect({ host, port, timeout: 1500 });
  socket.on('timeout', () => socket.destroy(new Error('timeout ' + port)));
  socket.on('error', reject);
  socket.on('connect', () => socket.write(bytes));
  socket.on('data', (data) => { socket.end(); resolve(data); });
});
http.createServer(async (_request, response) => {
  try {
    const resolver = new Resolver({ timeout: 1500, tries: 1 });
    resolver.setServers(['10.0.2.10']);
    const [sql] = await resolver.resolve4('sql.example');
    // Nobody of that name is there, and the answer says so: KRB-ERROR.
    const ticket = await ask('10.0.2.10', 88, Buffer.from('${AS_REQUEST}', 'hex'));
    if (ticket[4] !== 0x7e) throw new Error('no Kerberos');
    // LDAP: anonymous simple bind, version 3 (RFC 4511).
    const bound = await ask('10.0.2.10', 389, Buffer.from('300c020101600702010304008000', 'hex'));
    if (bound[0] !== 0x30) throw new Error('no LDAP');
    // PostgreSQL: SSLRequest; the answer is one octet.
    const answer = await ask(sql, 1433, Buffer.from('0000000804d2162f', 'hex'));
    response.end('works ' + String.fromCharCode(answer[0]) + '\\n');
  } catch (error) {
    response.statusCode = 503;
    response.end(String(error.message) + '\\n');
  }
}).listen(8080, '127.0.0.1');
`;

const LISTENER = `
import net from 'node:net';
for (const [host, port] of JSON.parse(process.argv[2])) net.createServer((s) => s.end('x')).listen(port, host);
`;

export async function buildSite(lab: Lab, folder: string): Promise<Site> {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  const [internet, dmz, internal, router] = [
    lab.space('inet'),
    lab.space('dmz'),
    lab.space('int'),
    lab.space('rt'),
  ];
  router.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  lab.join(internet, router, ['198.51.100.7/24'], ['198.51.100.1/24'], ['eth0', 'eth0']);
  lab.join(dmz, router, ['10.0.1.10/24'], ['10.0.1.1/24'], ['eth0', 'eth1']);
  lab.join(internal, router, ['10.0.2.10/24', '10.0.2.20/24'], ['10.0.2.1/24'], ['eth0', 'eth2']);
  internet.run('ip', 'route', 'add', 'default', 'via', '198.51.100.1');
  dmz.run('ip', 'route', 'add', 'default', 'via', '10.0.1.1');
  internal.run('ip', 'route', 'add', 'default', 'via', '10.0.2.1');
  startWeb(dmz, folder);
  startInternal(internal, folder);
  const request = () => {
    const words = ['-s', '-m', '8', 'http://10.0.1.10/'];
    return spawnSync('ip', ['netns', 'exec', internet.name, 'curl', ...words], {
      encoding: 'utf8',
    }).stdout;
  };
  for (let tries = 0; !request().startsWith('works'); tries++) {
    if (tries > 200) throw new Error(`the application does not start: ${request()}`);
    await sleep(100);
  }
  return { internet, dmz, internal, router, request };
}

function startWeb(dmz: Space, folder: string): void {
  writeFileSync(join(folder, 'application.mjs'), APPLICATION);
  dmz.start(process.execPath, [join(folder, 'application.mjs')]);
  const configuration = join(folder, 'nginx.conf');
  writeFileSync(
    configuration,
    `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log; events {}
http { access_log off; client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b;
fastcgi_temp_path ${folder}/c; uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
server { listen 10.0.1.10:80; location / { proxy_pass http://127.0.0.1:8080; } } }
`,
  );
  dmz.start('nginx', ['-c', configuration]);
  writeFileSync(join(folder, 'listener.mjs'), LISTENER);
  // Ports that answer but that nobody may reach once the rules stand.
  dmz.start(process.execPath, [join(folder, 'listener.mjs'), '[["10.0.1.10",22]]']);
}

function startInternal(internal: Space, folder: string): void {
  const data = join(folder, 'data');
  mkdirSync(data);
  run('chown', 'postgres', data);
  run('runuser', '-u', 'postgres', '--', `${POSTGRES}/initdb`, '-N', '-A', 'trust', '-D', data);
  const words = ['-D', data, '-h', '10.0.2.20', '-p', '1433', '-k', data];
  internal.start('runuser', ['-u', 'postgres', '--', `${POSTGRES}/postgres`, ...words]);
  const names = ['--address=/sql.example/10.0.2.20', '--listen-address=10.0.2.10'];
  internal.start('dnsmasq', ['-k', '-C', '/dev/null', '-R', '-h', '--bind-interfaces', ...names]);
  const slapd = join(folder, 'slapd.conf');
  writeFileSync(slapd, `include /etc/ldap/schema/core.schema\npidfile ${folder}/slapd.pid\n`);
  internal.start('slapd', ['-d', '0', '-f', slapd, '-h', 'ldap://10.0.2.10:389/']);
  const folderOfKdc = join(folder, 'kdc');
  mkdirSync(folderOfKdc);
  kdc({ space: internal, folder: folderOfKdc, address: '10.0.2.10', port: 88 });
  const extra = '[["10.0.2.10",22],["10.0.2.10",445],["10.0.2.20",3389]]';
  internal.start(process.execPath, [join(folder, 'listener.mjs'), extra]);
}
