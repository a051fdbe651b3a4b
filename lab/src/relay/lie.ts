/** What a relay can be told to do otherwise than it should: with what it is asked, and with what it says. */
import {
  type Bytes,
  type CborValue,
  equalBytes,
  type RelayAnswer,
  type RelayReply,
  type RelayRequest,
} from '@waxwing/protocol';

/** What is said to a caller: a reply, a record of any other body, or any bytes at all. */
export type Saying =
  | RelayReply
  | { readonly kind: 'body'; readonly body: readonly CborValue[] }
  | { readonly kind: 'bytes'; readonly bytes: Bytes };

/** What becomes of a request: the relay gets it (or another), it is never answered, or answered without the relay. */
export type Heard =
  | { readonly kind: 'asked'; readonly request: RelayRequest }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'answered'; readonly answer: RelayAnswer }
  | { readonly kind: 'refused'; readonly code: number; readonly retry: number };

/** Whom a lie is told to. */
export interface LiedTo {
  /** 32: the account behind the channel. */
  readonly account: Bytes;
  /** Says something that nobody asked for, now. */
  say(saying: Saying): void;
  /** Ends the connection without a word. */
  cut(): void;
}

export interface Lie {
  /** In place of what the relay says: nothing, that, other things or more of them. */
  readonly say?: (reply: RelayReply, to: LiedTo) => readonly Saying[];
  readonly hear?: (request: RelayRequest, from: LiedTo) => Heard;
}

/** An envelope on its way out of a mailbox. */
export interface OnItsWay {
  readonly id: Bytes;
  readonly outer: Bytes;
}

/** A lie about what is delivered to an account alone: `change` gives what is delivered in place of some envelopes. */
export function ofDeliveries(account: Bytes, change: (envelopes: readonly OnItsWay[]) => readonly OnItsWay[]): Lie {
  return {
    say: (reply, to) => {
      if (reply.kind !== 'event' || reply.event.event !== 'deliver' || !equalBytes(to.account, account)) return [reply];
      const envelopes = change(reply.event.envelopes);
      return envelopes.length === 0 ? [] : [delivery(envelopes)];
    },
  };
}

export function delivery(envelopes: readonly OnItsWay[]): Saying {
  return { kind: 'event', event: { event: 'deliver', envelopes } };
}

/** A lie about the answers to one op alone, whoever asked. */
export function ofAnswers<const Op extends RelayAnswer['op']>(
  op: Op,
  change: (answer: Extract<RelayAnswer, { op: Op }>, to: LiedTo) => RelayAnswer,
): Lie {
  return {
    say: (reply, to) => {
      if (reply.kind !== 'answer' || reply.answer.op !== op) return [reply];
      return [{ ...reply, answer: change(reply.answer as Extract<RelayAnswer, { op: Op }>, to) }];
    },
  };
}

/** A lie about an account's requests of one op alone. */
export function ofRequests<const Op extends RelayRequest['op']>(
  account: Bytes,
  op: Op,
  change: (request: Extract<RelayRequest, { op: Op }>) => Heard,
): Lie {
  return {
    hear: (request, from) =>
      request.op === op && equalBytes(from.account, account)
        ? change(request as Extract<RelayRequest, { op: Op }>)
        : { kind: 'asked', request },
  };
}
