/**
 * All protocols that can be told from payloads. An import and an entry per protocol; where two
 * would take the same octets the one named first is asked first.
 */
import { BACNET } from './bacnet.ts';
import { BITCOIN } from './bitcoin.ts';
import { BITTORRENT } from './bittorrent.ts';
import { CAPWAP } from './capwap.ts';
import { CEPH } from './ceph.ts';
import { CLDAP } from './cldap.ts';
import { COAP } from './coap.ts';
import { DHCP } from './dhcp.ts';
import { DHCPV6 } from './dhcpv6.ts';
import { DNP3 } from './dnp3.ts';
import { DNS } from './dns.ts';
import { DROPBOX } from './dropbox.ts';
import { ETHERNET_IP } from './ethernet-ip.ts';
import { GTP_CONTROL } from './gtp-control.ts';
import { HSRP } from './hsrp.ts';
import { IKE } from './ike.ts';
import { ISCSI } from './iscsi.ts';
import { JETDIRECT } from './jetdirect.ts';
import { L2TP } from './l2tp.ts';
import { LLMNR } from './llmnr.ts';
import { LPD } from './lpd.ts';
import { MDNS } from './mdns.ts';
import { MINECRAFT } from './minecraft.ts';
import { MNDP } from './mndp.ts';
import { MODBUS } from './modbus.ts';
import { NBD } from './nbd.ts';
import { NETBIOS_DATAGRAM } from './netbios-datagram.ts';
import { NETBIOS_NAME } from './netbios-name.ts';
import { NETFLOW } from './netflow.ts';
import { NFS } from './nfs.ts';
import { NTP } from './ntp.ts';
import { ONC_RPC } from './onc-rpc.ts';
import { OPC_UA } from './opc-ua.ts';
import { OPENVPN } from './openvpn.ts';
import type { Detector } from './payload.ts';
import { PORTMAP } from './portmap.ts';
import { PTP } from './ptp.ts';
import { QUAKE } from './quake.ts';
import { QUIC } from './quic.ts';
import { RADIUS } from './radius.ts';
import { RAKNET } from './raknet.ts';
import { RIP } from './rip.ts';
import { RTCP } from './rtcp.ts';
import { RTP } from './rtp.ts';
import { RTSP } from './rtsp.ts';
import { S7COMM } from './s7comm.ts';
import { SFLOW } from './sflow.ts';
import { SIP } from './sip.ts';
import { SLP } from './slp.ts';
import { SNMP } from './snmp.ts';
import { SOCKS } from './socks.ts';
import { SOURCE_QUERY } from './source-query.ts';
import { SSDP } from './ssdp.ts';
import { STUN } from './stun.ts';
import { SYSLOG } from './syslog.ts';
import { TACACS } from './tacacs.ts';
import { TFTP } from './tftp.ts';
import { UBIQUITI } from './ubiquiti.ts';
import { WIREGUARD } from './wireguard.ts';
import { WS_DISCOVERY } from './ws-discovery.ts';
import { XMPP } from './xmpp.ts';
import { ZABBIX } from './zabbix.ts';
import { ZOOKEEPER } from './zookeeper.ts';

export const DETECTORS: readonly Detector[] = [
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
  COAP,
  DHCP,
  DHCPV6,
  DNP3,
  DROPBOX,
  ETHERNET_IP,
  SOURCE_QUERY,
  QUAKE,
  GTP_CONTROL,
  HSRP,
  IKE,
  ISCSI,
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
  LPD,
  JETDIRECT,
  PTP,
  QUIC,
  RADIUS,
  RAKNET,
  RIP,
  RTCP,
  RTP,
  RTSP,
  S7COMM,
  SFLOW,
  SIP,
  SLP,
  SNMP,
  SOCKS,
  SSDP,
  STUN,
  SYSLOG,
  TACACS,
  TFTP,
  UBIQUITI,
  WIREGUARD,
  WS_DISCOVERY,
  XMPP,
  ZABBIX,
  ZOOKEEPER,
];
