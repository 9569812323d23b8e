import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recognise } from './identify.ts';
import { QUERIES, STREAMS } from './list.ts';
import { filled, hex, join, octetsOf } from './octets.ts';

type Expected = Readonly<{ name: string; product?: string; version?: string; extra?: string }>;

const http = (head: string, body = ''): Uint8Array => octetsOf(`HTTP/1.1 ${head}\r\n\r\n${body}`);

/** Answers as servers give them; further fields of what is found must be absent. */
const STREAM_ANSWERS: readonly (readonly [string, number, Uint8Array, Expected])[] = [
  [
    'a Varnish command line',
    6082,
    octetsOf(`107 59      \n${'abcdefgh'.repeat(4)}\n\nAuthentication required.\n\n`),
    { name: 'varnish-cli', product: 'Varnish command line' },
  ],
  [
    'Music Player Daemon, on another port',
    6601,
    octetsOf('OK MPD 0.23.5\n'),
    { name: 'mpd', product: 'Music Player Daemon (protocol)', version: '0.23.5' },
  ],
  [
    'a block device',
    10809,
    octetsOf('NBDMAGICIHAVEOPT\0\x03'),
    { name: 'nbd', product: 'Network block device' },
  ],
  [
    'BitlBee',
    6667,
    octetsOf(':lab.test NOTICE * :BitlBee-IRCd initialized, please go on\r\n'),
    { name: 'irc', product: 'BitlBee' },
  ],
  [
    'an IRC server that waits to be spoken to',
    6667,
    octetsOf(':irc.lab.test 451 * :Connection not registered\r\n'),
    { name: 'irc' },
  ],
  ['Ident', 113, octetsOf('1,1:ERROR:NO-USER\r\n'), { name: 'ident' }],
  [
    'NRPE',
    5666,
    join(hex('0002 0002 718f6265 0000'), octetsOf('NRPE v4.1.0'), filled(1015)),
    { name: 'nrpe', product: 'Nagios NRPE', version: '4.1.0' },
  ],
  ['SANE', 6566, hex('00000000 01010003'), { name: 'sane', product: 'SANE network scanner' }],
  [
    'an iSCSI target that misses a name',
    3260,
    join(hex('23000000 00000000 00000000 00000000 70727472'), filled(16), hex('0207'), filled(10)),
    { name: 'iscsi', product: 'iSCSI target' },
  ],
  [
    'a one-wire server',
    4304,
    hex('00000000 00000000 00000000 0000010a 00000000 00000000'),
    { name: 'owserver', product: 'One-wire server' },
  ],
  [
    'Snapcast',
    1705,
    octetsOf('{"id":1,"jsonrpc":"2.0","result":{"major":2,"minor":0,"patch":0}}\r\n'),
    { name: 'snapcast', product: 'Snapcast control' },
  ],
  [
    'LIRC',
    8765,
    octetsOf('BEGIN\nVERSION\nSUCCESS\nDATA\n1\n0.10.1\nEND\n'),
    { name: 'lirc', product: 'LIRC', version: '0.10.1' },
  ],
  [
    'LCDproc',
    13_666,
    octetsOf('connect LCDproc 0.5.9 protocol 0.3 lcd wid 20 hgt 4 cellwid 5 cellhgt 8\n'),
    { name: 'lcdproc', product: 'LCDproc', version: '0.5.9' },
  ],
  [
    'apcupsd',
    3551,
    octetsOf(
      '\0\x18APC      : 001,018,0438\n\0\x0eHOSTNAME : vm\n\0(VERSION  : 3.14.14 (31 May 2016) debian\n',
    ),
    { name: 'apcupsd', product: 'apcupsd', version: '3.14.14' },
  ],
  [
    'Network UPS Tools',
    3493,
    octetsOf('Network UPS Tools upsd 2.8.0 - https://www.networkupstools.org/\n'),
    { name: 'nut', product: 'Network UPS Tools upsd', version: '2.8.0' },
  ],
  [
    'INDI',
    7624,
    octetsOf('<defSwitchVector device="Telescope Simulator" name="CONNECTION">\n'),
    { name: 'indi', product: 'INDI' },
  ],
  ['rigctld', 20_026, octetsOf('RPRT -1\n'), { name: 'hamlib', product: 'Hamlib' }],
  [
    'an Erlang node',
    25_672,
    join(
      hex('0003 736f6b 001e 4e 0000000d07df7fbd cde6bb2a 6b03fa7b 000b'),
      octetsOf('n@10.66.0.1'),
    ),
    { name: 'erlang', product: 'Erlang node' },
  ],
  [
    'ClamAV',
    3310,
    octetsOf('ClamAV 1.4.6\0'),
    { name: 'clamd', product: 'ClamAV', version: '1.4.6' },
  ],
  [
    'SpamAssassin',
    783,
    octetsOf('SPAMD/1.5 0 PONG\r\n'),
    { name: 'spamd', product: 'SpamAssassin' },
  ],
  [
    'a mail filter',
    8891,
    hex('0000000d 4f 00000006 00000111 00100702'),
    { name: 'milter', product: 'Mail filter' },
  ],
  ['Firebird', 3050, hex('00000004'), { name: 'firebird', product: 'Firebird' }],
  [
    'Mumble',
    64_738,
    join(hex('0000 00000032 08 848604 12 07'), octetsOf('1.3.4-4'), hex('1a 03 583131')),
    { name: 'mumble', product: 'Mumble server', version: '1.3.4-4' },
  ],
  [
    'Tarantool',
    3301,
    octetsOf('Tarantool 2.6.0 (Binary) eb88fc8f-4459-4e69-8df1-3b94b6d42a66  \n'),
    { name: 'tarantool', product: 'Tarantool', version: '2.6.0', extra: 'Binary' },
  ],
  [
    'HylaFAX',
    4559,
    octetsOf('220 vm server (HylaFAX (tm) Version 6.0.7) ready.\r\n'),
    { name: 'hylafax', product: 'HylaFAX', version: '6.0.7' },
  ],
  [
    'Ganglia',
    8649,
    octetsOf('<?xml version="1.0" standalone="yes"?>\n<!DOCTYPE GANGLIA_XML [\n'),
    { name: 'ganglia', product: 'Ganglia' },
  ],
  [
    'the monitor of a virtual machine, over Telnet',
    5555,
    octetsOf("\xff\xfb\x01\xff\xfb\x03QEMU 7.2.22 monitor - type 'help' for more information\r\n"),
    { name: 'qemu-monitor', product: 'QEMU', version: '7.2.22' },
  ],
  [
    'the same for programs',
    4444,
    octetsOf('{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}'),
    { name: 'qemu-qmp', product: 'QEMU machine protocol' },
  ],
  [
    'gpsd',
    2947,
    octetsOf('{"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3}\r\n'),
    { name: 'gpsd', product: 'gpsd', version: '3.22' },
  ],
  [
    'OpenOCD',
    4444,
    octetsOf('\xff\xfb\x03\xff\xfe\x01Open On-Chip Debugger\r\n\r> '),
    { name: 'openocd', product: 'OpenOCD' },
  ],
  [
    'Leafnode that is set up wrongly',
    119,
    octetsOf('503 Leafnode must have a unique fully-qualified domain name.\r\n'),
    { name: 'nntp', product: 'Leafnode' },
  ],
  [
    'another program of ONC RPC than the portmapper',
    24_007,
    hex('80000018 70727476 00000001 00000000 00000000 00000000 00000001'),
    { name: 'onc-rpc', product: 'ONC RPC' },
  ],
  [
    "Erlang's port mapper",
    4369,
    join(hex('00001111'), octetsOf('name r at port 25672\n')),
    { name: 'epmd', product: 'Erlang port mapper' },
  ],
  [
    'a control port of Tor',
    9051,
    octetsOf(
      '250-PROTOCOLINFO 1\r\n250-AUTH METHODS=COOKIE\r\n250-VERSION Tor="0.4.9.1"\r\n250 OK\r\n',
    ),
    { name: 'tor', product: 'Tor control port', version: '0.4.9.1' },
  ],
  [
    'etcd',
    2379,
    http('200 OK', '{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}'),
    { name: 'etcd', product: 'etcd', version: '3.4.23' },
  ],
  [
    'Prometheus',
    9090,
    http('302 Found\r\nLocation: /classic/graph', '<a href="/classic/graph">Found</a>.\n\n'),
    { name: 'prometheus', product: 'Prometheus' },
  ],
  [
    'Gearman of Debian',
    4730,
    octetsOf('OK 1.1.20+ds\n'),
    { name: 'gearman', product: 'Gearman', version: '1.1.20+ds' },
  ],
  [
    'PgBouncer',
    6432,
    join(hex('45 00000029'), octetsOf('SFATAL\0C08P01\0Mbouncer config error\0\0')),
    { name: 'postgresql', product: 'PgBouncer' },
  ],
  [
    'PgBouncer, asked for versions',
    6432,
    join(
      hex('45 0000003a'),
      octetsOf("SFATAL\0C08P01\0Mbad packet header: '0000000800ff00ff'\0\0"),
    ),
    { name: 'postgresql', product: 'PgBouncer' },
  ],
  [
    'STUN over TCP',
    3478,
    join(hex('0101 0010 2112a442 706f72747265657665000000 8022 000c'), octetsOf('Coturn-4.6.1')),
    { name: 'stun', product: 'Coturn-4.6.1' },
  ],
  [
    'MiniDLNA',
    8200,
    http('200 OK\r\nServer: Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0'),
    {
      name: 'upnp',
      product: 'MiniDLNA',
      version: '1.3.0',
      extra: 'Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0',
    },
  ],
  [
    'Icecast, its version behind a blank',
    8000,
    http('404 File Not Found\r\nServer: Icecast 2.4.4'),
    { name: 'http', product: 'Icecast', version: '2.4.4' },
  ],
  [
    'Squid',
    3128,
    http('403 Forbidden\r\nServer: squid/5.7'),
    { name: 'http-proxy', product: 'squid', version: '5.7' },
  ],
  [
    'Tomcat',
    8080,
    http('404 \r\n', '<html><title>x</title><h3>Apache Tomcat/10.1.6 (Debian)</h3></html>'),
    { name: 'tomcat', product: 'Apache Tomcat', version: '10.1.6' },
  ],
  [
    'OpenSSH of Debian',
    22,
    octetsOf('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n'),
    { name: 'ssh', product: 'OpenSSH', version: '9.2p1', extra: 'Debian-2+deb12u3' },
  ],
  [
    'Dropbear',
    22,
    octetsOf('SSH-2.0-dropbear_2022.83\r\n'),
    { name: 'ssh', product: 'dropbear', version: '2022.83' },
  ],
  [
    'OpenSSH of Windows',
    22,
    octetsOf('SSH-2.0-OpenSSH_for_Windows_8.1\r\n'),
    { name: 'ssh', product: 'OpenSSH_for_Windows', version: '8.1' },
  ],
  [
    'an SSH server without a version',
    22,
    octetsOf('SSH-2.0-Go\r\n'),
    { name: 'ssh', product: 'Go' },
  ],
  [
    'Cisco SSH',
    22,
    octetsOf('SSH-2.0-Cisco-1.25\n'),
    { name: 'ssh', product: 'Cisco', version: '1.25' },
  ],
  [
    'ProFTPD',
    21,
    octetsOf('220 ProFTPD 1.3.8 Server (Debian) [::ffff:192.0.2.1]\r\n'),
    { name: 'ftp', product: 'ProFTPD', version: '1.3.8' },
  ],
  [
    'Microsoft FTP',
    21,
    octetsOf('220 Microsoft FTP Service\r\n'),
    { name: 'ftp', product: 'Microsoft FTP' },
  ],
  ['FTP of unknown make', 21, octetsOf('220 Welcome to the FTP server.\r\n'), { name: 'ftp' }],
  [
    'Postfix',
    25,
    octetsOf('220 mail.example.org ESMTP Postfix (Debian/GNU)\r\n'),
    { name: 'smtp', product: 'Postfix', extra: 'Debian/GNU' },
  ],
  [
    'Exchange',
    25,
    octetsOf('220 mx.example.org Microsoft ESMTP MAIL Service ready at Mon, 2 Mar 2026\r\n'),
    { name: 'smtp', product: 'Microsoft ESMTP MAIL Service' },
  ],
  ['mail of unknown make', 587, octetsOf('220 mx.example.org ESMTP\r\n'), { name: 'smtp' }],
  ['POP3', 110, octetsOf('+OK ready\r\n'), { name: 'pop3' }],
  ['IMAP', 143, octetsOf('* OK [CAPABILITY IMAP4rev1] ready\r\n'), { name: 'imap' }],
  ['RFB', 5900, octetsOf('RFB 003.008\n'), { name: 'vnc', version: '003.008' }],
  [
    'nginx',
    80,
    http('200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: text/html'),
    { name: 'http', product: 'nginx', version: '1.22.1' },
  ],
  [
    'Apache with its modules',
    80,
    http('403 Forbidden\r\nServer: Apache/2.4.57 (Debian) OpenSSL/3.0.11'),
    { name: 'http', product: 'Apache', version: '2.4.57', extra: '(Debian) OpenSSL/3.0.11' },
  ],
  [
    'a web server that speaks UTF-8',
    80,
    http('200 OK\r\nServer: Caf\u00c3\u00a9/1.0'),
    { name: 'http', product: 'Café', version: '1.0' },
  ],
  [
    'a web server that speaks Latin-1',
    80,
    http('200 OK\r\nServer: Caf\u00e9/1.0'),
    { name: 'http', product: 'Café', version: '1.0' },
  ],
  ['a web server that hides', 8080, http('404 Not Found'), { name: 'http' }],
  [
    'Elasticsearch',
    9200,
    http(
      '200 OK\r\ncontent-type: application/json',
      '{"name":"n","version":{"number":"8.11.1"},"tagline" : "You Know, for Search"}',
    ),
    { name: 'elasticsearch', product: 'Elasticsearch', version: '8.11.1' },
  ],
  [
    'CUPS',
    631,
    http('200 OK\r\nServer: CUPS/2.4 IPP/2.1'),
    { name: 'ipp', product: 'CUPS', version: '2.4', extra: 'CUPS/2.4 IPP/2.1' },
  ],
  [
    'Docker without TLS',
    2375,
    http('404 Not Found\r\nServer: Docker/24.0.7 (linux)', '{"message":"page not found"}'),
    {
      name: 'docker-api',
      product: 'Docker Engine API',
      version: '24.0.7',
      extra: 'Docker/24.0.7 (linux)',
    },
  ],
  [
    'MySQL',
    3306,
    join(
      hex('4a000000 0a'),
      octetsOf('8.0.36\0'),
      hex('08000000 0102030405060708 00 ffff ff 0200 ffdf 15'),
      new Uint8Array(40),
    ),
    { name: 'mysql', product: 'MySQL', version: '8.0.36' },
  ],
  [
    'MariaDB behind its prefix',
    3306,
    join(
      hex('5a000000 0a'),
      octetsOf('5.5.5-10.11.6-MariaDB-0+deb12u1\0'),
      hex('08000000 0102030405060708 00 fef7 08'),
      new Uint8Array(60),
    ),
    { name: 'mysql', product: 'MariaDB', version: '10.11.6', extra: '0+deb12u1' },
  ],
  [
    'MySQL that refuses the host',
    3306,
    join(
      hex('45000000 ff 6a04'),
      octetsOf("Host '192.0.2.7' is not allowed to connect to this MySQL server"),
    ),
    { name: 'mysql', extra: "Host '192.0.2.7' is not allowed to connect to this MySQL server" },
  ],
  [
    'SQL Server 2019',
    1433,
    hex(
      '0401 002b 0000 0100 00 001a 0006 01 0020 0001 02 0021 0001 03 0022 0000 04 0022 0001 ff 0f00 07d0 0000 02 00 00',
    ),
    { name: 'ms-sql', product: 'Microsoft SQL Server 2019', version: '15.0.2000' },
  ],
  [
    'PostgreSQL',
    5432,
    join(
      hex('45 00000060'),
      octetsOf(
        'SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol 255.255: server supports 3.0 to 3.0\0Fx.c\0\0',
      ),
    ),
    { name: 'postgresql', product: 'PostgreSQL' },
  ],
  [
    'Redis with a password',
    6379,
    octetsOf('-NOAUTH Authentication required.\r\n'),
    { name: 'redis', product: 'Redis' },
  ],
  [
    'memcached',
    11211,
    octetsOf('VERSION 1.6.18\r\n'),
    { name: 'memcached', product: 'memcached', version: '1.6.18' },
  ],
  [
    'MongoDB',
    27017,
    join(
      hex('40000000 01000000 56545250 dd070000 00000000 00 2b000000'),
      octetsOf('\x02version\0\x06\0\0\x007.0.4\0\x01ok\0\0\0\0\0\0\0\xf0\x3f\0'),
    ),
    { name: 'mongodb', product: 'MongoDB', version: '7.0.4' },
  ],
  [
    'Cassandra',
    9042,
    join(
      hex('84 00 0001 06 00000020 0001 000b'),
      octetsOf('CQL_VERSION'),
      hex('0001 0005'),
      octetsOf('3.4.6'),
    ),
    { name: 'cassandra', product: 'Apache Cassandra' },
  ],
  [
    'Oracle',
    1521,
    join(
      hex('0051 0000 04 00 0000 22 00 0045'),
      octetsOf('(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=1189))'),
    ),
    { name: 'oracle', product: 'Oracle TNS listener', version: '19.0.0.0.0' },
  ],
  [
    'Kafka',
    9092,
    hex('00000010 50525456 0000 00000001 0000 0000 0009'),
    { name: 'kafka', product: 'Apache Kafka' },
  ],
  [
    'ZooKeeper that allows no question',
    2181,
    octetsOf('srvr is not executed because it is not in the whitelist.\n'),
    { name: 'zookeeper', product: 'Apache ZooKeeper' },
  ],
  [
    'RDP with NLA',
    3389,
    hex('03000013 0ed000001234 00 021f0800 02000000'),
    { name: 'rdp', product: 'Remote Desktop' },
  ],
  [
    'SMB 1',
    445,
    hex('00000054 ff534d42 72 00000000 98 0128'),
    { name: 'smb', extra: 'SMB 1 only' },
  ],
  [
    'RabbitMQ',
    5672,
    join(
      hex('01 0000 00000040 000a 000a 00 09 00000030'),
      octetsOf('\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x063.12.1'),
      hex('ce'),
    ),
    { name: 'amqp', product: 'RabbitMQ', version: '3.12.1' },
  ],
  ['an MQTT broker that wants a login', 1883, hex('20020005'), { name: 'mqtt' }],
  ['a SOCKS proxy', 1080, hex('0500'), { name: 'socks5' }],
  ['Telnet', 23, hex('fffd18 fffd20 fffb01 6c6f67696e3a20'), { name: 'telnet', extra: 'login:' }],
  [
    'BGP that closes at once',
    179,
    join(new Uint8Array(16).fill(255), hex('0015 03 06 05')),
    { name: 'bgp' },
  ],
  [
    'an open Android debugger',
    5555,
    octetsOf('CNXN\0\0\0\x01'),
    { name: 'adb', product: 'Android Debug Bridge' },
  ],
  ['a Java debugger', 8000, octetsOf('JDWP-Handshake'), { name: 'jdwp', product: 'Java debugger' }],
  ['AJP', 8009, octetsOf('AB\0\x01\x09'), { name: 'ajp' }],
  [
    'HTTP/2',
    50051,
    hex('00000c 04 00 00000000 000300000080 000400010000'),
    { name: 'http2', extra: 'prior knowledge' },
  ],
];

const DATAGRAM_ANSWERS: readonly (readonly [string, number, Uint8Array, Expected])[] = [
  [
    'BIND',
    53,
    join(
      hex('7072 8500 0001 0001 0000 0000 07'),
      octetsOf('version\x04bind\0'),
      hex('0010 0003 c00c 0010 0003 00000000 000a 09'),
      octetsOf('9.18.24-1'),
    ),
    { name: 'domain', product: 'BIND', version: '9.18.24-1' },
  ],
  ['a name server that refuses', 53, hex('7072 8185 0001 0000 0000 0000 00'), { name: 'domain' }],
  [
    'SQL Server Browser',
    1434,
    join(
      hex('05 5500'),
      octetsOf(
        'ServerName;SQL1;InstanceName;MSSQLSERVER;IsClustered;No;Version;15.0.2000.5;tcp;1433;;',
      ),
    ),
    {
      name: 'ms-sql-browser',
      product: 'Microsoft SQL Server Browser',
      version: '15.0.2000.5',
    },
  ],
  [
    'a UPnP router',
    1900,
    octetsOf(
      'HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nSERVER: Linux/4.4 UPnP/1.1 MiniUPnPd/2.1\r\n\r\n',
    ),
    { name: 'ssdp', product: 'Linux/4.4 UPnP/1.1 MiniUPnPd/2.1' },
  ],
  [
    'QUIC',
    443,
    hex('80 00000000 08 7072747265657665 08 7072747265657665 00000001 6b3343cf'),
    { name: 'quic' },
  ],
  [
    'IKEv2',
    500,
    join(
      octetsOf('prtreeve'),
      hex('0102030405060708 21 20 22 20 00000000 00000024'),
      new Uint8Array(8),
    ),
    {
      name: 'ike',
      extra: 'version 2',
    },
  ],
  ['TFTP', 69, octetsOf('\0\x05\0\x01File not found\0'), { name: 'tftp' }],
  [
    'an OpenVPN server',
    1194,
    hex('40 0102030405060708 01 00000000 7072747265657665 00000000'),
    { name: 'openvpn', product: 'OpenVPN' },
  ],
  [
    'IPMI',
    623,
    hex('0600ff07 00 00000000 00000000 10 8118 63 2000 38 00 01 80 04 03 00 00'),
    { name: 'ipmi', product: 'IPMI over LAN' },
  ],
];

describe('answers of streams', () => {
  it.each(STREAM_ANSWERS)('%s (port %i)', (_, port, answer, expected) => {
    const {
      details: _details,
      confidence: _confidence,
      ...found
    } = recognise(STREAMS, answer, port) ?? {};
    expect(found).toEqual(expected);
  });

  it.each(STREAM_ANSWERS)(
    '%s (port %i) is read at every length without a fault',
    (_, port, answer) => {
      for (let length = 0; length <= answer.length; length++) {
        expect(() => recognise(STREAMS, answer.slice(0, length), port)).not.toThrow();
      }
    },
  );

  it.each(STREAM_ANSWERS)('%s is known on another port too', (_, __, answer, expected) => {
    expect(recognise(STREAMS, answer, 31_337)?.name).toBe(expected.name);
  });
});

describe('answers of datagrams', () => {
  it.each(DATAGRAM_ANSWERS)('%s (port %i)', (_, port, answer, expected) => {
    const {
      details: _details,
      confidence: _confidence,
      ...found
    } = recognise(QUERIES, answer, port) ?? {};
    expect(found).toEqual(expected);
    for (let length = 0; length < answer.length; length++) {
      expect(() => recognise(QUERIES, answer.slice(0, length), port)).not.toThrow();
    }
  });
});

describe('every recogniser', () => {
  it('knows nothing in an empty answer, and reads any octets without a fault', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 600 }),
        fc.integer({ min: 1, max: 65_535 }),
        (octets, port) => {
          recognise(STREAMS, octets, port);
          recognise(QUERIES, octets, port);
        },
      ),
      { numRuns: 3000 },
    );
    expect(recognise(STREAMS, new Uint8Array(0), 80)).toBeUndefined();
  });

  it('takes random octets for nothing', () => {
    // A linear congruential generator: the same octets in every run.
    let state = 42;
    const taken: string[] = [];
    for (let run = 0; run < 6000; run++) {
      const octets = Uint8Array.from({ length: 64 }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
        return state >>> 24;
      });
      const found = recognise(STREAMS, octets, 31_337) ?? recognise(QUERIES, octets, 31_337);
      if (found !== undefined && found.confidence > 5) taken.push(found.name);
    }
    expect(taken).toEqual([]);
  });

  it.each(STREAMS.map((recogniser) => [recogniser.service, recogniser] as const))(
    '%s has ports',
    (_, { ports }) => {
      expect(ports.length).toBeGreaterThan(0);
    },
  );

  it('covers at least 60 services', () => {
    expect(
      new Set([...STREAMS, ...QUERIES].map(({ service }) => service)).size,
    ).toBeGreaterThanOrEqual(60);
  });
});
