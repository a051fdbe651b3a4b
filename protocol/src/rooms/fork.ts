/** Forks (§10.5): which of several states with one `prev` goes on, decided alike by everybody who holds them. */
import { type Bytes, compareBytes, concat, equalBytes, toHex } from '../bytes.ts';
import type { Party } from '../envelope/message-statement.ts';
import { PREFIX_FORK } from '../labels.ts';
import type { Primitives } from '../primitives.ts';
import { memberOf } from './member-file.ts';
import type { RoomState } from './room-state.ts';

/** H("waxwing/1 fork\n" ‖ prev ‖ account ‖ device), 32: of the author, so that nobody can grind it. */
export function forkHash(p: Primitives, prev: Uint8Array, { account, device }: Party): Bytes {
  return p.sha256(concat(PREFIX_FORK, prev, account, device));
}

/** Whether `a` wins over `b`, a state with the same `prev` and another author. */
export function winsOver(p: Primitives, a: RoomState, b: RoomState): boolean {
  const [left, right] = [takesAway(a), takesAway(b)];
  if (left !== right) return left;
  const [removes, removed] = [memberOf(a.file, b.says.by) === undefined, memberOf(b.file, a.says.by) === undefined];
  if (left && removes !== removed) return removes;
  return lower(p, a, b);
}

function takesAway({ says }: RoomState): boolean {
  return says.change === 'remove' || says.change === 'leave';
}

function lower(p: Primitives, a: RoomState, b: RoomState): boolean {
  const hash = ({ says }: RoomState): Bytes => forkHash(p, says.prev, says.by);
  return compareBytes(hash(a), hash(b)) < 0;
}

/** The newest state of those that grew on `root`: at each fork the winner's side is followed, whatever grew on the other. */
export function newestOf<State extends RoomState>(p: Primitives, states: readonly State[], root: State): State {
  const path = pathFrom(p, states, root);
  return path.at(-1) ?? root;
}

/** The states that last, from `root` to the newest. */
function pathFrom<State extends RoomState>(p: Primitives, states: readonly State[], root: State): readonly State[] {
  const path = [root];
  const behind = Map.groupBy(states, ({ says }) => toHex(says.prev));
  for (;;) {
    const last = path.at(-1) as State;
    const next = winner(p, behind.get(toHex(last.state)) ?? []);
    if (next === undefined) return path;
    path.push(next);
  }
}

/**
 * The one that wins over every other. Where three or more remove each other's authors in a ring there is none, and the
 * author's hash decides between those who take somebody away.
 */
function winner<State extends RoomState>(p: Primitives, states: readonly State[]): State | undefined {
  const best = states.find((one) => states.every((other) => other === one || winsOver(p, one, other)));
  if (best !== undefined) return best;
  const [first, ...others] = states.filter(takesAway);
  return others.reduce<State | undefined>((low, one) => (low !== undefined && lower(p, low, one) ? low : one), first);
}

/** Whether a held state is on the side that lasts wherever states parted before it. */
export function lasts(p: Primitives, states: readonly RoomState[], one: RoomState): boolean {
  return pathFrom(p, states, rootOf(states, one)).some(({ state }) => equalBytes(state, one.state));
}

/** The oldest held state below `from`. */
export function rootOf<State extends RoomState>(states: readonly State[], from: State): State {
  let root = from;
  for (;;) {
    const before = states.find(({ state }) => equalBytes(state, root.says.prev));
    if (before === undefined) return root;
    root = before;
  }
}
