/**
 * Servers of devices, storage and monitors that tell who they are before any login. The source of
 * each question is named beside it.
 */
import { filled, hex, join, octetsOf, textOf, viewOf } from './octets.ts';
import { detailsOf, type Recogniser } from './recogniser.ts';

/**
 * NRPE's query packet of version 2 (its include/common.h): version, type, CRC-32, result, text.
 * `_NRPE_CHECK` asks for the version alone.
 */
const NRPE: Recogniser = {
  service: 'nrpe',
  transport: 'tcp',
  ports: [5666],
  question: {
    ask: () =>
      join(hex('0002 0001 c094014f 0000'), octetsOf('_NRPE_CHECK'), filled(1013), octetsOf('SR')),
  },
  read: (answer) => {
    if (answer.length < 1034 || viewOf(answer).getUint32(0) !== 0x0002_0002) return undefined;
    const version = /^NRPE v(\d[\w.-]{0,20})\0/.exec(textOf(answer, 10, 60))?.[1];
    return version === undefined
      ? undefined
      : { name: 'nrpe', product: 'Nagios NRPE', version, confidence: 10 };
  },
};

/** SANE_NET_INIT without a user (SANE standard, section 5.2): status and the server's version. */
const SANE: Recogniser = {
  service: 'sane',
  transport: 'tcp',
  ports: [6566],
  question: { ask: () => hex('00000000 01000003 00000000') },
  read: (answer) => {
    // Version 1 of the standard, third revision of the network protocol.
    if (answer.length !== 8 || viewOf(answer).getUint32(0) !== 0 || answer[4] !== 1)
      return undefined;
    return (answer[6]! << 8) + answer[7]! === 3
      ? { name: 'sane', product: 'SANE network scanner', confidence: 7 }
      : undefined;
  },
};

/**
 * A login request without the initiator's name (RFC 7143 section 11.12), which every target refuses
 * as incomplete (status 0x0207), so that nothing is logged in.
 */
const ISCSI: Recogniser = {
  service: 'iscsi',
  transport: 'tcp',
  ports: [860, 3260],
  question: { ask: () => join(hex('43810000 00000000 80000000 00010000 70727472'), filled(28)) },
  read: (answer) =>
    answer.length >= 48 && (answer[0]! & 0x3f) === 0x23 && textOf(answer, 16, 20) === 'prtr'
      ? { name: 'iscsi', product: 'iSCSI target', confidence: 10 }
      : undefined,
};

/** A NOP with these flags, which the answer repeats (OWFS, module/owlib: header of six words). */
const OWSERVER_FLAGS = '0000010a';
const OWSERVER: Recogniser = {
  service: 'owserver',
  transport: 'tcp',
  ports: [4304],
  question: { ask: () => hex(`00000000 00000000 00000001 ${OWSERVER_FLAGS} 00000000 00000000`) },
  read: (answer) =>
    answer.length === 24 &&
    hex(`0000000000000000 00000000 ${OWSERVER_FLAGS}`).every((octet, at) => octet === answer[at])
      ? { name: 'owserver', product: 'One-wire server', confidence: 7 }
      : undefined,
};

/** Of a JSON-RPC server its version (Snapcast's control protocol). */
const SNAPCAST: Recogniser = {
  service: 'snapcast',
  transport: 'tcp',
  ports: [1705],
  question: {
    ask: () => octetsOf('{"id":1,"jsonrpc":"2.0","method":"Server.GetRPCVersion"}\r\n'),
  },
  suspects: (answer) => textOf(answer, 0, 24).startsWith('{"error":{"code":-32700'),
  read: (answer) =>
    /^\{"id":1,"jsonrpc":"2.0","result":\{"major":\d+,"minor":\d+,"patch":\d+\}\}\r\n/.test(
      textOf(answer, 0, 200),
    )
      ? { name: 'snapcast', product: 'Snapcast control', confidence: 10 }
      : undefined,
};

/** `VERSION` of LIRC's socket interface; the same frame refuses what it does not know. */
const LIRC: Recogniser = {
  service: 'lirc',
  transport: 'tcp',
  ports: [8765],
  question: { ask: () => octetsOf('VERSION\n') },
  suspects: (answer) => /^BEGIN\n[^\n]{0,300}\nERROR\nDATA\n/.test(textOf(answer, 0, 400)),
  read: (answer) => {
    const version = /^BEGIN\nVERSION\nSUCCESS\nDATA\n1\n(\d[\w.-]{0,30})\nEND\n/.exec(
      textOf(answer, 0, 100),
    )?.[1];
    return version === undefined
      ? undefined
      : { name: 'lirc', product: 'LIRC', version, confidence: 10 };
  },
};

/** `hello` of LCDproc's client protocol; `huh?` refuses what it does not know. */
const LCDPROC: Recogniser = {
  service: 'lcdproc',
  transport: 'tcp',
  ports: [13_666],
  question: { ask: () => octetsOf('hello\n') },
  suspects: (answer) => textOf(answer, 0, 5) === 'huh? ',
  read: (answer) => {
    const version = /^connect LCDproc (\d[\w.-]{0,30}) protocol /.exec(textOf(answer, 0, 80))?.[1];
    return version === undefined
      ? undefined
      : { name: 'lcdproc', product: 'LCDproc', version, confidence: 10 };
  },
};

/** `status` of apcupsd's network server: lines, each behind its length. */
const APCUPSD: Recogniser = {
  service: 'apcupsd',
  transport: 'tcp',
  ports: [3551],
  question: { ask: () => octetsOf('\0\x06status') },
  suspects: (answer) => /^\0.Invalid command/.test(textOf(answer, 0, 40)),
  read: (answer) => {
    const text = textOf(answer, 0, 2048);
    if (!/^\0.APC {6}: \d/.test(text)) return undefined;
    const version = /\0.VERSION {2}: (\d[\w.]{0,20})/.exec(text)?.[1];
    const host = /\0.HOSTNAME : ([^\s\0]{1,100})/.exec(text)?.[1];
    return {
      name: 'apcupsd',
      product: 'apcupsd',
      ...(version === undefined ? {} : { version }),
      details: detailsOf({ 'host-name': host }),
      confidence: 10,
    };
  },
};

/** `VER` of the protocol of Network UPS Tools (RFC 9271 section 4.2.11). */
const NUT: Recogniser = {
  service: 'nut',
  transport: 'tcp',
  ports: [3493],
  question: { ask: () => octetsOf('VER\n') },
  suspects: (answer) => textOf(answer, 0, 20) === 'ERR UNKNOWN-COMMAND\n',
  read: (answer) => {
    const version = /^Network UPS Tools upsd (\d[\w.-]{0,30})/.exec(textOf(answer, 0, 80))?.[1];
    return version === undefined
      ? undefined
      : { name: 'nut', product: 'Network UPS Tools upsd', version, confidence: 10 };
  },
};

/** `getProperties` of INDI (its white paper), answered by the properties of each instrument. */
const INDI: Recogniser = {
  service: 'indi',
  transport: 'tcp',
  ports: [7624],
  question: { ask: () => octetsOf("<getProperties version='1.7'/>\n") },
  read: (answer) => {
    const device = /^\s{0,4}<def(?:Switch|Text|Number|Light|BLOB)Vector device="([^"]{1,80})"/.exec(
      textOf(answer, 0, 200),
    )?.[1];
    return device === undefined
      ? undefined
      : { name: 'indi', product: 'INDI', details: detailsOf({ device }), confidence: 10 };
  },
};

/** The refusal of a command that Hamlib's rigctld and rotctld do not know (rigctld manual page). */
const HAMLIB: Recogniser = {
  service: 'hamlib',
  transport: 'tcp',
  ports: [4532, 4533],
  question: { ask: () => octetsOf('\\portreeve\n') },
  read: (answer) =>
    /^RPRT -\d{1,2}\n/.test(textOf(answer, 0, 12))
      ? { name: 'hamlib', product: 'Hamlib', confidence: 7 }
      : undefined,
};

export const INSTRUMENTS: readonly Recogniser[] = [
  NRPE,
  SANE,
  ISCSI,
  OWSERVER,
  SNAPCAST,
  LIRC,
  LCDPROC,
  APCUPSD,
  NUT,
  INDI,
  HAMLIB,
];
