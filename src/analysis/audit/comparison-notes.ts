/** What a comparison with an earlier log cannot tell, by what the two are of. */
import type { BlindSpot } from '../../model/blind-spot.ts';
import type { Newness, Stretch } from './answer.ts';

/** Names shown one by one. */
const MOST_NAMED = 5;
/** A stretch this much shorter says less; clocks and quiet ends account for the rest. */
const AS_LONG = 0.9;

/**
 * @param earlier what to call what was before: `the earlier log`
 * @param span says a length of time
 */
export function comparisonNotes(
  { before, now, idleCount }: Newness,
  earlier: string,
  span: (ms: number) => string,
): BlindSpot[] {
  if (before.events === 0) {
    return [
      {
        id: 'nothing-before',
        what: 'what of this is new',
        because: `${earlier} holds no traffic, so that everything seems new`,
        remedy: 'compare with a log of the same device from an earlier time',
        missing: true,
      },
    ];
  }
  if (now.events === 0) {
    return [
      {
        id: 'nothing-since',
        what: 'what is new, and what is used still',
        because: `there is no traffic but that of ${earlier}`,
        remedy: 'compare with a log that goes on from there',
        missing: true,
      },
    ];
  }
  return [
    ...otherNotes(before, now, earlier),
    ...verdictNotes(before, now, earlier, idleCount),
    ...timeNotes(before, now, earlier, span),
    ...(before.collapsed > 0
      ? [
          {
            id: 'before-collapsed',
            what: `which hosts ${earlier} had besides those kept`,
            because: `it has more conversations than are kept: ${before.collapsed} events are known by zone alone`,
            remedy: 'hosts and clients that seem new may have been there; compare shorter logs',
            missing: true,
          },
        ]
      : []),
  ];
}

function listed(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return names.slice(0, MOST_NAMED).join(', ') + more;
}

function otherNotes(before: Stretch, now: Stretch, earlier: string): BlindSpot[] {
  const notes: BlindSpot[] = [];
  const others = now.devices.filter((name) => !before.devices.includes(name));
  if (before.devices.length > 0 && others.length > 0) {
    notes.push({
      id: 'other-device',
      what: `what is new on ${listed(others)}`,
      because: `${earlier} is of ${listed(before.devices)}: what another device lets through seems new`,
      remedy: 'compare logs of the same device',
      missing: true,
    });
  }
  const formats = now.formats.filter((name) => !before.formats.includes(name));
  if (formats.length > 0) {
    notes.push({
      id: 'other-format',
      what: `what of the ${listed(formats)} lines is new`,
      because: `${earlier} has ${listed(before.formats)} only; formats name rules and interfaces each in its way, and not all tell of allowed traffic`,
      remedy: 'compare logs of the same format',
      missing: true,
    });
  }
  return notes;
}

function verdictNotes(
  before: Stretch,
  now: Stretch,
  earlier: string,
  idleCount: number,
): BlindSpot[] {
  const notes: BlindSpot[] = [];
  if (before.passed === 0 && now.passed > 0) {
    notes.push({
      id: 'no-allows-before',
      what: 'which of the allowed services are new',
      because: `${earlier} tells of nothing that was let through: allowed traffic was not logged`,
      remedy: 'log what is allowed for the whole time that is compared',
      missing: true,
    });
  }
  if (before.denied === 0 && now.denied > 0) {
    notes.push({
      id: 'no-denies-before',
      what: 'which of the refusals are new',
      because: `${earlier} tells of nothing that was refused: it may not have been logged`,
      missing: true,
    });
  }
  if (now.passed === 0 && before.passed > 0 && idleCount > 0) {
    notes.push({
      id: 'no-allows-now',
      what: 'whether services that were used before are used still',
      because: 'the log tells of nothing that was let through: allowed traffic is not logged',
      remedy: 'log what is allowed before taking a service for unused',
      missing: true,
    });
  }
  return notes;
}

function timeNotes(
  before: Stretch,
  now: Stretch,
  earlier: string,
  span: (ms: number) => string,
): BlindSpot[] {
  if (before.firstMs === null || before.lastMs === null) {
    return [
      {
        id: 'no-time-before',
        what: `the time that ${earlier} covers`,
        because: 'its lines have no time',
        missing: true,
      },
    ];
  }
  if (now.firstMs === null || now.lastMs === null) return [];
  const [then, since] = [before.lastMs - before.firstMs, now.lastMs - now.firstMs];
  const notes: BlindSpot[] = [];
  if (then < AS_LONG * since) {
    notes.push({
      id: 'shorter-before',
      what: `whether what is rarer than ${span(then)} is new`,
      because: `${earlier} covers ${span(then)}, this one ${span(since)}`,
      remedy: 'give several earlier logs: --new-since may be repeated',
      missing: false,
    });
  }
  if (since < AS_LONG * then) {
    notes.push({
      id: 'shorter-now',
      what: `whether what is rarer than ${span(since)} is used still`,
      because: `the log covers ${span(since)}, ${earlier} ${span(then)}`,
      remedy: 'some work is done once a month: look at a longer time before removing a service',
      missing: false,
    });
  }
  if (before.lastMs > now.firstMs) {
    notes.push({
      id: 'logs-overlap',
      what: 'what began in the time that both logs cover',
      because: `${earlier} ends ${span(before.lastMs - now.firstMs)} after the other begins: what is in both is not new`,
      missing: false,
    });
  }
  return notes;
}
