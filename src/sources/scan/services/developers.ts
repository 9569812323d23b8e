/**
 * TCP services of those who write and run programs: repositories, application servers, debuggers. The
 * source of each question is named beside it.
 */
import { hex, octetsOf, textOf, viewOf } from './octets.ts';
import { detailsOf, type Recogniser } from './recogniser.ts';

/** git daemon: a request for a repository that is not there (gitprotocol-pack). */
export const GIT: Recogniser = {
  service: 'git',
  transport: 'tcp',
  ports: [9418],
  question: { ask: () => octetsOf('002egit-upload-pack /portreeve\0host=portreeve\0') },
  read: (answer) =>
    /^[0-9a-f]{4}(?:ERR |[0-9a-f]{40} )/.test(textOf(answer, 0, 60))
      ? { name: 'git', product: 'git daemon', confidence: 10 }
      : undefined,
};

/** CPing, answered by CPong (AJP 1.3). */
export const AJP: Recogniser = {
  service: 'ajp',
  transport: 'tcp',
  ports: [8009],
  question: { ask: () => hex('1234 0001 0a') },
  read: (answer) =>
    textOf(answer, 0, 5) === 'AB\0\x01\x09' ? { name: 'ajp', confidence: 10 } : undefined,
};

/** Java RMI's stream protocol: acknowledgment (0x4E), the client's host and port as seen. */
export const RMI: Recogniser = {
  service: 'java-rmi',
  transport: 'tcp',
  ports: [1099, 1098],
  question: { ask: () => hex('4a524d49 0002 4b') },
  read: (answer) =>
    answer.length >= 7 && answer[0] === 0x4e && answer.length === 7 + viewOf(answer).getUint16(1)
      ? { name: 'java-rmi', product: 'Java RMI', confidence: 10 }
      : undefined,
};

/** The Java debugger's handshake: whoever gets the echo can run code in the program. */
export const JDWP: Recogniser = {
  service: 'jdwp',
  transport: 'tcp',
  ports: [5005, 8000, 8787],
  question: { ask: () => octetsOf('JDWP-Handshake') },
  read: (answer) =>
    textOf(answer, 0, 14) === 'JDWP-Handshake'
      ? { name: 'jdwp', product: 'Java debugger', confidence: 10 }
      : undefined,
};

/** Android's debug bridge: a CNXN message (protocol.txt of adb). */
export const ADB: Recogniser = {
  service: 'adb',
  transport: 'tcp',
  ports: [5555],
  question: {
    ask: () => hex('434e584e 00000001 00001000 00000000 00000000 bcb1a7b1'),
  },
  read: (answer) => {
    const word = textOf(answer, 0, 4);
    if (word !== 'CNXN' && word !== 'AUTH' && word !== 'STLS') return undefined;
    return {
      name: 'adb',
      product: 'Android Debug Bridge',
      details: detailsOf({ authentication: word === 'CNXN' ? 'not required' : 'required' }),
      confidence: 10,
    };
  },
};
