/**
 * All protocols that can be told from payloads. An import and an entry per protocol; where two
 * would take the same octets the one named first is asked first.
 */

import { AMQP } from './amqp.ts';
import { BACNET } from './bacnet.ts';
import { BGP } from './bgp.ts';
import { BITCOIN } from './bitcoin.ts';
import { BITTORRENT } from './bittorrent.ts';
import { CAPWAP } from './capwap.ts';
import { CASSANDRA } from './cassandra.ts';
import { CEPH } from './ceph.ts';
import { CLDAP } from './cldap.ts';
import { COAP } from './coap.ts';
import { DCE_RPC } from './dce-rpc.ts';
import { DHCP } from './dhcp.ts';
import { DHCPV6 } from './dhcpv6.ts';
import { DNP3 } from './dnp3.ts';
import { DNS } from './dns.ts';
import { DROPBOX } from './dropbox.ts';
import { DTLS } from './dtls.ts';
import { ELASTICSEARCH } from './elasticsearch.ts';
import { ETHERNET_IP } from './ethernet-ip.ts';
import { FTP } from './ftp.ts';
import { GIT } from './git.ts';
import { GTP_CONTROL } from './gtp-c.ts';
import { HSRP } from './hsrp.ts';
import { HTTP } from './http.ts';
import { HTTP2 } from './http2.ts';
import { IKE } from './ike.ts';
import { IMAP } from './imap.ts';
import { IRC } from './irc.ts';
import { ISCSI } from './iscsi.ts';
import { JETDIRECT } from './jetdirect.ts';
import { KAFKA } from './kafka.ts';
import { KERBEROS } from './kerberos.ts';
import { L2TP } from './l2tp.ts';
import { LDAP } from './ldap.ts';
import { LLMNR } from './llmnr.ts';
import { LPD } from './lpd.ts';
import { MDNS } from './mdns.ts';
import { MEMCACHED } from './memcached.ts';
import { MINECRAFT } from './minecraft.ts';
import { MNDP } from './mndp.ts';
import { MODBUS } from './modbus.ts';
import { MONGODB } from './mongodb.ts';
import { MQTT } from './mqtt.ts';
import { MS_SQL } from './ms-sql.ts';
import { MYSQL } from './mysql.ts';
import { MYSQL_X } from './mysql-x.ts';
import { NBD } from './nbd.ts';
import { NETBIOS_DATAGRAM } from './netbios-dgm.ts';
import { NETBIOS_NAME } from './netbios-ns.ts';
import { NETBIOS_SESSION } from './netbios-session.ts';
import { NETFLOW } from './netflow.ts';
import { NFS } from './nfs.ts';
import { NTP } from './ntp.ts';
import { ONC_RPC } from './onc-rpc.ts';
import { OPC_UA } from './opc-ua.ts';
import { OPENVPN } from './openvpn.ts';
import { ORACLE_TNS } from './oracle-tns.ts';
import type { Detector } from './payload.ts';
import { POP3 } from './pop3.ts';
import { PORTMAP } from './portmap.ts';
import { POSTGRESQL } from './postgresql.ts';
import { PTP } from './ptp.ts';
import { QUAKE } from './quake.ts';
import { QUIC } from './quic.ts';
import { RADIUS } from './radius.ts';
import { RAKNET } from './raknet.ts';
import { RDP } from './rdp.ts';
import { REDIS } from './redis.ts';
import { RIP } from './rip.ts';
import { RSYNC } from './rsync.ts';
import { RTCP } from './rtcp.ts';
import { RTP } from './rtp.ts';
import { RTSP } from './rtsp.ts';
import { S7COMM } from './s7comm.ts';
import { SFLOW } from './sflow.ts';
import { SIP } from './sip.ts';
import { SLP } from './slp.ts';
import { SMB } from './smb.ts';
import { SMTP } from './smtp.ts';
import { SNMP } from './snmp.ts';
import { SOCKS } from './socks.ts';
import { SOURCE_QUERY } from './source-query.ts';
import { SSDP } from './ssdp.ts';
import { SSH } from './ssh.ts';
import { STUN } from './stun.ts';
import { SYSLOG } from './syslog.ts';
import { TACACS } from './tacacs.ts';
import { TELNET } from './telnet.ts';
import { TFTP } from './tftp.ts';
import { TLS } from './tls.ts';
import { UBIQUITI } from './ubiquiti.ts';
import { VNC } from './vnc.ts';
import { WIREGUARD } from './wireguard.ts';
import { WS_DISCOVERY } from './ws-discovery.ts';
import { X11 } from './x11.ts';
import { XMPP } from './xmpp.ts';
import { ZABBIX } from './zabbix.ts';
import { ZOOKEEPER } from './zookeeper.ts';

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
  MYSQL_X,
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
  RSYNC,
  GIT,
  BGP,
  MDNS,
  LLMNR,
  NETBIOS_NAME,
  DNS,
  NFS,
  PORTMAP,
  ONC_RPC,
  BACNET,
  BITCOIN,
  BITTORRENT,
  CAPWAP,
  CEPH,
  CLDAP,
  DHCP,
  DHCPV6,
  DNP3,
  DROPBOX,
  DTLS,
  ETHERNET_IP,
  GTP_CONTROL,
  HSRP,
  IKE,
  ISCSI,
  JETDIRECT,
  L2TP,
  MINECRAFT,
  MNDP,
  MODBUS,
  NBD,
  NETBIOS_DATAGRAM,
  NETFLOW,
  NTP,
  OPC_UA,
  OPENVPN,
  PTP,
  QUAKE,
  QUIC,
  RADIUS,
  RAKNET,
  RIP,
  RTSP,
  S7COMM,
  SFLOW,
  SIP,
  SLP,
  SNMP,
  SOURCE_QUERY,
  SSDP,
  SYSLOG,
  TACACS,
  TFTP,
  UBIQUITI,
  WIREGUARD,
  WS_DISCOVERY,
  XMPP,
  ZABBIX,
  STUN,
  COAP,
  SOCKS,
  LPD,
  ZOOKEEPER,
  RTP,
  RTCP,
  // Its messages have hardly anything fixed: after all others.
  KAFKA,
];
