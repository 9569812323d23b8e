/**
 * Servers that greet, recognised by the words of their greeting. A pattern is tried on the first
 * 1,024 octets as text, is anchored at the start and has no nested repetition, so that no greeting
 * makes it slow. Named groups: `product`, `version`, `extra`, `host`.
 */
import { octetsOf, sayingOf, textOf } from './octets.ts';
import type { Found, Recogniser } from './recogniser.ts';

interface Greeting {
  readonly service: string;
  readonly ports: readonly number[];
  readonly pattern: RegExp;
  /** Where the pattern names no product. */
  readonly product?: string;
  readonly confidence?: Found['confidence'];
}

const GREETINGS: readonly Greeting[] = [
  {
    // RFC 4253 section 4.2: softwareversion, a blank, comments.
    service: 'ssh',
    ports: [22],
    pattern:
      /^SSH-[\d.]{1,5}-(?<product>[A-Za-z][\w.+]*?(?:[-_][A-Za-z][\w.+]*?)*?)(?:[_-]v?(?<version>\d[^ \r\n]{0,60}))?(?: (?<extra>[^\r\n]{1,120}))?(?:\r|\n|$)/,
  },
  {
    service: 'ftp',
    ports: [21],
    pattern: /^220[ -](?:[^\r\n]*?\()?(?<product>vsFTPd) (?<version>[\d.]+)/,
  },
  {
    service: 'ftp',
    ports: [21],
    pattern: /^220[ -][^\r\n]{0,40}?(?<product>ProFTPD) (?<version>\d[\w.]*)?/,
  },
  { service: 'ftp', ports: [21], pattern: /^220[ -][^\r\n]{0,80}?(?<product>Pure-FTPd)/ },
  {
    service: 'ftp',
    ports: [21],
    pattern: /^220[ -](?<product>FileZilla Server)(?: version| )? ?(?<version>\d[\w. ]*)?/,
  },
  { service: 'ftp', ports: [21], pattern: /^220[ -](?<product>Microsoft FTP) Service/ },
  { service: 'ftp', ports: [21], pattern: /^220[ -][^\r\n]{0,120}\bFTP\b/i, confidence: 7 },
  {
    service: 'smtp',
    ports: [25, 465, 587],
    pattern:
      /^220[ -](?<host>\S{1,255}) ESMTP (?<product>Postfix)(?: \((?<extra>[^)\r\n]{1,60})\))?/,
  },
  {
    service: 'smtp',
    ports: [25, 465, 587],
    pattern: /^220[ -](?<host>\S{1,255}) ESMTP (?<product>Exim) (?<version>\d[\w.]*)/,
  },
  {
    service: 'smtp',
    ports: [25, 465, 587],
    pattern: /^220[ -](?<host>\S{1,255}) ESMTP (?<product>Sendmail) (?<version>\d[\w./]*)/,
  },
  {
    service: 'smtp',
    ports: [25, 465, 587],
    pattern: /^220[ -](?<host>\S{1,255}) (?<product>Microsoft ESMTP MAIL Service)/,
  },
  {
    service: 'smtp',
    ports: [25, 465, 587],
    pattern: /^220[ -](?<host>\S{1,255}) (?:[^\r\n]{0,80} )?E?SMTP\b/,
    confidence: 7,
  },
  {
    service: 'pop3',
    ports: [110, 995],
    pattern:
      /^\+OK [^\r\n]{0,40}?(?<product>Dovecot|Cyrus POP3|Courier|Microsoft Exchange)(?:[^\r\n]{0,20}? v?(?<version>\d[\w.-]*))?/,
  },
  { service: 'pop3', ports: [110, 995], pattern: /^\+OK\b[^\r\n]{0,200}\r\n/, confidence: 7 },
  {
    service: 'imap',
    ports: [143, 993],
    pattern:
      /^\* (?:OK|PREAUTH|BYE)[^\r\n]{0,400}?(?<product>Dovecot|Cyrus IMAP|Courier-IMAP|Microsoft Exchange)(?:[^\r\n]{0,20}? v?(?<version>\d[\w.-]*))?/,
  },
  { service: 'imap', ports: [143, 993], pattern: /^\* (?:OK|PREAUTH|BYE)[ \r]/, confidence: 7 },
  {
    service: 'managesieve',
    ports: [4190],
    pattern: /^"IMPLEMENTATION" "(?<product>[^"\r\n]{1,80})"/,
  },
  {
    service: 'nntp',
    ports: [119, 563],
    pattern: /^20[01] [^\r\n]{0,120}?(?:(?<product>INN|InterNetNews|Leafnode)|NNTP|news)/i,
    confidence: 7,
  },
  {
    service: 'vnc',
    ports: [5900, 5901, 5902],
    pattern: /^RFB (?<version>\d{3}\.\d{3})\n/,
  },
  {
    service: 'rsync',
    ports: [873],
    pattern: /^@RSYNCD: (?<version>[\d.]+)[ \n]/,
    product: 'rsync daemon (protocol)',
  },
  {
    service: 'svn',
    ports: [3690],
    pattern: /^\( success \( \d+ \d+ \(/,
    product: 'Subversion',
  },
  {
    service: 'irc',
    ports: [6667, 6697],
    pattern: /^:(?<host>\S{1,255}) NOTICE (?:AUTH|\*|Auth) :(?<product>BitlBee)-IRCd initialized/,
  },
  {
    service: 'irc',
    ports: [6667, 6697],
    pattern: /^(?::(?<host>\S{1,255}) )?NOTICE (?:AUTH|\*|Auth)[^\r\n]{0,200}/,
  },
  {
    service: 'nats',
    ports: [4222],
    pattern: /^INFO \{[^\r\n]{0,400}?"version":"(?<version>[^"]{1,30})"/,
    product: 'NATS',
  },
  {
    service: 'ceph',
    ports: [3300, 6789],
    pattern: /^ceph v(?<version>\d+)/,
    product: 'Ceph messenger (protocol)',
  },
  {
    service: 'teamspeak-query',
    ports: [10011],
    pattern: /^TS3\r?\n/,
    product: 'TeamSpeak 3 ServerQuery',
  },
  {
    service: 'asterisk-manager',
    ports: [5038],
    pattern: /^(?<product>Asterisk Call Manager)\/(?<version>[\d.]+)/,
  },
  {
    service: 'freeswitch-event',
    ports: [8021],
    pattern: /^Content-Type: auth\/request\n/,
    product: 'FreeSWITCH',
  },
  {
    service: 'cvspserver',
    ports: [2401],
    pattern: /^cvs \[(?:server|pserver) aborted\]/,
    product: 'CVS',
  },
  {
    service: 'checkmk-agent',
    ports: [6556],
    pattern: /^<<<check_mk>>>\r?\nVersion: (?<version>[\w.]+)/,
    product: 'Checkmk agent',
  },
  {
    service: 'munin',
    ports: [4949],
    pattern: /^# munin node at (?<host>\S{1,255})/,
    product: 'Munin node',
  },
  {
    // The versions of the program's own commands and of the VCL are asked for after a login only.
    service: 'varnish-cli',
    ports: [6082],
    pattern:
      /^(?:107|200) \d{1,8} {0,7}\n(?:[a-z]{32}\n\nAuthentication required\.|-{20,40}\nVarnish Cache CLI)/,
    product: 'Varnish command line',
  },
  {
    service: 'mpd',
    ports: [6600],
    pattern: /^OK MPD (?<version>\d[\w.~+-]{0,30})\n/,
    product: 'Music Player Daemon (protocol)',
  },
  {
    // Both kinds of negotiation begin so (nbd protocol document).
    service: 'nbd',
    ports: [10809],
    pattern: /^NBDMAGIC/,
    product: 'Network block device',
  },
  {
    service: 'dict',
    ports: [2628],
    pattern: /^220 (?<host>\S{1,255}) (?<product>dictd) (?<version>\d[\w./-]*)/,
  },
  {
    service: 'cups-lpd',
    ports: [515],
    pattern: /^(?:\S{1,255}: )?lpd[^\r\n]{0,40}: [^\r\n]{1,100}/,
    confidence: 7,
  },
  {
    service: 'tarantool',
    ports: [3301],
    pattern: /^(?<product>Tarantool) (?<version>\d[\w.+-]{0,30}) \((?<extra>Binary|Lua console)\)/,
  },
  {
    service: 'hylafax',
    ports: [4559],
    pattern:
      /^220 (?<host>\S{1,255}) server \((?<product>HylaFAX) \(tm\) Version (?<version>\d[\w.]{0,20})\) ready/,
  },
  {
    service: 'nntp',
    ports: [119, 563],
    pattern: /^50\d (?<product>Leafnode)\b/,
    confidence: 7,
  },
  {
    service: 'ganglia',
    ports: [8649, 8651],
    pattern: /^<\?xml [^>]{0,80}\?>\s{0,4}<!DOCTYPE GANGLIA_XML \[/,
    product: 'Ganglia',
  },
  {
    // Whoever reaches it owns the virtual machine.
    service: 'qemu-monitor',
    ports: [4444, 5555],
    pattern:
      /^(?:\xff[\xfb-\xfe][\0-\x31]){0,8}(?<product>QEMU) (?<version>\d[\w.]{0,20}) monitor - type 'help'/,
  },
  {
    service: 'qemu-qmp',
    ports: [4444, 5555],
    pattern: /^\{"QMP": ?\{"version": ?\{"qemu": ?\{/,
    product: 'QEMU machine protocol',
  },
  {
    service: 'gpsd',
    ports: [2947],
    pattern: /^\{"class":"VERSION","release":"(?<version>\d[\w.~-]{0,30})"/,
    product: 'gpsd',
  },
  {
    service: 'openocd',
    ports: [4444],
    pattern: /^(?:\xff[\xfb-\xfe][\0-\x31]){0,8}Open On-Chip Debugger\r?\n/,
    product: 'OpenOCD',
  },
  {
    // RFC 867.
    service: 'daytime',
    ports: [13],
    pattern: /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [^\r\n]{8,60}\r?\n$/,
    confidence: 5,
  },
];

/** One recogniser per greeting, the most exact of a service first. */
export const BANNERS: readonly Recogniser[] = GREETINGS.map((greeting) => ({
  service: greeting.service,
  transport: 'tcp',
  ports: greeting.ports,
  read: (answer) => readGreeting(greeting, answer),
}));

function readGreeting(greeting: Greeting, answer: Uint8Array): Found | undefined {
  const found = greeting.pattern.exec(textOf(answer, 0, Math.min(answer.length, 1024)));
  if (found === null) return undefined;
  const { product, version, extra, host } = found.groups ?? {};
  const what = product ?? greeting.product;
  return {
    name: greeting.service,
    ...(what === undefined ? {} : { product: what }),
    ...(version === undefined ? {} : { version }),
    ...(extra === undefined ? {} : { extra: sayingOf(octetsOf(extra)) }),
    ...(host === undefined ? {} : { details: [{ key: 'host-name', value: host }] }),
    confidence: greeting.confidence ?? 10,
  };
}
