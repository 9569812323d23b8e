/** What devices, monitors, media servers and helpers of other programs answer. */
import { describe } from 'vitest';
import { type Answer, testAnswers } from '../../../../test/builders/service-answers.ts';
import { STREAMS } from './list.ts';
import { filled, hex, join, octetsOf } from './octets.ts';

const http = (head: string, body = ''): Uint8Array => octetsOf(`HTTP/1.1 ${head}\r\n\r\n${body}`);

const ANSWERS: readonly Answer[] = [
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
];

describe('answers of daemons and devices', () => testAnswers(STREAMS, ANSWERS));
