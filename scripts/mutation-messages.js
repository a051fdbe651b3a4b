/**
 * Leaves the sentences of errors out of mutation testing: a test of their words would only repeat them. The codes and checks of
 * the same errors are mutated like everything else.
 */
const isSentence = (path) => isMessage(path) || isOfNewError(path) || isOfRefusal(path);

/** `message: '…'` and `const message = '…'` */
const isMessage = ({ parent }) =>
  (parent.type === 'ObjectProperty' && parent.key.name === 'message') ||
  (parent.type === 'VariableDeclarator' && parent.id.name === 'message');

/** `refuse('…')`, `refuse(check, '…', { cause })`: the short forms of some files for one kind of error. */
const REFUSALS = ['refuse', 'stale', 'wrong', 'misplaced'];
/** Functions whose last argument is a part of such a sentence: where in a pickle something stands. */
const PLACES = ['unexpected', 'expectOpcode', 'readText'];
/** Short forms whose sentence, or the part of one, is always this argument: an Error may follow as the cause. */
const SENTENCE_AT = { refuseRoom: 1, leaves: 0, known: 0 };

const isOfRefusal = (path) => {
  const call = path.parentPath;
  if (!call.isCallExpression() || path.listKey !== 'arguments') return false;
  const last = call.node.arguments.length - 1;
  const { name } = call.node.callee;
  const sentence = Math.min(1, hasCause(call) ? last - 1 : last);
  return (
    (REFUSALS.includes(name) && path.key === sentence) ||
    (PLACES.includes(name) && path.key === last) ||
    (Object.hasOwn(SENTENCE_AT, name ?? '') && path.key === SENTENCE_AT[name])
  );
};

const isOfNewError = (path) => {
  const call = path.findParent((parent) => parent.isNewExpression());
  if (!call || !call.get('callee').isIdentifier() || !/(Error|Refusal)$/.test(call.node.callee.name)) return false;
  const argument = path.find((parent) => parent.parentPath === call);
  return (
    argument !== null &&
    argument.listKey === 'arguments' &&
    argument.key === call.node.arguments.length - (hasCause(call) ? 2 : 1)
  );
};

const hasCause = (call) => call.node.arguments.at(-1)?.type === 'ObjectExpression';

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'error-messages',
    value: {
      shouldIgnore: (path) =>
        (path.isStringLiteral() || path.isTemplateLiteral()) && isSentence(path) ? 'a sentence for people' : undefined,
    },
  },
];
