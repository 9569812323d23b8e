/**
 * Database and cache servers that tell their version before any login: MySQL and MariaDB by their
 * greeting, PostgreSQL by its refusal of an impossible protocol version, Redis, memcached,
 * MongoDB, Cassandra, Microsoft SQL Server, Oracle, Kafka, ZooKeeper, Neo4j by a first question of
 * their protocols. Sources are named at each.
 */
import { big, filled, hex, join, little, octetsOf, textOf, viewOf } from './octets.ts';
import { detailsOf, type Found, type Recogniser } from './recogniser.ts';

/** Initial handshake packet, protocol 10 (MySQL internals manual, "Connection Phase Packets"). */
export const MYSQL: Recogniser = {
  service: 'mysql',
  transport: 'tcp',
  ports: [3306, 3307, 33060],
  read: (answer) => {
    if (answer.length < 10) return undefined;
    const length = answer[0]! | (answer[1]! << 8) | (answer[2]! << 16);
    if (answer[3]! > 1 || length + 4 > answer.length + 4096 || length < 5) return undefined;
    // An error packet: the server refuses this host before it greets.
    if (answer[4] === 0xff) {
      const message = textOf(answer, 7, Math.min(answer.length, 4 + length));
      if (!/Host|Too many connections|blocked|MySQL|MariaDB/.test(message)) return undefined;
      const product = message.includes('MariaDB') ? 'MariaDB' : undefined;
      return {
        name: 'mysql',
        ...(product === undefined ? {} : { product }),
        extra: message.replace(/^#\w{5}/, '').slice(0, 160),
        confidence: 10,
      };
    }
    if (answer[4] !== 10) return undefined;
    const end = answer.indexOf(0, 5);
    if (end < 6 || end > 80) return undefined;
    const version = textOf(answer, 5, end);
    if (!/^\d/.test(version)) return undefined;
    return { ...mysqlVersion(version), details: mysqlDetails(answer, end + 1), confidence: 10 };
  },
};

/** MariaDB prefixes `5.5.5-` so that old replicas accept it. */
function mysqlVersion(version: string): Pick<Found, 'name' | 'product' | 'version' | 'extra'> {
  const maria = /^(?:5\.5\.5-)?(\d+\.\d+\.\d+)-MariaDB(?:-(.+))?$/.exec(version);
  if (maria !== null) {
    const extra = maria[2];
    return {
      name: 'mysql',
      product: 'MariaDB',
      version: maria[1] ?? version,
      ...(extra === undefined ? {} : { extra }),
    };
  }
  return { name: 'mysql', product: 'MySQL', version };
}

function mysqlDetails(answer: Uint8Array, at: number): ReturnType<typeof detailsOf> {
  // Thread id 4, scramble 8, filler 1, then capabilities (low half).
  if (answer.length < at + 15) return [];
  const capabilities = answer[at + 13]! | (answer[at + 14]! << 8);
  return detailsOf({ tls: (capabilities & 0x800) === 0 ? 'not offered' : 'offered' });
}

/**
 * A startup message of protocol 255.255, which no server has: the refusal names the versions it
 * does speak (PostgreSQL documentation, "Message Formats").
 */
export const POSTGRESQL: Recogniser = {
  service: 'postgresql',
  transport: 'tcp',
  ports: [5432, 5433, 6432],
  question: { ask: () => hex('00000008 00ff00ff'), order: 12 },
  read: (answer) => {
    // ErrorResponse: 'E', length, fields of a letter and a text, each ended by 0.
    if (answer.length < 12 || answer[0] !== 0x45) return undefined;
    const length = viewOf(answer).getUint32(1);
    if (length > 10_000 || (answer[5] !== 0x53 && length !== 0)) return undefined;
    const text = textOf(answer, 5, Math.min(answer.length, 1 + length));
    const fields = new Map(text.split('\0', 30).map((part) => [part.slice(0, 1), part.slice(1)]));
    if (!/^[0-9A-Z]{5}$/.test(fields.get('C') ?? '')) return undefined;
    const message = fields.get('M') ?? '';
    const speaks = /server supports ([\d. to]+)/.exec(message)?.[1];
    return {
      name: 'postgresql',
      product: /pgbouncer|^bouncer |bad packet header|unsupported pkt header/i.test(message)
        ? 'PgBouncer'
        : 'PostgreSQL',
      details: detailsOf({ protocol: speaks, message: message.slice(0, 160) }),
      confidence: 10,
    };
  },
};

/** RESP errors and bulk strings (Redis protocol specification). */
export const REDIS: Recogniser = {
  service: 'redis',
  transport: 'tcp',
  ports: [6379, 6380, 7000, 26379],
  question: { ask: () => octetsOf('*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n'), order: 5 },
  read: (answer) => {
    const text = textOf(answer, 0, Math.min(answer.length, 4096));
    const version =
      /^[$=]\d+\r\n(?:txt:)?# Server\r\n(?:[^\r\n]*\r\n){0,3}?(?:redis|valkey)_version:([\w.+~-]+)/.exec(
        text,
      );
    if (version !== null) {
      const valkey = /\r\nvalkey_version:([\w.+~-]+)/.exec(text)?.[1];
      return {
        name: 'redis',
        product: valkey === undefined ? 'Redis' : 'Valkey',
        version: valkey ?? version[1] ?? '',
        details: detailsOf({
          authentication: 'not required',
          mode: /\r\nredis_mode:(\w+)/.exec(text)?.[1],
          os: /\r\nos:([^\r\n]{1,100})/.exec(text)?.[1],
        }),
        confidence: 10,
      };
    }
    if (/^-NOAUTH /.test(text)) {
      return {
        name: 'redis',
        product: 'Redis',
        details: [{ key: 'authentication', value: 'required' }],
        confidence: 10,
      };
    }
    if (/^-DENIED Redis is running in protected mode/.test(text)) {
      return { name: 'redis', product: 'Redis', extra: 'protected mode', confidence: 10 };
    }
    if (/^-ERR (?:unknown command|unauthenticated|wrong number of arguments)/.test(text)) {
      return { name: 'redis', confidence: 7 };
    }
    return undefined;
  },
};

/** Text protocol (memcached protocol.txt). */
export const MEMCACHED: Recogniser = {
  service: 'memcached',
  transport: 'tcp',
  ports: [11211],
  question: { ask: () => octetsOf('version\r\n'), order: 13 },
  read: (answer) => {
    const version = /^VERSION ([\w.+-]{1,40})\r\n/.exec(textOf(answer, 0, 80))?.[1];
    return version === undefined
      ? undefined
      : { name: 'memcached', product: 'memcached', version, confidence: 10 };
  },
};

/** `buildInfo` as OP_MSG (MongoDB wire protocol): answered without a login. */
function mongoQuestion(): Uint8Array {
  const command = octetsOf('\x10buildInfo\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0');
  const size = 16 + 4 + 1 + 4 + command.length;
  return join(
    little(4, size),
    little(4, 0x50525456),
    little(4, 0),
    little(4, 2013),
    // No flags, one section of kind 0.
    filled(5),
    little(4, 4 + command.length),
    command,
  );
}

export const MONGODB: Recogniser = {
  service: 'mongodb',
  transport: 'tcp',
  ports: [27017, 27018, 27019],
  question: { ask: mongoQuestion, order: 14 },
  read: (answer) => {
    if (answer.length < 26) return undefined;
    const view = viewOf(answer);
    const code = view.getInt32(12, true);
    if ((code !== 2013 && code !== 1) || view.getInt32(8, true) !== 0x50525456) return undefined;
    // A BSON string element: type 2, name, length, text.
    const at = textOf(answer).indexOf('\x02version\0');
    let version: string | undefined;
    if (at >= 0 && at + 13 < answer.length) {
      const length = view.getInt32(at + 9, true);
      if (length > 1 && length < 60) version = textOf(answer, at + 13, at + 12 + length);
    }
    return {
      name: 'mongodb',
      product: 'MongoDB',
      ...(version === undefined ? {} : { version }),
      confidence: 10,
    };
  },
};

/** An OPTIONS frame of the native protocol, answered by SUPPORTED (CQL binary protocol v4). */
export const CASSANDRA: Recogniser = {
  service: 'cassandra',
  transport: 'tcp',
  ports: [9042],
  question: { ask: () => hex('04 00 0001 05 00000000'), order: 15 },
  read: (answer) => {
    if (answer.length < 9 || (answer[0]! & 0x80) === 0 || (answer[0]! & 0x7f) > 6) return undefined;
    const opcode = answer[4]!;
    const length = viewOf(answer).getUint32(5);
    if ((opcode !== 6 && opcode !== 0) || length > 65_536) return undefined;
    const text = textOf(answer, 9, Math.min(answer.length, 9 + length));
    const cql = /CQL_VERSION[\s\S]{4}([\d.]{1,12})/.exec(text)?.[1];
    if (opcode === 6 && cql === undefined) return undefined;
    if (opcode === 0 && !/protocol/i.test(text)) return undefined;
    return {
      name: 'cassandra',
      product: 'Apache Cassandra',
      details: detailsOf({ cql }),
      confidence: 10,
    };
  },
};

/** Editions by the major and minor version of the pre-login answer. */
const SQL_SERVER: Readonly<Record<string, string>> = {
  '8.0': '2000',
  '9.0': '2005',
  '10.0': '2008',
  '10.50': '2008 R2',
  '11.0': '2012',
  '12.0': '2014',
  '13.0': '2016',
  '14.0': '2017',
  '15.0': '2019',
  '16.0': '2022',
  '17.0': '2025',
};

/** PRELOGIN ([MS-TDS] section 2.2.6.5): version and encryption options, ended by 0xFF. */
export const MSSQL: Recogniser = {
  service: 'ms-sql',
  transport: 'tcp',
  ports: [1433, 1434, 2433],
  question: {
    ask: () => hex('12 01 001a 0000 00 00  00 000b 0006  01 0011 0001  ff  00000000 0000  02'),
    order: 16,
  },
  read: (answer) => {
    if (answer.length < 20 || answer[0] !== 4 || answer[1]! > 1) return undefined;
    const view = viewOf(answer);
    const size = view.getUint16(2);
    if (size < 20 || answer[8] !== 0) return undefined;
    const at = 8 + view.getUint16(9);
    if (view.getUint16(11) !== 6 || at + 6 > answer.length) return undefined;
    const short = `${answer[at]}.${answer[at + 1]}`;
    const version = `${short}.${view.getUint16(at + 2)}`;
    const edition = SQL_SERVER[short];
    const encryption = answer[13] === 1 ? answer[8 + view.getUint16(14)] : undefined;
    return {
      name: 'ms-sql',
      product: `Microsoft SQL Server${edition === undefined ? '' : ` ${edition}`}`,
      version,
      details: detailsOf({
        encryption:
          encryption === undefined
            ? undefined
            : ['off', 'on', 'not supported', 'required'][encryption],
      }),
      confidence: 10,
    };
  },
};

/** A CONNECT packet that asks the listener for its version; refused or accepted, it answers. */
function oracleQuestion(): Uint8Array {
  const text = octetsOf('(CONNECT_DATA=(COMMAND=version))');
  return join(
    big(2, 58 + text.length),
    hex('0000 0100 0000 0136 012c 0000 0800 7fff 7f08 0000 0001'),
    big(2, text.length),
    big(2, 58),
    filled(30),
    text,
  );
}

export const ORACLE: Recogniser = {
  service: 'oracle',
  transport: 'tcp',
  ports: [1521, 1522, 1526],
  question: { ask: oracleQuestion },
  read: (answer) => {
    if (answer.length < 10 || viewOf(answer).getUint16(0) > answer.length + 8192) return undefined;
    const kind = answer[4]!;
    // Accept 2, refuse 4, redirect 5, data 6, resend 11.
    if (answer[2] !== 0 || answer[3] !== 0 || ![2, 4, 5, 6, 11].includes(kind)) return undefined;
    const text = textOf(answer, 8, Math.min(answer.length, 2048));
    const number = /VSNNUM=(\d{5,10})/.exec(text)?.[1];
    const banner = /TNSLSNR for [^:]{1,60}: Version ([\d.]+)/.exec(text)?.[1];
    if (number === undefined && banner === undefined && !/\((?:DESCRIPTION|ERR)=/.test(text)) {
      return undefined;
    }
    const version = banner ?? (number === undefined ? undefined : oracleVersion(Number(number)));
    return {
      name: 'oracle',
      product: 'Oracle TNS listener',
      ...(version === undefined ? {} : { version }),
      confidence: 10,
    };
  },
};

/** Digits of the version, packed 8.4.8.4.8 bits. */
function oracleVersion(packed: number): string {
  return [
    packed >>> 24,
    (packed >>> 20) & 15,
    (packed >>> 12) & 255,
    (packed >>> 8) & 15,
    packed & 255,
  ].join('.');
}

/** ApiVersions request, version 0 (Kafka protocol guide): answered before authentication. */
export const KAFKA: Recogniser = {
  service: 'kafka',
  transport: 'tcp',
  ports: [9092, 9094],
  question: { ask: () => hex('0000000a 0012 0000 50525456 0000'), order: 17 },
  read: (answer) => {
    if (answer.length < 14) return undefined;
    const view = viewOf(answer);
    if (view.getUint32(4) !== 0x50525456 || view.getInt16(8) !== 0) return undefined;
    const count = view.getInt32(10);
    if (count <= 0 || count > 200 || view.getUint32(0) < 10 + 6 * count) return undefined;
    return { name: 'kafka', product: 'Apache Kafka', confidence: 10 };
  },
};

/** Four-letter words (ZooKeeper administrator's guide). */
export const ZOOKEEPER: Recogniser = {
  service: 'zookeeper',
  transport: 'tcp',
  ports: [2181],
  question: { ask: () => octetsOf('srvr'), order: 18 },
  read: (answer) => {
    const text = textOf(answer, 0, 300);
    const version = /^Zookeeper version: ([\d.]+)/.exec(text)?.[1];
    if (version === undefined && !/^srvr is not executed because/.test(text)) return undefined;
    return {
      name: 'zookeeper',
      product: 'Apache ZooKeeper',
      ...(version === undefined ? {} : { version }),
      confidence: 10,
    };
  },
};

/** Bolt handshake: magic, four proposed versions; the answer is the chosen one. */
export const NEO4J: Recogniser = {
  service: 'neo4j',
  transport: 'tcp',
  ports: [7687],
  question: { ask: () => hex('6060b017 00000105 00000004 00000003 00000001') },
  read: (answer) => {
    if (answer.length !== 4 || answer[0] !== 0 || answer[1] !== 0) return undefined;
    if (answer[3]! === 0 || answer[3]! > 9) return undefined;
    return {
      name: 'neo4j',
      product: 'Neo4j',
      extra: `Bolt ${answer[3]}.${answer[2]}`,
      confidence: 5,
    };
  },
};
