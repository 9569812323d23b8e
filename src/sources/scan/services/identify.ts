/**
 * Finds out what answers on an open port: listens for a greeting, then asks, on fresh connections,
 * what such a port is likely to understand, then TLS and what is inside it, then general questions.
 * Stops at the first answer that is known. Nothing logs in, and printers and industrial devices
 * are asked nothing unless the caller says so.
 */

import { askDatagram, Conversation, LIMITS, type Limits, type Target } from './exchange.ts';
import { INQUIRIES, QUERIES, STREAMS, TLS_PORTS } from './list.ts';
import { sayingOf } from './octets.ts';
import type { Detail, Found, Recogniser } from './recogniser.ts';
import { openTls, speaksTls, tlsVersions } from './tls.ts';

export interface IdentifyOptions {
  /**
   * How many general questions a port of unknown purpose may leave unanswered before it gets no
   * more; what it answers or refuses at once does not count. Default 8.
   */
  readonly questions?: number;
  /**
   * Whether a port that told nothing so far is to be asked for TLS and in general: it waits for that,
   * without a connection. Default: it is.
   */
  readonly goOn?: () => Promise<boolean>;
  /** Further exchanges about a known service: host keys, TLS versions, names. Default true. */
  readonly inquire?: boolean;
  /** Ports that get no question, since a question may print or disturb. */
  readonly quiet?: ReadonlySet<number>;
  readonly limits?: Limits;
}

/** What a port said of itself. */
export interface Identity {
  /** Absent where nothing was recognised. */
  readonly found?: Found;
  /** The service is spoken inside TLS. */
  readonly tls: boolean;
  readonly details: readonly Detail[];
  /** First words of a service that was not recognised. */
  readonly unrecognised?: string;
}

/** Raw printing, and industrial protocols whose devices may stop at a strange packet. */
export const QUIET_PORTS: ReadonlySet<number> = new Set([
  102, 502, 515, 789, 1089, 1090, 1091, 1911, 1962, 2222, 2404, 4000, 4840, 4911, 5006, 5007, 5094,
  9100, 9101, 9102, 9103, 9104, 9105, 9106, 9107, 9600, 18245, 18246, 20000, 20547, 34962, 34963,
  34964, 34980, 44818, 46823, 46824, 47808, 55000, 55001, 55002, 55003,
]);

/** A greeting is waited for this long where the port is one whose servers greet, ms. */
const GREETING_MS = 5000;
/** And this long elsewhere: long enough for a far host. */
const SHORT_GREETING_MS = 1500;
/** How long an answer to a question may take, ms. */
const ANSWER_MS = 3000;

/** How many general questions a port of unknown purpose may leave unanswered; inside TLS fewer. */
const GENERAL_QUESTIONS = 8;
const QUESTIONS_INSIDE = 5;

/** What it takes to listen to a port of unknown purpose that says nothing, ms. */
export const BRIEF_MS = SHORT_GREETING_MS + 50;
/**
 * What a port takes to be questioned in full that never says anything, ms: TLS is asked too, each
 * time on a connection of its own.
 */
export const QUESTIONED_MS = (GENERAL_QUESTIONS + 1) * (ANSWER_MS + 100);

const ASKED_FIRST = indexByPort(STREAMS);
const ASKED_BY_DATAGRAM = indexByPort(QUERIES);
/** Questions for ports of unknown purpose. */
const GENERAL = STREAMS.filter(({ question }) => question?.order !== undefined).sort(
  (left, right) => (left.question?.order ?? 0) - (right.question?.order ?? 0),
);

/**
 * The same inside TLS: the two likeliest, then what has a port of its own for TLS, then the others.
 */
const GENERAL_INSIDE = [
  ...GENERAL.slice(0, 2),
  ...GENERAL.slice(2).filter(isWrapped),
  ...GENERAL.slice(2).filter((each) => !isWrapped(each)),
];

function isWrapped({ ports }: Recogniser): boolean {
  return ports.some((port) => TLS_PORTS.has(port));
}

function indexByPort(
  recognisers: readonly Recogniser[],
): ReadonlyMap<number, readonly Recogniser[]> {
  const byPort = new Map<number, Recogniser[]>();
  for (const recogniser of recognisers) {
    for (const port of recogniser.ports) {
      const list = byPort.get(port);
      if (list === undefined) byPort.set(port, [recogniser]);
      else list.push(recogniser);
    }
  }
  return byPort;
}

/** Whether there is a question or a greeting that belongs on a port. */
export function isKnownPort(port: number): boolean {
  return TLS_PORTS.has(port) || ASKED_FIRST.has(port);
}

/** The best reading of an answer: the surest, then that of a service which belongs on the port. */
export function recognise(
  recognisers: readonly Recogniser[],
  answer: Uint8Array,
  port: number,
): Found | undefined {
  if (answer.length === 0) return undefined;
  let best: Found | undefined;
  let rank = -1;
  for (const recogniser of recognisers) {
    const found = recogniser.read(answer);
    if (found === undefined) continue;
    const worth = 2 * found.confidence + (recogniser.ports.includes(port) ? 5 : 0);
    if (worth > rank) {
      best = found;
      rank = worth;
    }
  }
  return best;
}

/** Identifies what listens on an open TCP port. Never rejects for what a server does. */
export async function identifyStream(
  target: Target,
  hostName: string | undefined,
  options: IdentifyOptions = {},
): Promise<Identity> {
  const { inquire = true, limits = LIMITS } = options;
  const quiet = (options.quiet ?? QUIET_PORTS).has(target.port);
  const plain = (): Promise<Conversation> => Conversation.open(target, limits);
  const asked = new Set<Recogniser>();
  let heard: Uint8Array = new Uint8Array(0);
  try {
    if (!quiet && TLS_PORTS.has(target.port) && (await speaksTls(target, hostName, limits))) {
      return await insideTls(target, hostName, options);
    }
    const first = await listen(plain, target, quiet, asked);
    heard = first.heard;
    if (first.found !== undefined)
      return await complete(target, hostName, first.found, inquire, plain);
    if (quiet) return unrecognised(heard);
    const likely = await ask(plain, target, ASKED_FIRST.get(target.port) ?? [], asked);
    if (likely.found !== undefined)
      return await complete(target, hostName, likely.found, inquire, plain);
    if (heard.length === 0) heard = likely.heard;
    if (options.goOn !== undefined && !(await options.goOn())) return unrecognised(heard);
    if (!TLS_PORTS.has(target.port) && (await speaksTls(target, hostName, limits))) {
      return await insideTls(target, hostName, options);
    }
    const patience = options.questions ?? GENERAL_QUESTIONS;
    const general = await ask(plain, target, GENERAL, asked, patience);
    if (general.found !== undefined)
      return await complete(target, hostName, general.found, inquire, plain);
    if (heard.length === 0) heard = general.heard;
  } catch {
    // The port stopped accepting connections; what was heard so far still counts.
  }
  return unrecognised(heard);
}

interface Heard {
  readonly heard: Uint8Array;
  readonly found?: Found;
}

/** Listens for a greeting and, where the port has one question above all, asks it right away. */
async function listen(
  open: () => Promise<Conversation>,
  { address, port }: Target,
  quiet: boolean,
  asked: Set<Recogniser>,
): Promise<Heard> {
  const conversation = await open();
  try {
    const known = ASKED_FIRST.get(port) ?? [];
    const asker = quiet ? undefined : known.find(({ question }) => question !== undefined);
    const greets = known.length > 0 && asker === undefined;
    const wait = greets || quiet ? GREETING_MS : asker === undefined ? SHORT_GREETING_MS : 200;
    let heard = await conversation.read(wait);
    let found = recognise(STREAMS, heard, port);
    if (found === undefined && heard.length === 0 && asker?.question !== undefined) {
      asked.add(asker);
      const question = asker.question.ask({ address, port });
      conversation.write(question);
      heard = await conversation.read(ANSWER_MS);
      found = echoOf(asker, question, heard) ?? recognise(STREAMS, heard, port);
    }
    return found === undefined ? { heard } : { heard, found };
  } finally {
    conversation.close();
  }
}

/**
 * Asks the questions of `recognisers`, each on a connection of its own, until one is answered, or
 * `patience` of them have been left unanswered.
 */
async function ask(
  open: () => Promise<Conversation>,
  target: Target,
  recognisers: readonly Recogniser[],
  asked: Set<Recogniser>,
  patience = Number.POSITIVE_INFINITY,
): Promise<Heard> {
  let first: Uint8Array = new Uint8Array(0);
  let silences = 0;
  const queue = [...recognisers];
  while (queue.length > 0 && silences < patience) {
    const recogniser = queue.shift()!;
    if (recogniser.question === undefined || asked.has(recogniser)) continue;
    asked.add(recogniser);
    const conversation = await open();
    try {
      const question = recogniser.question.ask(target);
      conversation.write(question);
      const heard = await conversation.read(ANSWER_MS);
      if (first.length === 0) first = heard;
      if (heard.length === 0 && !conversation.ended) silences++;
      // Any recogniser may know the answer: a web server refuses Redis' question in HTTP.
      const found = echoOf(recogniser, question, heard) ?? recognise(STREAMS, heard, target.port);
      if (found !== undefined) return { heard, found };
      if (heard.length > 0) queue.unshift(...STREAMS.filter((each) => each.suspects?.(heard)));
    } finally {
      conversation.close();
    }
  }
  return { heard: first };
}

/** A server that sends back what it is sent (RFC 862); a debugger's handshake is its own answer. */
function echoOf(
  { service }: Recogniser,
  question: Uint8Array,
  heard: Uint8Array,
): Found | undefined {
  if (service === 'jdwp' || heard.length !== question.length) return undefined;
  return heard.every((octet, index) => octet === question[index])
    ? { name: 'echo', confidence: 7 }
    : undefined;
}

/** What is inside TLS, and what the TLS itself says. */
async function insideTls(
  target: Target,
  hostName: string | undefined,
  options: IdentifyOptions,
): Promise<Identity> {
  const { inquire = true, limits = LIMITS } = options;
  const versions = inquire ? await tlsVersions(target, hostName, limits).catch(() => []) : [];
  const details: Detail[] = [];
  if (versions.length > 0) details.push({ key: 'tls-versions', value: versions.join(', ') });
  const open = async (): Promise<Conversation> =>
    (await openTls(target, hostName, limits)).conversation;
  let heard: Uint8Array = new Uint8Array(0);
  try {
    const line = await openTls(target, hostName, limits);
    line.conversation.close();
    details.push(...line.details);
    const asked = new Set<Recogniser>();
    const first = await listen(open, target, false, asked);
    heard = first.heard;
    let found = first.found;
    if (found === undefined) {
      const likely = await ask(open, target, ASKED_FIRST.get(target.port) ?? [], asked);
      found = likely.found;
      if (heard.length === 0) heard = likely.heard;
    }
    if (found === undefined) {
      const general = await ask(open, target, GENERAL_INSIDE, asked, QUESTIONS_INSIDE);
      found = general.found;
      if (heard.length === 0) heard = general.heard;
    }
    if (found !== undefined) {
      return { found, tls: true, details: [...details, ...(found.details ?? [])] };
    }
  } catch {
    // No cipher in common, or a certificate is asked of us: the versions still stand.
  }
  return { ...unrecognised(heard), tls: true, details };
}

/** Adds what further exchanges tell; their failure leaves what is known. */
async function complete(
  target: Target,
  hostName: string | undefined,
  found: Found,
  inquire: boolean,
  open: () => Promise<Conversation>,
): Promise<Identity> {
  const details: Detail[] = [...(found.details ?? [])];
  const inquiry = inquire ? INQUIRIES[found.name] : undefined;
  if (inquiry !== undefined) {
    try {
      details.push(
        ...(await inquiry({
          target,
          ...(hostName === undefined ? {} : { hostName }),
          open,
          found,
        })),
      );
    } catch {
      // It answered once, and no more.
    }
  }
  return { found, tls: false, details };
}

function unrecognised(heard: Uint8Array): Identity {
  const words = heard.length === 0 ? '' : sayingOf(heard.subarray(0, 512), 200);
  // Octets that are no text would be shown as a row of escapes.
  const strange = words.replaceAll(/[^\p{C}\ufffd]|\s/gu, '').length;
  return {
    tls: false,
    details: [],
    ...(words === '' || 4 * strange > words.length ? {} : { unrecognised: words }),
  };
}

/** Identifies what answers on a UDP port; silent ports stay unknown. */
export async function identifyDatagram(
  target: Target,
  options: IdentifyOptions = {},
): Promise<Identity> {
  const quiet = options.quiet ?? QUIET_PORTS;
  if (quiet.has(target.port)) return { tls: false, details: [] };
  for (const recogniser of ASKED_BY_DATAGRAM.get(target.port) ?? []) {
    if (recogniser.question === undefined) continue;
    for (let attempt = 0; attempt < 2; attempt++) {
      const answer = await askDatagram(target, recogniser.question.ask(target), 1500);
      const found = recognise(QUERIES, answer, target.port);
      if (found !== undefined) return { found, tls: false, details: found.details ?? [] };
      if (answer.length > 0) return unrecognised(answer);
    }
  }
  return { tls: false, details: [] };
}
