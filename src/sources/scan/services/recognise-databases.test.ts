/** What databases and message brokers answer. */
import { describe } from 'vitest';
import { type Answer, testAnswers } from '../../../../test/builders/service-answers.ts';
import { STREAMS } from './list.ts';
import { hex, join, octetsOf } from './octets.ts';

const http = (head: string, body = ''): Uint8Array => octetsOf(`HTTP/1.1 ${head}\r\n\r\n${body}`);

const ANSWERS: readonly Answer[] = [
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
    'Elasticsearch',
    9200,
    http(
      '200 OK\r\ncontent-type: application/json',
      '{"name":"n","version":{"number":"8.11.1"},"tagline" : "You Know, for Search"}',
    ),
    { name: 'elasticsearch', product: 'Elasticsearch', version: '8.11.1' },
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
];

describe('answers of databases and brokers', () => testAnswers(STREAMS, ANSWERS));
