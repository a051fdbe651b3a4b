/**
 * The rooms of protocol/src as mutation testing runs them, the largest first: what is mutated, and the tests that must notice.
 * Few and quick tests on purpose, the quickest first: every mutant that survives costs a process for each of them. A room's own
 * tests are the ones that should notice; the vectors of another implementation (Wycheproof) are left out, since they take seconds.
 */
export interface Room {
  /** Globs from the root of the checkout. */
  readonly mutate: readonly string[];
  /** Names of files in protocol/test, without `.test.ts`. */
  readonly tests: readonly string[];
  /** Tests to leave out besides those of the web primitives: the slow ones, of a room whose quick ones notice the same. */
  readonly skip?: readonly string[];
}

const folder = (name: string): readonly string[] => [`protocol/src/${name}/**/*.ts`];

export const ROOMS: Readonly<Record<string, Room>> = {
  handshake: {
    mutate: folder('handshake'),
    tests: ['puzzle', 'attacks/handshake-and-records', 'handshake', 'handshake-refusals'],
    skip: ['any flipped bit', 'random bodies', 'node and web', 'byte by byte'],
  },
  envelope: {
    mutate: folder('envelope'),
    tests: [
      'padding',
      'received-chain',
      'conversation-limits',
      'attacks/envelope',
      'envelopes',
      'conversation',
      'trace',
      'mailbox-trace',
      'mailbox-conversation',
      'room-vectors',
      'room-opening',
      'room-conversation',
    ],
  },
  classic: { mutate: folder('classic'), tests: ['pickle', 'classic'], skip: ['any one flipped bit', 'no cut pickle'] },
  keys: {
    mutate: folder('keys'),
    tests: ['device', 'attacks/identity', 'keys'],
    skip: ['a safety number is the same for both'],
  },
  channel: {
    mutate: folder('channel'),
    tests: ['handshake-gate', 'attacks/streams', 'channel', 'handshake', 'handshake-refusals'],
    skip: ['random bodies', 'node and web', 'byte by byte'],
  },
  ratchet: {
    mutate: folder('ratchet'),
    tests: ['post-quantum', 'attacks/replay-and-order', 'ratchet', 'mailbox-ratchet'],
    skip: ['whatever the order'],
  },
  codec: {
    mutate: folder('codec'),
    tests: ['cbor', 'statement', 'framing'],
    skip: ['what is encoded decodes to itself'],
  },
  evidence: { mutate: folder('evidence'), tests: ['evidence'] },
  conversation: {
    mutate: folder('conversation'),
    tests: [
      'conversation-limits',
      'attacks/replay-and-order',
      'conversation',
      'trace',
      'mailbox-trace',
      'mailbox-control',
      'mailbox-change',
      'mailbox-sessions',
      'quote',
      'mailbox-conversation',
      'mailbox-storage',
      'room-vectors',
      'room-changes',
      'room-states',
      'room-settled',
      'room-ends',
      'room-forks',
      'room-opening',
      'room-conversation',
    ],
    skip: ['fifty flights'],
  },
  'relay-messages': { mutate: folder('relay-messages'), tests: ['relay-messages'] },
  prekeys: { mutate: folder('prekeys'), tests: ['prekeys', 'relay-messages', 'start'] },
  start: { mutate: folder('start'), tests: ['mailbox-start', 'start'] },
  rooms: {
    mutate: folder('rooms'),
    tests: [
      'room-control',
      'room-bounds',
      'room-changes',
      'room-leaves',
      'room-states',
      'room-vectors',
      'room-forks',
      'room-opening',
    ],
  },
  outer: { mutate: folder('outer'), tests: ['outer'] },
  links: { mutate: folder('links'), tests: ['links'] },
  primitives: { mutate: folder('primitives'), tests: ['expand', 'primitives'] },
  symmetric: { mutate: folder('symmetric'), tests: ['expand', 'etm'] },
  framing: { mutate: folder('framing'), tests: ['framing'] },
  root: {
    mutate: ['protocol/src/*.ts'],
    tests: ['errors', 'labels-and-limits', 'bytes', 'expand', 'framing', 'puzzle', 'primitives'],
  },
};
