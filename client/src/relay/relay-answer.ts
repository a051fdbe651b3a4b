/** Whether an answer fits what was asked: the lists in it go by their places (§11.4). */
import {
  claimedNameOf,
  ENVELOPE_STATE,
  type EnvelopeState,
  MAX_STORED_NAME,
  ProtocolError,
  type RelayAnswer,
  type RelayRequest,
} from '@waxwing/protocol';

/** @throws ProtocolError `record`, check `relay message` */
export function checkAnswer(request: RelayRequest, answer: RelayAnswer): void {
  if (request.op === 'put' && answer.op === 'put') requireCount(answer.codes, request.envelopes.length);
  if (request.op === 'status' && answer.op === 'status') {
    requireCount(answer.states, request.ids.length);
    if (!answer.states.every(isState)) throw unfit('a state that is none');
  }
  if (answer.op === 'join') nameOf(answer.name);
  if (request.op === 'stored' && answer.op === 'stored') checkPage(request.row, answer);
}

/** Whoever follows pages that lie behind, or hold nothing, would never come to an end. */
function checkPage(row: number, { rows, next }: Extract<RelayAnswer, { readonly op: 'stored' }>): void {
  if (next !== 0 && next <= row) throw unfit('a next page that lies behind');
  if (next !== 0 && rows.length === 0) throw unfit('an empty page with another one behind');
  const names = rows.flatMap(({ table, columns }) => [table, ...columns.map(([name]) => name)]);
  if (names.some(({ length }) => length > MAX_STORED_NAME)) throw unfit('a table or column whose name has no end');
}

/** The claimed name in an answer or a welcome; undefined where it is empty. @throws ProtocolError `record` */
export function nameOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return undefined;
  const name = claimedNameOf(bytes);
  if (name === undefined) throw unfit('a name that nobody can claim');
  return name;
}

export function isState(state: number): state is EnvelopeState {
  return (Object.values(ENVELOPE_STATE) as number[]).includes(state);
}

function requireCount(list: readonly unknown[], count: number): void {
  if (list.length !== count) throw unfit('a list of another length than what was asked');
}

function unfit(what: string): ProtocolError {
  return new ProtocolError('record', 'relay message', `A relay answered with ${what}.`);
}
