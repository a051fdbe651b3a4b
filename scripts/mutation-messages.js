/**
 * Leaves the sentences of errors out of mutation testing: a test of their words would only repeat them. The codes and checks of
 * the same errors are mutated like everything else.
 */
const isSentence = (path) => {
  const call = path.findParent((parent) => parent.isNewExpression());
  if (!call || !call.get('callee').isIdentifier() || !call.node.callee.name.endsWith('Error')) return false;
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
