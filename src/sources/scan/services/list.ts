/** Every recogniser, in the order in which answers are held against them. */

import { BANNERS } from './banners.ts';
import { DAEMONS, inquirePrometheus } from './daemons.ts';
import {
  CASSANDRA,
  KAFKA,
  MEMCACHED,
  MONGODB,
  MSSQL,
  MYSQL,
  NEO4J,
  ORACLE,
  POSTGRESQL,
  REDIS,
  ZOOKEEPER,
} from './databases.ts';
import { STUN_TCP } from './datagram-tunnels.ts';
import { DATAGRAMS } from './datagrams.ts';
import { inquireImap, inquirePop3, inquireSmtp, inquireVnc } from './greetings.ts';
import { HTTP, HTTP2, RTSP } from './http.ts';
import { INSTRUMENTS } from './instruments.ts';
import { OTHERS } from './others.ts';
import type { Inquiry, Recogniser } from './recogniser.ts';
import { inquireSsh } from './ssh.ts';
import { KERBEROS, LDAP, MSRPC, RDP, SMB } from './windows.ts';

export const STREAMS: readonly Recogniser[] = [
  ...BANNERS,
  MYSQL,
  HTTP,
  RTSP,
  SMB,
  RDP,
  MSRPC,
  LDAP,
  KERBEROS,
  REDIS,
  MEMCACHED,
  MONGODB,
  POSTGRESQL,
  MSSQL,
  ORACLE,
  CASSANDRA,
  KAFKA,
  ZOOKEEPER,
  ...OTHERS,
  ...DAEMONS,
  ...INSTRUMENTS,
  STUN_TCP,
  NEO4J,
  HTTP2,
];

export const QUERIES: readonly Recogniser[] = DATAGRAMS;

/** Further exchanges by the name of what was found. */
export const INQUIRIES: Readonly<Record<string, Inquiry>> = {
  ssh: inquireSsh,
  smtp: inquireSmtp,
  imap: inquireImap,
  pop3: inquirePop3,
  vnc: inquireVnc,
  prometheus: inquirePrometheus,
  ...Object.fromEntries(
    STREAMS.flatMap(({ service, inquire }) => (inquire === undefined ? [] : [[service, inquire]])),
  ),
};

/** Ports on which TLS is spoken from the first octet. */
export const TLS_PORTS: ReadonlySet<number> = new Set([
  261, 443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 2376, 3269, 4433, 5061, 5223, 5349,
  5671, 5986, 6443, 6697, 8443, 8883, 9443, 10250, 27018, 61614, 64738,
]);
