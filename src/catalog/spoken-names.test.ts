import { expect, it } from 'vitest';
import { DETECTORS } from '../wire/payload/detectors.ts';
import { spokenName } from './spoken-names.ts';

const ACRONYMS =
  'AMQP BGP CAPWAP DHCP DNP3 DNS DTLS FTP GTP-C HSRP HTTP IKE IMAP IRC L2TP LDAP LLMNR LPD MNDP MQTT NBD NFS NTP POP3 PTP QUIC RADIUS RDP RIP RTCP RTP RTSP SIP SLP SMB SMTP SNMP SOCKS SSDP SSH STUN TFTP TLS VNC XMPP';

it('shouts nothing but acronyms', () => {
  const names = DETECTORS.map(({ protocol }) => [protocol, spokenName(protocol)] as const);
  const shouted = names.filter(([protocol, name]) => name === protocol.toUpperCase());
  const expected = [...ACRONYMS.split(' '), 'X11'];
  expect(shouted.map(([, name]) => name).sort()).toEqual(expected.sort());
});
