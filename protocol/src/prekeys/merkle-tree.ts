/** The tree hash of RFC 6962 §2.1 over a statement's entries, and the audit path of one of them (§9.1). */
import { type Bytes, concat, equalBytes, u8 } from '../bytes.ts';
import type { Primitives } from '../primitives.ts';

const LEAF = u8(0);
const NODE = u8(1);

type Hash = Pick<Primitives, 'sha256'>;

/** H(00 ‖ entry), 32. */
export function leafHash(p: Hash, entry: Uint8Array): Bytes {
  return p.sha256(concat(LEAF, entry));
}

function nodeHash(p: Hash, left: Uint8Array, right: Uint8Array): Bytes {
  return p.sha256(concat(NODE, left, right));
}

/** The largest power of two below `count`, which is 2 or more. */
function leftSize(count: number): number {
  return 2 ** (31 - Math.clz32(count - 1));
}

/** The root (32) over leaf hashes in order, one or more. */
export function treeRoot(p: Hash, leaves: readonly Uint8Array[]): Bytes {
  const [only] = leaves;
  if (only === undefined) throw new RangeError('a tree has a leaf');
  if (leaves.length === 1) return new Uint8Array(only);
  const left = leftSize(leaves.length);
  return nodeHash(p, treeRoot(p, leaves.slice(0, left)), treeRoot(p, leaves.slice(left)));
}

/** The audit path of the leaf at `index`, from the leaf up. */
export function auditPath(p: Hash, leaves: readonly Uint8Array[], index: number): Bytes[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) throw new RangeError('no leaf has that index');
  if (leaves.length === 1) return [];
  const left = leftSize(leaves.length);
  const [near, far] = [leaves.slice(0, left), leaves.slice(left)];
  return index < left
    ? [...auditPath(p, near, index), treeRoot(p, far)]
    : [...auditPath(p, far, index - left), treeRoot(p, near)];
}

export interface PathClaim {
  /** H(00 ‖ entry), 32. */
  readonly leaf: Uint8Array;
  readonly index: number;
  /** Leaves of the whole tree. */
  readonly count: number;
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** Whether `path` is exactly the audit path of the leaf at `index` of `count`, and leads to `root`. */
export function pathHolds(p: Hash, { leaf, index, count, path, root }: PathClaim): boolean {
  if (!Number.isInteger(index) || index < 0 || index >= count) return false;
  const sides: boolean[] = []; // from the root down: whether the leaf lies on the right
  for (let at = index, size = count; size > 1; ) {
    const left = leftSize(size);
    const right = at >= left;
    sides.push(right);
    if (right) at -= left;
    size = right ? size - left : left;
  }
  if (path.length !== sides.length) return false;
  let hash: Uint8Array = leaf;
  for (const [step, sibling] of path.entries()) {
    const right = sides[sides.length - 1 - step] as boolean;
    hash = right ? nodeHash(p, sibling, hash) : nodeHash(p, hash, sibling);
  }
  return equalBytes(hash, root);
}
