/**
 * TCP services that pass messages and jobs on: AMQP, MQTT, STOMP, Beanstalkd, Gearman. They say who
 * they are before any login. The source of each question is named beside it.
 */
import { hex, octetsOf, textOf, viewOf } from './octets.ts';
import { detailsOf, type Recogniser } from './recogniser.ts';

/** Connection.Start (AMQP 0-9-1 specification) after the protocol header. */
export const AMQP: Recogniser = {
  service: 'amqp',
  transport: 'tcp',
  ports: [5672, 5671],
  question: { ask: () => octetsOf('AMQP\0\0\x09\x01'), order: 20 },
  read: (answer) => {
    // The server's own header: it speaks another version.
    if (textOf(answer, 0, 4) === 'AMQP' && answer.length >= 8) {
      // Ours come back: an echo.
      if (textOf(answer, 4, 8) === '\0\0\x09\x01') return undefined;
      return {
        name: 'amqp',
        extra: `version ${[...answer.subarray(5, 8)].join('.')}`,
        confidence: 10,
      };
    }
    if (answer.length < 20 || answer[0] !== 1 || viewOf(answer).getUint32(7) !== 0x000a000a)
      return undefined;
    const text = textOf(answer, 0, Math.min(answer.length, 4096));
    const product = longString(text, 'product');
    const version = longString(text, 'version');
    return {
      name: 'amqp',
      ...(product === undefined ? {} : { product }),
      ...(version === undefined ? {} : { version }),
      details: detailsOf({ platform: longString(text, 'platform') }),
      confidence: 10,
    };
  },
};

/** A long string field of a table: name, 'S', length (4), text. */
function longString(text: string, name: string): string | undefined {
  const at = text.indexOf(`${String.fromCharCode(name.length)}${name}S\0\0\0`);
  if (at < 0) return undefined;
  const start = at + 1 + name.length + 5;
  return text.slice(start, start + text.charCodeAt(start - 1)) || undefined;
}

/** CONNECT without user, password or will, clean session; CONNACK (MQTT 3.1.1 section 3.2). */
export const MQTT: Recogniser = {
  service: 'mqtt',
  transport: 'tcp',
  ports: [1883, 8883],
  question: {
    ask: () => hex('10 15 0004 4d515454 04 02 0005 0009 706f727472656576 65'),
    order: 21,
  },
  read: (answer) => {
    if (answer.length < 4 || answer[0] !== 0x20 || answer[1] !== 2 || answer[2]! > 1)
      return undefined;
    const code = answer[3]!;
    if (code > 5) return undefined;
    return {
      name: 'mqtt',
      details: detailsOf({
        authentication:
          code === 0 ? 'not required' : code === 4 || code === 5 ? 'required' : undefined,
      }),
      confidence: 10,
    };
  },
};

/** STOMP 1.2: an empty frame other than CONNECT is refused by an ERROR frame. */
export const STOMP: Recogniser = {
  service: 'stomp',
  transport: 'tcp',
  ports: [61613, 61614],
  question: { ask: () => octetsOf('PORTREEVE\n\n\0') },
  read: (answer) =>
    /^ERROR\n(?:[\w-]{1,60}:[^\n]{0,300}\n){0,10}\n/.test(textOf(answer, 0, 2048))
      ? { name: 'stomp', confidence: 10 }
      : undefined,
};

/** Beanstalkd's text protocol. */
export const BEANSTALK: Recogniser = {
  service: 'beanstalkd',
  transport: 'tcp',
  ports: [11300],
  question: { ask: () => octetsOf('stats\r\n') },
  read: (answer) => {
    const version = /^OK \d+\r\n---\n[\s\S]{0,900}?\nversion: "?([\w.+~-]+)/.exec(
      textOf(answer, 0, 1500),
    );
    return version === null
      ? undefined
      : { name: 'beanstalkd', product: 'beanstalkd', version: version[1] ?? '', confidence: 10 };
  },
};

/** Gearman's administrative protocol. */
export const GEARMAN: Recogniser = {
  service: 'gearman',
  transport: 'tcp',
  ports: [4730],
  question: { ask: () => octetsOf('version\r\n') },
  read: (answer) => {
    const version = /^OK (\d[\w.+~-]{0,40})\r?\n$/.exec(textOf(answer, 0, 60))?.[1];
    return version === undefined
      ? undefined
      : { name: 'gearman', product: 'Gearman', version, confidence: 10 };
  },
};
