/**
 * Programs that tell their name when they are asked, by that name: which units of systemd hold their
 * ports on Debian and Red Hat, and whether what is said of Windows is about them. An entry of the catalogue is about
 * a service, and names the programs that usually offer it; this is for when it is known which.
 */

export interface KnownProgram {
  /** Of which the machine has one; several where distributions name it differently. None: not there. */
  readonly units: readonly string[];
  /** Whether what the service's entry says of Windows holds for this program. */
  readonly windows: boolean;
}

/** Name as told, in lower case, and units; `|` where the entry's words on Windows hold. */
const PROGRAMS = `
nginx: nginx
apache: apache2 httpd
caddy: caddy
microsoft-iis | -
microsoft-httpapi | -
microsoft ftp | -
microsoft esmtp mail service | -
microsoft exchange | -
lighttpd: lighttpd
webfs: webfs
icecast: icecast2 icecast
squid: squid
tinyproxy: tinyproxy
privoxy: privoxy
varnish command line: varnish
haproxy statistics: haproxy
apache tomcat: tomcat10 tomcat9 tomcat
minidlna: minidlna
transmission: transmission-daemon
dropbear: dropbear
vsftpd: vsftpd
proftpd: proftpd
pure-ftpd: pure-ftpd
postfix: postfix
exim: exim4 exim
sendmail: sendmail
opensmtpd: opensmtpd smtpd
dovecot: dovecot
cyrus imap: cyrus-imapd
cyrus pop3: cyrus-imapd
courier-imap: courier-imap
courier: courier-pop
bind: named
unbound: unbound
nsd: nsd
knot dns: knot
dnsmasq: dnsmasq
powerdns authoritative server: pdns
powerdns recursor: pdns-recursor
mariadb | mariadb
mysql | mysql mysqld
pgbouncer: pgbouncer
redis: redis-server redis
valkey: valkey-server valkey
gearman: gearman-job-server gearmand
beanstalkd: beanstalkd
music player daemon (protocol): mpd
network block device: nbd-server
tor control port: tor@default tor
bitlbee: bitlbee
ngircd: ngircd
`;

function unitsOf(text: string): string[] {
  return text === '-' ? [] : text.split(' ').map((unit) => `${unit}.service`);
}

let known: ReadonlyMap<string, KnownProgram> | undefined;

/** What is known of a program by the name it tells, in any letter case. */
export function knownProgram(product: string): KnownProgram | undefined {
  known ??= new Map(
    PROGRAMS.trim()
      .split('\n')
      .map((line): [string, KnownProgram] => {
        const [name = '', mark = '', units = ''] = line.split(/ ?([:|]) /);
        return [name, { units: unitsOf(units), windows: mark === '|' }];
      }),
  );
  return known.get(product.toLowerCase());
}
