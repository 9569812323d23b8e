import { describe, expect, it } from 'vitest';
import type { Conversation } from './conversation.ts';
import { ReviewSession } from './review-session.ts';

function conversation(client: string, server: string, service: string): Conversation {
  return {
    ...{ kind: 'conversation', from: 'dmz', to: 'internal', client, server, service },
    ...{ standing: 'confirmed', connections: 3, answered: 3, denied: 0, hours: 2 },
    ...{ firstMs: 0, lastMs: 1, direction: { reason: 'syn', confidence: 'certain' }, seen: 'x#1' },
  };
}

const some = [
  conversation('a', 'sql', 'tcp/1433'),
  conversation('b', 'sql', 'tcp/1433'),
  conversation('a', 'sql2', 'tcp/1433'),
  conversation('a', 'dc', 'udp/53'),
];
const told = (session: ReviewSession) =>
  session.decisions.map(
    ({ decision, conversation: { client, server } }) => `${decision} ${client} ${server}`,
  );

describe('ReviewSession', () => {
  it('asks once about clients of one server and service', () => {
    const session = new ReviewSession(some);
    expect(session.left).toBe(3);
    expect(session.question).toHaveLength(2);
    session.answer('allow');
    expect(told(session)).toEqual(['allow a sql', 'allow b sql']);
    expect(session.question![0]!.server).toBe('sql2');
  });

  it('answers all like this, and takes it back', () => {
    const session = new ReviewSession(some);
    expect(session.answerAllLike('deny')).toBe(2);
    expect(told(session)).toEqual(['deny a sql', 'deny b sql', 'deny a sql2']);
    expect(session.undo()).toBe(true);
    expect(told(session)).toEqual([]);
    expect(session.left).toBe(3);
    expect(session.undo()).toBe(false);
  });

  it('splits and narrows a question', () => {
    const session = new ReviewSession(some);
    session.split();
    session.answer('allow');
    session.answer('later');
    expect(told(session)).toEqual(['allow a sql', 'later b sql']);
    for (let step = 0; step < 3; step++) session.undo();
    expect(session.narrow(new Set(['b']))).toBe(true);
    session.answer('allow');
    expect(told(session)).toEqual(['allow b sql']);
    expect(session.question!.map(({ client }) => client)).toEqual(['a']);
    expect(session.narrow(new Set(['nobody']))).toBe(false);
  });

  it('ends', () => {
    const session = new ReviewSession([]);
    expect(session.question).toBeUndefined();
    session.answer('allow');
    session.split();
    expect(session.answerAllLike('allow')).toBe(0);
    expect(session.decisions).toEqual([]);
  });

  it('takes only yes for a decision on what nobody saw', () => {
    const unseen = ['tcp/53', 'tcp/88'].map((service) => ({
      ...conversation('a', 'dc', service),
      unobserved: true,
    }));
    const session = new ReviewSession([]);
    session.offer([]);
    expect(session.question).toBeUndefined();
    session.offer(unseen);
    expect(session.split()).toBe(true);
    session.answer('deny');
    session.answer('allow');
    expect(session.decisions.map((each) => each.conversation.service)).toEqual(['tcp/88']);
    session.undo();
    session.undo();
    expect(session.left).toBe(2);
    expect(session.answerAllLike('later')).toBe(1);
  });
});
