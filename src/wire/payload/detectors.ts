/**
 * All protocols that can be told from payloads. An import and an entry per protocol; where two
 * would take the same octets the one named first is asked first.
 */
import { AMQP } from './amqp.ts';
import { BGP } from './bgp.ts';
import { CASSANDRA } from './cassandra.ts';
import { DCE_RPC } from './dce-rpc.ts';
import { ELASTICSEARCH } from './elasticsearch.ts';
import { FTP } from './ftp.ts';
import { GIT } from './git.ts';
import { HTTP } from './http.ts';
import { HTTP2 } from './http2.ts';
import { IMAP } from './imap.ts';
import { IRC } from './irc.ts';
import { KAFKA } from './kafka.ts';
import { KERBEROS } from './kerberos.ts';
import { LDAP } from './ldap.ts';
import { MEMCACHED } from './memcached.ts';
import { MONGODB } from './mongodb.ts';
import { MQTT } from './mqtt.ts';
import { MS_SQL } from './ms-sql.ts';
import { MYSQL } from './mysql.ts';
import { NETBIOS_SESSION } from './netbios-session.ts';
import { ORACLE_TNS } from './oracle-tns.ts';
import type { Detector } from './payload.ts';
import { POP3 } from './pop3.ts';
import { POSTGRESQL } from './postgresql.ts';
import { RDP } from './rdp.ts';
import { REDIS } from './redis.ts';
import { RSYNC } from './rsync.ts';
import { SMB } from './smb.ts';
import { SMTP } from './smtp.ts';
import { SSH } from './ssh.ts';
import { TELNET } from './telnet.ts';
import { TLS } from './tls.ts';
import { VNC } from './vnc.ts';
import { X11 } from './x11.ts';
import { XMPP } from './xmpp.ts';

export const DETECTORS: readonly Detector[] = [
  TLS,
  ELASTICSEARCH,
  HTTP,
  HTTP2,
  SSH,
  SMB,
  NETBIOS_SESSION,
  DCE_RPC,
  KERBEROS,
  LDAP,
  RDP,
  MS_SQL,
  MYSQL,
  POSTGRESQL,
  ORACLE_TNS,
  MONGODB,
  REDIS,
  MEMCACHED,
  CASSANDRA,
  AMQP,
  MQTT,
  IRC,
  FTP,
  SMTP,
  IMAP,
  POP3,
  TELNET,
  VNC,
  X11,
  XMPP,
  RSYNC,
  GIT,
  BGP,
  // Its messages have hardly anything fixed: after all others.
  KAFKA,
];
