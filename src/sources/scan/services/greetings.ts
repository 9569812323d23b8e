/** What mail and screen-sharing servers tell after their greeting, still before any login. */
import { octetsOf, textOf } from './octets.ts';
import { type Detail, detailsOf, type Inquiry } from './recogniser.ts';

/** Extensions a mail server offers (RFC 5321 section 4.1.1.1). */
export const inquireSmtp: Inquiry = async ({ open }) => {
  const conversation = await open();
  try {
    const greeting = textOf(await conversation.read(5000));
    if (!greeting.startsWith('220')) return [];
    conversation.write(octetsOf('EHLO portreeve.invalid\r\n'));
    const answer = textOf(await conversation.read(3000), 0, 4096);
    const words = [...answer.matchAll(/^250[ -]([A-Z0-9][^\r\n]{0,100})/gm)].slice(1);
    conversation.write(octetsOf('QUIT\r\n'));
    const offers = words.map(([, word = '']) => word);
    return detailsOf({
      extensions: offers.join(', ').slice(0, 400),
      tls: offers.some((word) => word === 'STARTTLS') ? 'offered' : 'not offered',
    });
  } finally {
    conversation.close();
  }
};

/** Capabilities of an IMAP server (RFC 3501 section 6.1.1). */
export const inquireImap: Inquiry = async ({ open }) => {
  const conversation = await open();
  try {
    await conversation.read(5000);
    conversation.write(octetsOf('a CAPABILITY\r\n'));
    const answer = textOf(await conversation.read(3000), 0, 4096);
    const found = /^\* CAPABILITY ([^\r\n]{1,600})/m.exec(answer)?.[1];
    return found === undefined ? [] : mailDetails(found.split(' '));
  } finally {
    conversation.close();
  }
};

/** Capabilities of a POP3 server (RFC 2449). */
export const inquirePop3: Inquiry = async ({ open }) => {
  const conversation = await open();
  try {
    await conversation.read(5000);
    conversation.write(octetsOf('CAPA\r\n'));
    const lines = textOf(await conversation.read(3000), 0, 4096).split('\r\n', 40);
    if (!lines[0]?.startsWith('+OK')) return [];
    return mailDetails(lines.slice(1).filter((line) => line !== '.' && line !== ''));
  } finally {
    conversation.close();
  }
};

function mailDetails(words: readonly string[]): Detail[] {
  return detailsOf({
    extensions: words.join(', ').slice(0, 400),
    tls: words.some((word) => word === 'STARTTLS' || word === 'STLS') ? 'offered' : 'not offered',
  });
}

const VNC_SECURITY: Readonly<Record<number, string>> = {
  1: 'none',
  2: 'VNC password',
  5: 'RA2',
  6: 'RA2ne',
  16: 'Tight',
  17: 'Ultra',
  18: 'TLS',
  19: 'VeNCrypt',
  20: 'SASL',
  30: 'Apple Remote Desktop',
};

/** Kinds of security (RFC 6143 section 7.1.2); `none` means that anyone may take the screen. */
export const inquireVnc: Inquiry = async ({ open }) => {
  const conversation = await open();
  try {
    const greeting = textOf(await conversation.read(5000), 0, 12);
    const minor = Number(/^RFB 003\.(\d{3})\n$/.exec(greeting)?.[1] ?? Number.NaN);
    if (Number.isNaN(minor)) return [];
    conversation.write(octetsOf(minor >= 8 ? 'RFB 003.008\n' : greeting));
    const answer = await conversation.read(3000);
    const kinds =
      minor >= 7
        ? [...answer.subarray(1, 1 + (answer[0] ?? 0))]
        : answer.length >= 4
          ? [answer[3]!]
          : [];
    return detailsOf({
      security: kinds.map((kind) => VNC_SECURITY[kind] ?? `type ${kind}`).join(', '),
      authentication: kinds.includes(1) ? 'not required' : undefined,
    });
  } finally {
    conversation.close();
  }
};
