/**
 * The state of a review: what to ask next, what was answered, how to take it back. Pure, so that a
 * terminal, a script or a browser can drive it. Conversations of the same zones, server and service
 * are asked as one question, since a person decides on them alike; `split` takes them one by one.
 */
import type { Conversation, Decision } from './conversation.ts';

/** Conversations that differ by their client alone, or an offer: what nobody saw. */
export type Question = readonly Conversation[];

type Answer = Decision['decision'];

interface Step {
  readonly answer: Answer | 'split' | 'narrow';
  /** Questions that were open before this step. */
  readonly open: readonly Question[];
  /** Decisions made before this step. */
  readonly made: number;
}

/** Questions stand in the order of their first conversations. */
export class ReviewSession {
  private open: readonly Question[];
  private decided: { decision: Answer; conversation: Conversation }[] = [];
  private readonly steps: Step[] = [];

  constructor(conversations: readonly Conversation[]) {
    const questions = new Map<string, Conversation[]>();
    for (const conversation of conversations) {
      const { from, to, server, service, standing } = conversation;
      const key = JSON.stringify([from, to, server, service, standing]);
      const known = questions.get(key);
      if (known === undefined) questions.set(key, [conversation]);
      else known.push(conversation);
    }
    this.open = [...questions.values()];
  }

  /** The question to ask now; undefined at the end. */
  get question(): Question | undefined {
    return this.open[0];
  }

  /** Questions left, this one included. */
  get left(): number {
    return this.open.length;
  }

  get decisions(): readonly { readonly decision: Answer; readonly conversation: Conversation }[] {
    return this.decided;
  }

  answer(answer: Answer): void {
    const [question, ...rest] = this.open;
    if (question === undefined) return;
    this.take(answer, [question], rest);
  }

  /**
   * Asks about what nobody saw, before the other questions. Only yes is a decision then: who
   * declines an offer must be asked all the same once the traffic is seen.
   */
  offer(question: Question): void {
    if (question.length > 0) this.open = [question, ...this.open];
  }

  /** Answers this and every other question of the same zones and service. */
  answerAllLike(answer: Answer): number {
    const like = this.allLike();
    this.take(
      answer,
      like,
      this.open.filter((question) => !like.includes(question)),
    );
    return like.length;
  }

  /** Questions of the same zones and service, this one included. */
  allLike(): Question[] {
    const [first] = this.open[0] ?? [];
    if (first === undefined) return [];
    return this.open.filter(([other]) => {
      const same = other!.from === first.from && other!.to === first.to;
      const alike = other!.service === first.service && other!.standing === first.standing;
      return same && alike && other!.unobserved === first.unobserved;
    });
  }

  /** Asks about each client by itself, of an offer about each service. */
  split(): boolean {
    const [question, ...rest] = this.open;
    if (question === undefined || question.length < 2) return false;
    this.note('split');
    this.open = [...question.map((conversation) => [conversation]), ...rest];
    return true;
  }

  /** Allows only those clients; the others stay open as a question of their own. */
  narrow(clients: ReadonlySet<string>): boolean {
    const [question, ...rest] = this.open;
    const kept = question?.filter(({ client }) => clients.has(client)) ?? [];
    const others = question?.filter(({ client }) => !clients.has(client)) ?? [];
    if (kept.length === 0 || others.length === 0) return false;
    this.note('narrow');
    this.open = [kept, others, ...rest];
    return true;
  }

  /** Takes the last step back. */
  undo(): boolean {
    const step = this.steps.pop();
    if (step === undefined) return false;
    this.open = step.open;
    this.decided = this.decided.slice(0, step.made);
    return true;
  }

  private note(answer: Step['answer']): void {
    this.steps.push({ answer, open: this.open, made: this.decided.length });
  }

  private take(answer: Answer, questions: readonly Question[], rest: readonly Question[]): void {
    this.note(answer);
    this.open = rest;
    for (const conversation of questions.flat()) {
      if (conversation.unobserved === true && answer !== 'allow') continue;
      this.decided.push({ decision: answer, conversation });
    }
  }
}
